"""A tariff in a driver's words: what pages, mails and the command line show before anybody pays.

Prices are gross, per kWh, per minute, per session, then what else there is (Regulation (EU)
2023/1804, art. 5(4)).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

from irve_bridge.domain.breakdown import Breakdown, Dimension, Line
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.restrictions import DAYS, Restrictions
from irve_bridge.domain.tariff import Offer, PriceComponent, Tariff
from irve_bridge.i18n import N_, Language

DIMENSIONS = {
    Dimension.ENERGY: N_("Energy"),
    Dimension.TIME: N_("Charging time"),
    Dimension.PARKING_TIME: N_("Time plugged in without charging"),
    Dimension.FLAT: N_("Per session"),
}

UNITS = {
    Dimension.ENERGY: N_("/kWh"),
    Dimension.TIME: N_("/min"),
    Dimension.PARKING_TIME: N_("/min"),
    Dimension.FLAT: "",
}

T = TypeVar("T")
_PER_HOUR = N_("/60 min")
_PER_MINUTE = frozenset({Dimension.TIME, Dimension.PARKING_TIME})
_FLOW = (
    N_("at %(low)s and above"),
    N_("below %(high)s"),
    N_("at %(low)s and above, below %(high)s"),
)
_BETWEEN = {
    "hours": (
        N_("from %(low)s"),
        N_("until %(high)s"),
        N_("from %(low)s to %(high)s"),
    ),
    "dates": (
        N_("from %(low)s on"),
        N_("up to and including %(high)s"),
        N_("from %(low)s to %(high)s inclusive"),
    ),
    "kwh": (
        N_("beyond %(low)s"),
        N_("up to %(high)s"),
        N_("beyond %(low)s and up to %(high)s"),
    ),
    "duration": (
        N_("after %(low)s of the session"),
        N_("in the first %(high)s of the session"),
        N_("between %(low)s and %(high)s of the session"),
    ),
    "power": _FLOW,
    "current": _FLOW,
}
"""Conditions with a lower bound, an upper one, or both."""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price list; `note` says when the price holds, "" for always."""

    label: str
    amount: str
    unit: str
    note: str = ""


class BillLine(NamedTuple):
    """One line of a bill; `quantity` and `price` are "" for what is no component of the tariff."""

    label: str
    quantity: str
    price: str
    net: str
    gross: str


def price_list(tariff: Tariff, language: Language) -> list[PriceLine]:
    """Return what a charge costs, as it must be read before paying."""
    offers = [_offer(offer, tariff.currency, language) for offer in tariff.prices]
    return [*offers, *_bounds(tariff, language)]


def bill(cost: Breakdown, language: Language) -> list[BillLine]:
    """Return what a charge comes to, part by part; net and gross of the parts add up to it."""

    def line(label: str, net_minor: int, gross_minor: int, of: tuple[str, str]) -> BillLine:
        net, gross = (language.money(minor, cost.currency) for minor in (net_minor, gross_minor))
        return BillLine(language.text(label), *of, net, gross)

    lines = []
    for each in cost.lines:
        component = PriceComponent(each.dimension, each.price, vat=each.vat)
        price = "".join(unit_price(component, cost.currency, language))
        of = (quantity_of(each, language), price)
        lines.append(line(DIMENSIONS[each.dimension], each.net_minor, each.gross_minor, of))
    if bound := cost.bound:
        label = N_("Minimum price") if bound.gross_minor > 0 else N_("Maximum price")
        lines.append(line(label, bound.net_minor, bound.gross_minor, ("", "")))
    return lines


def unit_price(component: PriceComponent, currency: str, language: Language) -> tuple[str, str]:
    """Return a component's price with VAT and what it is for: a kWh, a minute, a session.

    A price of a minute that has no end is that of sixty: what is read is what is applied.
    """
    gross, unit = component.gross, UNITS[component.type]
    if component.type in _PER_MINUTE:
        written = gross / 60 * 10 ** (minor_digits(currency) + 2)
        gross, unit = (gross / 60, unit) if written.denominator == 1 else (gross, _PER_HOUR)
    return language.unit_price(gross, currency), language.text(unit)


def quantity_of(line: Line, language: Language) -> str:
    """Return what a bill's line counts: an energy, a duration; "" for what is paid once."""
    match line.dimension:
        case Dimension.ENERGY:
            return language.kwh(line.energy_wh)
        case Dimension.FLAT:
            return ""
    return language.duration(line.seconds)


def remark(tariff: Tariff, language: Language) -> str:
    """Return what the operator says of the tariff, in this language or the first there is."""
    texts = {text.language[:2].lower(): text.text for text in reversed(tariff.tariff_alt_text)}
    first = tariff.tariff_alt_text[0].text if tariff.tariff_alt_text else ""
    return texts.get(language.code, first)


def _offer(offer: Offer, currency: str, language: Language) -> PriceLine:
    amount, unit = unit_price(offer.component, currency, language)
    when = list(conditions(offer.restrictions, language)) if offer.restrictions else []
    when += block(offer.component, language)
    label = language.text(DIMENSIONS[offer.component.type])
    return PriceLine(label, amount, unit, ", ".join(when))


def _bounds(tariff: Tariff, language: Language) -> Iterator[PriceLine]:
    for label, bound in (
        (N_("Minimum price"), tariff.min_price),
        (N_("Maximum price"), tariff.max_price),
    ):
        if bound is not None:
            amount = language.unit_price(tariff.with_vat(bound), tariff.currency)
            yield PriceLine(language.text(label), amount, "")


def block(component: PriceComponent, language: Language) -> Iterator[str]:
    """Yield what a step size rounds up to, where it is more than the unit of the meter."""
    if component.step_size <= 1 or component.type is Dimension.FLAT:
        return
    energy = component.type is Dimension.ENERGY
    size = component.step_size
    written = language.kwh_short(size) if energy else language.duration(size)
    yield language.text(N_("per started %(block)s")) % {"block": written}


def conditions(held: Restrictions, language: Language) -> Iterator[str]:
    """Yield when a price holds, in the order in which a driver can tell: day, hour, use."""
    last = held.end_date and held.end_date - timedelta(days=1)
    if held.day_of_week:
        yield language.days([DAYS.index(day) for day in held.day_of_week])
    bounds = {
        "hours": _written(held.hours or (None, None), language.clock),
        "dates": _written((held.start_date, last), language.day),
        "kwh": _written(_thousandths(held.min_kwh, held.max_kwh), language.kwh_short),
        "duration": _written((held.min_duration, held.max_duration), language.duration),
        "power": _written(_thousandths(held.min_power, held.max_power), language.kw),
        "current": _written(_thousandths(held.min_current, held.max_current), language.ampere),
    }
    for kind, (low, high) in bounds.items():
        if low or high:
            sentence = _BETWEEN[kind][bool(low) + 2 * bool(high) - 1]
            yield language.text(sentence) % {"low": low, "high": high}


def _written(bounds: Sequence[T | None], words: Callable[[T], str]) -> list[str]:
    """Return both bounds in words, "" for none; a lower one of 0 bounds nothing."""
    return [words(bound) if bound else "" for bound in bounds]


def _thousandths(*bounds: Decimal | None) -> list[int | None]:
    return [None if bound is None else int(bound * 1000) for bound in bounds]
