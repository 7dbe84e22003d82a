"""A receipt's words, the same on the page and in the PDF."""

from collections.abc import Iterator
from dataclasses import dataclass

from irve_bridge.domain.breakdown import Dimension, Line
from irve_bridge.domain.receipt import Charge, Kind, Operator, Receipt
from irve_bridge.domain.signatures import Check, Signature
from irve_bridge.domain.tariff import PriceComponent
from irve_bridge.i18n import N_, Language
from irve_bridge.price_list import DIMENSIONS, unit_price
from irve_bridge.web.signatures import in_groups

_TITLES = {Kind.RECEIPT: N_("Receipt"), Kind.CREDIT_NOTE: N_("Credit note")}
_VERIFIED = {
    Check.VALID: N_("Signature verified"),
    Check.INVALID: N_("Signature could not be verified"),
    Check.UNVERIFIABLE: N_("Signature could not be verified"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, and how it came about."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper, put into words; `total` stands out."""

    number: int
    title: str
    issuer: tuple[str, ...]
    sections: tuple[Section, ...]
    total: Row
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """Puts papers into one language's words."""

    language: Language

    def sheet(self, paper: Receipt) -> Sheet:
        """Return the paper in words."""
        credit = paper.kind is Kind.CREDIT_NOTE
        sections = (
            Section("", tuple(self._heading(paper))),
            Section(self._text(N_("Where")), tuple(self._place(paper))),
            Section(self._text(N_("Your charge")), tuple(self._charge(paper))),
            Section(self._text(N_("Amount")), tuple(self._amounts(paper))),
        )
        total = N_("Total credited, VAT included") if credit else N_("Total paid, VAT included")
        return Sheet(
            number=paper.number,
            title=f"{self._text(_TITLES[paper.kind])} {paper.number:06}",
            issuer=tuple(self._issuer(paper.operator)),
            sections=tuple(section for section in sections if section.rows),
            total=Row(self._text(total), self._money(paper, paper.split.gross_minor)),
            notes=tuple(self._notes(paper)),
        )

    def _issuer(self, operator: Operator) -> Iterator[str]:
        yield operator.name
        yield from filter(None, (operator.address,))
        if operator.siren:
            siren = operator.siren
            yield f"SIREN {siren[:3]}\N{NO-BREAK SPACE}{siren[3:6]}\N{NO-BREAK SPACE}{siren[6:]}"
        if operator.vat_number:
            label = self._text(N_("VAT number"))
            yield f"{label} {operator.vat_number}"
        yield from filter(None, (operator.phone, operator.email))

    def _heading(self, paper: Receipt) -> Iterator[Row]:
        issued = self.language.moment(paper.issued_at, paper.place.time_zone)
        yield self._row(N_("Number"), f"{paper.number:06}")
        yield self._row(N_("Issued on"), issued)
        if paper.corrects is not None:
            yield self._row(N_("Corrects receipt"), f"{paper.corrects:06}")
        yield self._row(N_("Reference"), paper.session_id)
        if paper.payment_reference:
            yield self._row(N_("Card payment"), paper.payment_reference)

    def _place(self, paper: Receipt) -> Iterator[Row]:
        place = paper.place
        yield self._row(N_("Station"), place.name or place.charge_point_id)
        if place.address:
            yield self._row(N_("Address"), place.address)
        connector = f"{place.charge_point_id} / {place.connector_number}"
        yield self._row(N_("Connector"), connector)
        if place.evse_id:
            yield self._row(N_("EVSE"), place.evse_id)

    def _charge(self, paper: Receipt) -> Iterator[Row]:
        charge, zone = paper.charge, paper.place.time_zone
        if charge.started_at:
            yield self._row(N_("Start"), self.language.moment(charge.started_at, zone))
        if charge.stopped_at:
            yield self._row(N_("End"), self.language.moment(charge.stopped_at, zone))
        kwh = self.language.kwh_exact
        if charge.register_start_wh is not None:
            yield self._row(N_("Meter at the start"), kwh(charge.register_start_wh))
        if charge.register_stop_wh is not None:
            yield self._row(N_("Meter at the end"), kwh(charge.register_stop_wh))
        if charge.energy_wh is not None:
            yield self._row(N_("Energy"), kwh(charge.energy_wh))
        yield from self._durations(charge)
        if charge.transaction_id:
            yield self._row(N_("Transaction"), charge.transaction_id)
        if charge.signature:
            yield from self._signature(charge.signature)

    def _durations(self, charge: Charge) -> Iterator[Row]:
        if charge.started_at and charge.stopped_at:
            whole_s = round((charge.stopped_at - charge.started_at).total_seconds())
            yield self._row(N_("Duration"), self.language.duration(whole_s))
        if charge.charging_s is not None and charge.parking_s:
            parked = DIMENSIONS[Dimension.PARKING_TIME]
            yield self._row(N_("Charging time"), self.language.duration(charge.charging_s))
            yield self._row(parked, self.language.duration(charge.parking_s))

    def _signature(self, signature: Signature) -> Iterator[Row]:
        yield self._row(N_("Signed by the meter"), self._text(_VERIFIED[signature.outcome]))
        if signature.public_key:
            key = " ".join(in_groups(signature.public_key))
            yield self._row(N_("Public key of the meter"), key)

    def _amounts(self, paper: Receipt) -> Iterator[Row]:
        for item in paper.items:
            yield self._item(paper, item)
        if paper.bound_minor:
            bound = N_("Minimum price") if paper.bound_minor > 0 else N_("Maximum price")
            yield self._row(bound, self._money(paper, paper.bound_minor))
        if paper.other_minor:
            yield self._row(_other(paper), self._money(paper, paper.other_minor))
        net = N_("Total without VAT")
        yield self._row(net, self._money(paper, paper.split.net_minor))
        for tax in paper.split.vat:
            rate = self.language.percent(tax.percent)
            yield self._row(N_("VAT"), self._money(paper, tax.amount_minor), rate)

    def _item(self, paper: Receipt, item: Line) -> Row:
        component = PriceComponent(item.dimension, item.price, vat=item.vat)
        unit = "".join(unit_price(component, paper.currency, self.language))
        quantity = self._quantity(item)
        return self._row(
            DIMENSIONS[item.dimension],
            self._money(paper, item.gross_minor),
            f"{quantity} × {unit}",
        )

    def _quantity(self, item: Line) -> str:
        match item.dimension:
            case Dimension.ENERGY:
                return self.language.kwh_exact(item.energy_wh)
            case Dimension.TIME | Dimension.PARKING_TIME:
                return self.language.duration(item.seconds)
        return "1"

    def _notes(self, paper: Receipt) -> Iterator[str]:
        if paper.items:
            yield self._text(N_("Prices and amounts of each line include VAT."))
        if _exempt(paper):
            yield self._text(N_("VAT not applicable, article 293 B of the French tax code."))
        if paper.keeps_remainder:
            yield self._text(
                N_("As said before you paid, the unused part of a fixed amount is not refunded.")
            )

    def _row(self, label: str, value: str, note: str = "") -> Row:
        return Row(self._text(label), value, note)

    def _money(self, paper: Receipt, amount_minor: int) -> str:
        return self.language.money(amount_minor, paper.currency)

    def _text(self, message: str) -> str:
        return self.language.text(message)


def _other(paper: Receipt) -> str:
    """What is billed beyond the items, or below them; a credit note has none but this."""
    if paper.kind is Kind.CREDIT_NOTE:
        return N_("Given back of this charge")
    if paper.other_minor < 0:
        return N_("Not billed")
    if paper.keeps_remainder:
        return N_("Unused part, not refunded")
    return N_("Adjustment") if paper.items else N_("Charge")


def _exempt(paper: Receipt) -> bool:
    """Whether a French operator without a VAT number bills without VAT, as its tariff says."""
    operator = paper.operator
    return (
        paper.kind is Kind.RECEIPT
        and bool(operator.siren and not operator.vat_number)
        and bool(paper.items)
        and all(item.vat == 0 for item in paper.items)
    )
