"""From quantities to money: step sizes, price bounds, and one rounding (OCPI 2.2.1 mod_cdrs).

Everything stays exact until the gross total is rounded once, half up; net, VAT and lines are
allotted to it, so that they add up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from irve_bridge.domain.breakdown import Bound, Breakdown, Line, VatLine
from irve_bridge.domain.money import allot, exact_sum, to_minor
from irve_bridge.domain.period import Quantity
from irve_bridge.domain.rules import Rule, Use
from irve_bridge.domain.tariff import Price, Tariff

_SECOND_US = 1_000_000
_TIMES = (Use.CHARGING, Use.PARKING, Use.RESERVED, Use.LAPSED)
_CHARGE = (Use.ENERGY, Use.CHARGING, Use.PARKING, Use.SESSION)
_REPLACED = {Use.LAPSED: Use.RESERVED, Use.LAPSE: Use.RESERVATION}
"""An expired reservation's price takes the place of the reservation's."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one rule comes to, exactly: the quantity billed, net and VAT in major units."""

    rule: Rule
    quantity: Quantity
    net: Fraction
    vat: Fraction

    @property
    def gross(self) -> Fraction:
        """With VAT."""
        return self.rule.gross * self.quantity


@dataclass(frozen=True, slots=True)
class Total:
    """What a charge comes to, exactly, in major units."""

    net: Fraction
    gross: Fraction


def stepped(
    rules: Sequence[Rule], used: Sequence[Quantity], last: Sequence[Rule | None]
) -> list[Share]:
    """Return what each rule comes to: its quantity, and what a step size adds to the last one.

    Steps round the total of a use up, once: energy, and of the times parking, else charging, since
    the time before is followed by another time (mod_cdrs step_size). A use that is free at the end
    was rounded up before (mod_tariffs, switching to Free-of-Charge).
    """
    amounts = list(used)
    times = Use.CHARGING if last[Use.PARKING] is None else Use.PARKING
    for use in (Use.ENERGY, times, Use.RESERVED, Use.LAPSED):
        rule = last[use]
        if rule is not None and rule.step:
            total = exact_sum(used[r.place] for r in rules if r.use is use)
            amounts[rule.place] += ceil(Fraction(total, rule.step)) * rule.step - total
    dropped = _dropped(last)
    return [
        _share(rule, amounts[rule.place])
        for rule in rules
        if amounts[rule.place] and rule.use not in dropped
    ]


def _dropped(last: Sequence[Rule | None]) -> set[Use]:
    """A reservation expires if no charge follows; until then nobody owes what that costs."""
    if any(last[use] is not None for use in _CHARGE):
        return set(_REPLACED)
    return {old for new, old in _REPLACED.items() if last[new] is not None}


def _share(rule: Rule, quantity: Quantity) -> Share:
    return Share(rule, quantity, rule.net * quantity, rule.vat * quantity)


def total(tariff: Tariff, shares: Sequence[Share]) -> Total:
    """Return the sum of the shares, within the tariff's price bounds."""
    return _within_bounds(tariff, _sum(shares))


def breakdown(tariff: Tariff, shares: Sequence[Share]) -> Breakdown:
    """Return what the shares come to: gross rounded once, the rest allotted to it."""
    plain = _sum(shares)
    bounded = _within_bounds(tariff, plain)
    gross_minor = lines_minor = to_minor(plain.gross, tariff.currency)
    net_minor, vat = _allotted(tariff, shares, plain)
    lines_net_minor, bound = net_minor, None
    if bounded != plain:
        gross_minor = to_minor(bounded.gross, tariff.currency)
        net_minor, vat = _allotted(tariff, shares, bounded)
        bound = Bound(net_minor - lines_net_minor, gross_minor - lines_minor)
    return Breakdown(
        currency=tariff.currency,
        gross_minor=gross_minor,
        net_minor=net_minor,
        lines=tuple(_lines(shares, lines_net_minor, lines_minor)),
        vat=tuple(line for line in vat if line.percent or line.amount_minor),
        bound=bound,
    )


def _sum(shares: Sequence[Share]) -> Total:
    net = exact_sum(share.net for share in shares)
    return Total(net, net + exact_sum(share.vat for share in shares))


def _within_bounds(tariff: Tariff, exact: Total) -> Total:
    return _bounded(_bounded(exact, tariff.min_price, max), tariff.max_price, min)


def _bounded(
    exact: Total, bound: Price | None, choose: Callable[[Fraction, Fraction], Fraction]
) -> Total:
    """Net and gross are bounded each by its own; without one, VAT keeps its part of what is net."""
    if bound is None:
        return exact
    net = choose(exact.net, Fraction(bound.excl_vat))
    if bound.incl_vat is None:
        gross = exact.gross * net / exact.net if exact.net else net
    else:
        gross = choose(exact.gross, Fraction(bound.incl_vat))
    return Total(net, max(net, gross))


def _allotted(tariff: Tariff, shares: Sequence[Share], exact: Total) -> tuple[int, list[VatLine]]:
    """Return net and the VAT of each rate in minor units; they add up to the rounded gross."""
    components = [share.rule.component for share in shares] or [
        component for element in tariff.elements for component in element.price_components
    ]
    rates = sorted({component.vat for component in components})
    vats = [
        exact_sum(share.vat for share in shares if share.rule.component.vat == rate)
        for rate in rates
    ]
    if not any(vats):
        vats[-1] = Fraction(1)
    scale = (exact.gross - exact.net) / sum(vats)
    weights = [exact.net, *(vat * scale for vat in vats)]
    net_minor, *vat_minor = allot(to_minor(exact.gross, tariff.currency), weights)
    return net_minor, [VatLine(r, v) for r, v in zip(rates, vat_minor, strict=True)]


def _lines(shares: Sequence[Share], net_minor: int, gross_minor: int) -> Iterator[Line]:
    nets = allot(net_minor, [share.net for share in shares])
    grosses = allot(gross_minor, [share.gross for share in shares])
    energies = _whole(shares, 1, {Use.ENERGY})
    seconds = _whole(shares, _SECOND_US, set(_TIMES))
    for i, share in enumerate(shares):
        component = share.rule.component
        yield Line(
            dimension=component.type,
            price=component.price,
            vat=component.vat,
            energy_wh=energies[i],
            seconds=seconds[i],
            net_minor=nets[i],
            gross_minor=grosses[i],
            reservation=share.rule.use not in _CHARGE,
        )


def _whole(shares: Sequence[Share], unit: int, uses: set[Use]) -> list[int]:
    """Return the quantities of some uses in whole units that add up to their sum."""
    exact = [Fraction(s.quantity, unit) if s.rule.use in uses else Fraction(0) for s in shares]
    return allot(round(exact_sum(exact)), exact) if any(exact) else [0] * len(shares)
