"""OCPI 2.2.1 tariff objects: read, checked, in OCPI's own field names (mod_tariffs).

What this engine would not price as it is meant is refused when a tariff is loaded, with a sentence:
a price that is not applied is never shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from irve_bridge.domain.breakdown import Breakdown, Dimension, Line, VatLine
from irve_bridge.domain.money import allot, minor_digits, to_minor
from irve_bridge.domain.restrictions import Reservation, Restrictions

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """Net price per kWh, per hour or once, with its VAT in percent."""

    type: Dimension
    price: Decimal
    step_size: int = 1
    vat: Decimal = Decimal(0)

    @property
    def gross(self) -> Fraction:
        """The price with VAT, exact, per kWh, hour or session."""
        return Fraction(self.price) * (1 + Fraction(self.vat) / 100)


class Offer(NamedTuple):
    """A price and when it holds; None means always."""

    component: PriceComponent
    restrictions: Restrictions | None


@dataclass(frozen=True, slots=True)
class TariffElement:
    """Components that hold under the same restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: Restrictions | None = None

    @property
    def reservation(self) -> Reservation | None:
        """Which price of a reservation this is; None for a charge."""
        return self.restrictions.reservation if self.restrictions else None


@dataclass(frozen=True, slots=True)
class DisplayText:
    """A sentence in one language (OCPI DisplayText)."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in major units, without and with VAT (OCPI Price)."""

    excl_vat: Decimal
    incl_vat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """An OCPI Tariff, in OCPI's own field names."""

    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    country_code: str = "FR"
    party_id: str = "XXX"
    type: str | None = None
    tariff_alt_text: tuple[DisplayText, ...] = ()
    tariff_alt_url: str | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    energy_mix: dict[str, Any] | None = None
    last_updated: datetime | None = None

    @property
    def prices(self) -> tuple[Offer, ...]:
        """What a charge may cost, per kWh, per minute, per session: the order of the law.

        What can never apply is left out, and so is a last price of nothing: without it, it is free.
        """
        offers = [offer for dimension in Dimension for offer in self._offers(dimension)]
        return tuple(offers) or tuple(self._all_offers())[:1]

    def _offers(self, dimension: Dimension) -> list[Offer]:
        """Return what may apply of one dimension: nothing after what always does."""
        offers = []
        for offer in self._all_offers():
            if offer.component.type is dimension:
                offers.append(offer)
                if offer.restrictions is None:
                    break
        while offers and not offers[-1].component.price:
            offers.pop()
        return offers

    def _all_offers(self) -> Iterator[Offer]:
        for element in self.elements:
            held = element.restrictions
            if element.reservation is None:
                for component in element.price_components:
                    yield Offer(component, None if held == Restrictions() else held)

    def with_vat(self, price: Price) -> Fraction:
        """Return a price with VAT; where it does not say, with the highest rate of the tariff."""
        if price.incl_vat is not None:
            return Fraction(price.incl_vat)
        rates = (c.vat for element in self.elements for c in element.price_components)
        return Fraction(price.excl_vat) * (1 + Fraction(max(rates)) / 100)

    @property
    def prices_time(self) -> bool:
        """Whether a clock that is wrong makes a price that is wrong."""
        timed = (Dimension.TIME, Dimension.PARKING_TIME)
        return any(
            component.price > 0 and component.type in timed
            for element in self.elements
            for component in element.price_components
        ) or any(e.restrictions.by_clock for e in self.elements if e.restrictions)

    def in_force(self, at: datetime) -> bool:
        """Return whether the tariff may be chosen for a charge that begins at this moment."""
        since, until = self.start_date_time, self.end_date_time
        return (since is None or since <= at) and (until is None or at < until)


@dataclass(frozen=True, slots=True)
class Volumes:
    """What a charge has used so far: the state of the fold."""

    energy_wh: int = 0
    charging: timedelta = timedelta()
    parking: timedelta = timedelta()
    started: bool = False

    def of(self, dimension: Dimension) -> Fraction:
        """Return the quantity to multiply the price by: kWh, hours, or one session."""
        match dimension:
            case Dimension.ENERGY:
                return Fraction(self.energy_wh, 1000)
            case Dimension.TIME:
                return _hours(self.charging)
            case Dimension.PARKING_TIME:
                return _hours(self.parking)
            case Dimension.FLAT:
                return Fraction(int(self.started))


def price(tariff: Tariff, volumes: Volumes) -> Breakdown:
    """Return what these volumes cost."""
    components = _components(tariff)
    nets = [Fraction(c.price) * volumes.of(c.type) for c in components]
    rates = sorted({c.vat for c in components})
    vats = [
        sum((n for n, c in zip(nets, components, strict=True) if c.vat == rate), Fraction(0))
        * Fraction(rate)
        / 100
        for rate in rates
    ]
    gross_minor = to_minor(sum(nets, Fraction(0)) + sum(vats, Fraction(0)), tariff.currency)
    parts = allot(gross_minor, [*nets, *vats])
    line_gross = allot(gross_minor, [c.gross * volumes.of(c.type) for c in components])
    return Breakdown(
        currency=tariff.currency,
        gross_minor=gross_minor,
        net_minor=sum(parts[: len(nets)]),
        lines=tuple(
            _line(c, volumes, net, gross)
            for c, net, gross in zip(components, parts, line_gross, strict=False)
        ),
        vat=tuple(
            VatLine(rate, amount)
            for rate, amount in zip(rates, parts[len(nets) :], strict=True)
            if rate
        ),
    )


def estimate(tariff: Tariff, power_w: int, energy_wh: int | None, minutes: int | None) -> Breakdown:
    """Return the cost of a wished energy or duration at the connector's full power.

    Exactly one of `energy_wh` and `minutes` is given; the other follows from the power.
    """
    if energy_wh is None:
        duration = timedelta(minutes=minutes or 0)
        energy_wh = int(power_w * _hours(duration))
    else:
        duration = timedelta(hours=energy_wh / power_w)
    return price(tariff, Volumes(energy_wh=energy_wh, charging=duration, started=True))


def time_until(
    tariff: Tariff, volumes: Volumes, limit_minor: int, power_w: int, *, parking: bool
) -> timedelta | None:
    """Return how long until the cost reaches the limit at this power; None means never."""
    cost = sum((c.gross * volumes.of(c.type) for c in _components(tariff)), Fraction(0))
    rate = _gross(tariff, Dimension.PARKING_TIME if parking else Dimension.TIME)
    rate += _gross(tariff, Dimension.ENERGY) * Fraction(power_w, 1000)
    left = Fraction(limit_minor, 10 ** minor_digits(tariff.currency)) - cost
    if left <= 0:
        return timedelta()
    return timedelta(hours=min(float(left / rate), 1e6)) if rate else None


def _gross(tariff: Tariff, dimension: Dimension) -> Fraction:
    return sum((c.gross for c in _components(tariff) if c.type is dimension), Fraction(0))


def _components(tariff: Tariff) -> tuple[PriceComponent, ...]:
    first = {
        d: next((c for e in tariff.elements for c in e.price_components if c.type is d), None)
        for d in Dimension
    }
    return tuple(c for c in first.values() if c is not None)


def _hours(duration: timedelta) -> Fraction:
    return Fraction(duration // timedelta(microseconds=1), HOUR // timedelta(microseconds=1))


def _line(component: PriceComponent, volumes: Volumes, net: int, gross: int) -> Line:
    durations = {Dimension.TIME: volumes.charging, Dimension.PARKING_TIME: volumes.parking}
    return Line(
        dimension=component.type,
        price=component.price,
        vat=component.vat,
        energy_wh=volumes.energy_wh if component.type is Dimension.ENERGY else 0,
        seconds=round(durations.get(component.type, timedelta()).total_seconds()),
        net_minor=net,
        gross_minor=gross,
    )
