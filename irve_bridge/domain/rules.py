"""A tariff's components as a list of rules, each with its place in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.conditions import Condition
from irve_bridge.domain.restrictions import Reservation
from irve_bridge.domain.tariff import PriceComponent, Tariff

_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_UNITS = {Dimension.ENERGY: (1000, 1), Dimension.FLAT: (1, 0)}
"""What a price is for, and what a step size counts: kWh and Wh, once and nothing; else hours."""


class Use(IntEnum):
    """What a component prices: a dimension of the charge, or of a reservation before it."""

    ENERGY = 0
    CHARGING = 1
    PARKING = 2
    SESSION = 3
    RESERVED = 4
    RESERVATION = 5
    LAPSED = 6
    LAPSE = 7


_USES = {
    None: {
        Dimension.ENERGY: Use.ENERGY,
        Dimension.TIME: Use.CHARGING,
        Dimension.PARKING_TIME: Use.PARKING,
        Dimension.FLAT: Use.SESSION,
    },
    Reservation.RESERVATION: {Dimension.TIME: Use.RESERVED, Dimension.FLAT: Use.RESERVATION},
    Reservation.RESERVATION_EXPIRES: {Dimension.TIME: Use.LAPSED, Dimension.FLAT: Use.LAPSE},
}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A component and `place`, where what it prices is counted.

    Energy is counted in Wh, time in microseconds, and what is paid once is 1. `net` is the price of
    one of these, `vat` the VAT on it and `gross` both, in major units; `step` is the block in which
    they are billed, 0 where they are billed as they are.
    """

    place: int
    use: Use
    component: PriceComponent
    once: bool
    net: Fraction
    vat: Fraction
    gross: Fraction
    step: int


class Ruled(NamedTuple):
    """The rules of one element, and when they hold; None means always."""

    condition: Condition | None
    rules: tuple[Rule, ...]


def rules_of(tariff: Tariff) -> Iterator[Ruled]:
    """Yield the rules of each element, in their order; what no reservation knows prices nothing."""
    places = count()
    for element in tariff.elements:
        held, uses = element.restrictions, _USES[element.reservation]
        yield Ruled(
            Condition(held) if held else None,
            tuple(
                _rule(next(places), uses[component.type], component)
                for component in element.price_components
                if component.type in uses
            ),
        )


def _rule(place: int, use: Use, component: PriceComponent) -> Rule:
    price_of, step_of = _UNITS.get(component.type, (_HOUR_US, _SECOND_US))
    net = Fraction(component.price) / price_of
    vat = net * Fraction(component.vat) / 100
    return Rule(
        place=place,
        use=use,
        component=component,
        once=component.type is Dimension.FLAT,
        net=net,
        vat=vat,
        gross=net + vat,
        step=component.step_size * step_of,
    )
