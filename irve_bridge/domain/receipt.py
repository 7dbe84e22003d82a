"""What a driver was billed, on paper: a receipt and the credit notes that correct it.

The receipt holds what a French *note* must (arrêté 83-50/A): who was paid, where and when, quantity
and unit price of each thing, net, VAT by rate and gross. It is frozen when it is numbered; nothing
in it tells who the driver was.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from irve_bridge.domain.breakdown import Line, VatLine
from irve_bridge.domain.money import allot
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.signatures import Signature


class Kind(StrEnum):
    """A receipt adds to what was billed, a credit note takes off it."""

    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Split:
    """An amount as net and VAT by rate, which add up to it."""

    net_minor: int = 0
    vat: tuple[VatLine, ...] = ()

    @property
    def gross_minor(self) -> int:
        """The amount."""
        return self.net_minor + sum(tax.amount_minor for tax in self.vat)

    def part(self, gross_minor: int) -> "Split":
        """Return another amount that is net and VAT in the same proportion.

        Of no more than the amount itself no part is more than here, and of the whole each is equal:
        parts taken off one after the other never take more than there is.
        """
        weights = [Fraction(self.net_minor), *(Fraction(tax.amount_minor) for tax in self.vat)]
        net_minor, *vat = allot(gross_minor, weights)
        taxes = (VatLine(t.percent, minor) for t, minor in zip(self.vat, vat, strict=True))
        return Split(net_minor, tuple(tax for tax in taxes if tax.amount_minor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who was paid; `siren` and `vat_number` are "" for one that has none."""

    name: str
    address: str = ""
    siren: str = ""
    vat_number: str = ""
    phone: str = ""
    email: str = ""

    @property
    def key(self) -> str:
        """Whose sequence of numbers: a name may change, an identity does not.

        A French VAT number holds the SIREN, so that either names the same operator.
        """
        french = re.fullmatch(r"FR..(\d{9})", self.vat_number)
        return self.siren or (french[1] if french else self.vat_number) or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it was charged."""

    charge_point_id: str
    connector_number: int
    evse_id: str = ""
    name: str = ""
    address: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What was delivered; a CSMS that meters itself may tell less. Durations are in seconds.

    A register is one that the meter showed, None where it showed none that fits what is billed.
    """

    transaction_id: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    register_start_wh: int | None = None
    register_stop_wh: int | None = None
    energy_wh: int | None = None
    charging_s: int | None = None
    parking_s: int | None = None
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One numbered paper; amounts are positive, on a credit note what is given back.

    `items`, `bound_minor` (what a minimum price adds, or a maximum takes off) and `other_minor` add
    up to the gross amount. `corrects` is the number of the receipt
    that a credit note takes off. `payment_reference` is the provider's payment id.
    """

    number: int = 0
    kind: Kind = Kind.RECEIPT
    issued_at: datetime
    session_id: str
    locale: str
    operator: Operator
    place: Place
    charge: Charge
    currency: str
    items: tuple[Line, ...] = ()
    bound_minor: int = 0
    other_minor: int = 0
    split: Split
    keeps_remainder: bool = False
    provider: str
    payment_reference: str | None = None
    corrects: int | None = None

    @property
    def signed_minor(self) -> int:
        """What it adds to what its session was billed."""
        gross_minor = self.split.gross_minor
        return gross_minor if self.kind is Kind.RECEIPT else -gross_minor

    @property
    def signed_vat_minor(self) -> int:
        """What VAT it adds to what its session was billed."""
        vat_minor = self.split.gross_minor - self.split.net_minor
        return vat_minor if self.kind is Kind.RECEIPT else -vat_minor


_NOTHING_OWED = frozenset({State.RELEASED, State.ABANDONED, State.WRITTEN_OFF})


def missing_minor(session: Session, issued: Iterable[Receipt]) -> int:
    """Return what a session's papers say too little, negative for too much.

    0 where they say what is owed, or where that is not settled.
    """
    billed_minor = sum(paper.signed_minor for paper in issued)
    if session.state in _NOTHING_OWED:
        return -billed_minor
    return (session.decided_minor or 0) - billed_minor if session.state is State.SETTLED else 0


def paper_of(
    session: Session,
    issued: tuple[Receipt, ...],
    *,
    at: datetime,
    operator: Operator,
    place: Place,
    charge: Charge,
) -> Receipt:
    """Return the paper that makes the papers of a session say what is owed, still to be numbered.

    A receipt where something is missing (`missing_minor`), else a credit note.
    """
    amount_minor = missing_minor(session, issued)
    paper = Receipt(
        issued_at=at,
        session_id=session.id,
        locale=session.locale,
        operator=operator,
        place=place,
        charge=charge,
        currency=session.currency,
        split=Split(),
        keeps_remainder=session.keeps_remainder,
        provider=session.provider,
        payment_reference=session.payment_intent_id,
    )
    if amount_minor < 0:
        return _crediting(paper, issued, -amount_minor)
    return _billing(paper, session, amount_minor, first=not issued)


def _billing(paper: Receipt, session: Session, amount_minor: int, *, first: bool) -> Receipt:
    """The first receipt itemises the charge; one that follows bills what was decided after all."""
    items, bound_minor = (_lines(session), _bound_minor(session)) if first else ((), 0)
    other_minor = amount_minor - bound_minor - sum(item.gross_minor for item in items)
    split = split_of(session).part(amount_minor)
    return replace(
        paper, items=items, bound_minor=bound_minor, other_minor=other_minor, split=split
    )


def _bound_minor(session: Session) -> int:
    return session.cost.bound.gross_minor if session.cost and session.cost.bound else 0


def _crediting(paper: Receipt, issued: tuple[Receipt, ...], amount_minor: int) -> Receipt:
    """What goes back is net and VAT as what is left of the receipts is."""
    first = next(p for p in issued if p.kind is Kind.RECEIPT)
    return replace(
        paper,
        kind=Kind.CREDIT_NOTE,
        operator=first.operator,
        place=first.place,
        charge=first.charge,
        other_minor=amount_minor,
        split=_left(issued).part(amount_minor),
        keeps_remainder=False,
        corrects=first.number,
        payment_reference=first.payment_reference,
    )


def _left(papers: Iterable[Receipt]) -> Split:
    """Return what receipts bill and no credit note took off."""
    net_minor, vat = 0, dict[Decimal, int]()
    for paper in papers:
        sign = 1 if paper.kind is Kind.RECEIPT else -1
        net_minor += sign * paper.split.net_minor
        for tax in paper.split.vat:
            vat[tax.percent] = vat.get(tax.percent, 0) + sign * tax.amount_minor
    return Split(
        net_minor, tuple(VatLine(percent, minor) for percent, minor in sorted(vat.items()))
    )


def split_of(session: Session) -> Split:
    """Return net and VAT of what a charge cost, whatever part of it is owed.

    An amount that a CSMS reported, or a person decided without a meter, has the VAT of the tariff's
    first component.
    """
    cost = session.cost
    if cost is not None and cost.lines and cost.gross_minor:
        return Split(cost.net_minor, cost.vat)
    rate = session.tariff.elements[0].price_components[0].vat
    weights = Fraction(100), Fraction(rate)
    net_minor, vat_minor = allot(1_000_000, weights)
    return Split(net_minor, (VatLine(rate, vat_minor),))


def _lines(session: Session) -> tuple[Line, ...]:
    lines = session.cost.lines if session.cost else ()
    return tuple(line for line in lines if line.gross_minor)
