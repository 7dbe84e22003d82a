"""OCPI 2.2.1 tariffs and what they cost (mod_tariffs, mod_cdrs).

One engine serves quote, running cost, limit and receipt: a charge is folded into `Volumes`, and
`price` turns volumes into a breakdown. Prices are net per kWh and per hour; everything stays an
exact fraction until the gross total is rounded once, half up.

Restrictions, step sizes above one, price bounds and currencies that are not known are refused when
a tariff is loaded: a price this engine does not apply is never shown.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import msgspec

from irve_bridge.domain.errors import TariffRefused
from irve_bridge.domain.money import allot, minor_digits, refusal, to_minor

HOUR = timedelta(hours=1)
FAST_W = 50_000


class Dimension(StrEnum):
    """What a price component charges for (OCPI TariffDimensionType), in the order it is shown."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


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


@dataclass(frozen=True, slots=True)
class TariffElement:
    """Components that hold under the same restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DisplayText:
    """A sentence in one language (OCPI DisplayText)."""

    language: str
    text: str


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
    min_price: dict[str, Any] | None = None
    max_price: dict[str, Any] | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    energy_mix: dict[str, Any] | None = None
    last_updated: datetime | None = None

    def component(self, dimension: Dimension) -> PriceComponent | None:
        """Return the first component that prices this dimension; None means free."""
        return next(
            (c for e in self.elements for c in e.price_components if c.type is dimension), None
        )

    @property
    def components(self) -> tuple[PriceComponent, ...]:
        """The component in force for each priced dimension, in the order they are shown."""
        return tuple(c for d in Dimension if (c := self.component(d)) is not None)

    @property
    def prices_time(self) -> bool:
        """Whether a clock that is wrong makes a price that is wrong."""
        timed = (Dimension.TIME, Dimension.PARKING_TIME)
        return any(c.price > 0 for c in self.components if c.type in timed)


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


@dataclass(frozen=True, slots=True)
class Line:
    """One price component of a bill; `gross_minor` of all lines add up to the bill's."""

    dimension: Dimension
    price: Decimal
    vat: Decimal
    energy_wh: int
    seconds: int
    net_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class VatLine:
    """The VAT of one rate."""

    percent: Decimal
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What a charge costs: `net_minor` plus the VAT lines is `gross_minor`, always."""

    currency: str
    gross_minor: int
    net_minor: int
    lines: tuple[Line, ...] = field(default=())
    vat: tuple[VatLine, ...] = field(default=())


def load(document: dict[str, Any] | str | bytes, power_w: int | None = None) -> Tariff:
    """Read an OCPI tariff object, from JSON text or already parsed.

    Args:
        document: The OCPI object.
        power_w: The connector's power; from 50 kW on a price for charging time is refused.

    Raises:
        TariffRefused: Malformed, not priced by this engine, or not lawful at that power
            (Regulation (EU) 2023/1804, art. 5(4)).
    """
    try:
        if isinstance(document, dict):
            tariff = msgspec.convert(document, Tariff, strict=False)
        else:
            tariff = msgspec.json.decode(document, type=Tariff, strict=False)
    except msgspec.MsgspecError as error:
        raise TariffRefused(f"This is not an OCPI 2.2.1 tariff: {error}.") from error
    refuse_unpriceable(tariff)
    if power_w is not None:
        refuse_unlawful(tariff, power_w)
    return tariff


def refuse_unpriceable(tariff: Tariff) -> None:
    """Raise TariffRefused where the tariff asks for more than `price` applies."""
    name = f"Tariff {tariff.id}"
    if wrong := refusal(tariff.currency):
        raise TariffRefused(f"{name}: {wrong}.")
    if not tariff.components:
        raise TariffRefused(f"{name} has no price component; a free tariff needs a FLAT of 0.")
    if tariff.min_price or tariff.max_price:
        raise TariffRefused(f"{name} has min_price or max_price, which are not supported yet.")
    for element in tariff.elements:
        if element.restrictions:
            raise TariffRefused(f"{name} has restrictions, which are not supported yet.")
        for component in element.price_components:
            if component.price < 0 or component.vat < 0:
                raise TariffRefused(f"{name} has a negative {component.type} price or VAT.")
            if component.step_size != 1 and component.type is not Dimension.FLAT:
                raise TariffRefused(
                    f"{name}: step_size of {component.type} must be 1 "
                    "(other steps are not supported yet)."
                )


def refuse_unlawful(tariff: Tariff, power_w: int) -> None:
    """Raise TariffRefused where a fast charge point would be priced by charging time."""
    time = tariff.component(Dimension.TIME)
    if power_w >= FAST_W and time is not None and time.price > 0:
        raise TariffRefused(
            f"Tariff {tariff.id} prices charging time (TIME): at 50 kW and above the price must be "
            "per kWh, with at most an occupancy fee (PARKING_TIME) - "
            "Regulation (EU) 2023/1804, art. 5(4)."
        )


def price(tariff: Tariff, volumes: Volumes) -> Breakdown:
    """Return what these volumes cost."""
    components = tariff.components
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
    cost = sum((c.gross * volumes.of(c.type) for c in tariff.components), Fraction(0))
    rate = _gross(tariff, Dimension.PARKING_TIME if parking else Dimension.TIME)
    rate += _gross(tariff, Dimension.ENERGY) * Fraction(power_w, 1000)
    left = Fraction(limit_minor, 10 ** minor_digits(tariff.currency)) - cost
    if left <= 0:
        return timedelta()
    return timedelta(hours=min(float(left / rate), 1e6)) if rate else None


def _gross(tariff: Tariff, dimension: Dimension) -> Fraction:
    component = tariff.component(dimension)
    return component.gross if component else Fraction(0)


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
