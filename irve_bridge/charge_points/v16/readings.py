"""OCPP meter values as readings (OCPP 1.6 ed. 2 §7.33, §7.43)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ocpp.v16.enums import Location, Measurand, Phase, UnitOfMeasure, ValueFormat

from irve_bridge.charge_points.v16 import timestamps
from irve_bridge.charge_points.v16.decode import MeterValue, SampledValue
from irve_bridge.domain.metering import Reading

LARGEST = 10**15
DECIMALS_MOST = 4
"""Beyond these, half a digit of a kWh is no whole Wh."""
# What flows through a phase is the same whether it is said of it, or of it against neutral.
PHASES = {
    Phase.l1: 1,
    Phase.l2: 2,
    Phase.l3: 3,
    Phase.l1_n: 1,
    Phase.l2_n: 2,
    Phase.l3_n: 3,
}
# The field of a reading and what one unit is worth in it; a value without a unit is in the first.
UNITS: dict[Measurand, tuple[str, dict[UnitOfMeasure, int]]] = {
    Measurand.energy_active_import_register: (
        "register_wh",
        {UnitOfMeasure.wh: 1, UnitOfMeasure.kwh: 1000},
    ),
    Measurand.power_active_import: ("power_w", {UnitOfMeasure.w: 1, UnitOfMeasure.kw: 1000}),
    Measurand.current_import: ("current_ma", {UnitOfMeasure.a: 1000}),
    Measurand.voltage: ("voltage_mv", {UnitOfMeasure.v: 1000}),
    Measurand.soc: ("soc_percent", {UnitOfMeasure.percent: 1}),
}
SUMMED = frozenset({"register_wh", "rounding_wh", "power_w", "current_ma"})
SOC_MOST_PERCENT = 100


def readings(values: Iterable[MeterValue], now: datetime) -> tuple[Reading, ...]:
    """Return what meter values say, one reading for each moment and context.

    A moment that is not readable is `now`. Values of no use here are left out.
    """
    return tuple(reading for value in values for reading in _of_one(value, now))


def _of_one(value: MeterValue, now: datetime) -> Iterator[Reading]:
    """Some charge points put the register of the beginning and of now into one meter value."""
    at = timestamps.parse(value.timestamp, now) or now
    for context in dict.fromkeys(sample.context for sample in value.sampled_value):
        samples = [s for s in value.sampled_value if s.context is context]
        if figures := _figures(samples):
            yield replace(Reading(at=at, context=context.value), **figures)  # type: ignore[arg-type]  # ints all


def _figures(samples: Iterable[SampledValue]) -> dict[str, int]:
    """Return a figure per field: the overall value, else the sum of the phases of a flow."""
    overall: dict[str, int] = {}
    phases: dict[str, dict[int, int]] = {}
    for sample in samples:
        for field, amount in _amounts(sample):
            if sample.phase is None:
                overall[field] = amount
            elif field in SUMMED and sample.phase in PHASES:
                phases.setdefault(field, {})[PHASES[sample.phase]] = amount
    return {field: sum(each.values()) for field, each in phases.items()} | overall


def _amounts(sample: SampledValue) -> Iterator[tuple[str, int]]:
    """Give a sample's field and its value in the field's unit, if it is of use.

    Fractions are cut off: a Wh that is not complete is not billed, and a reading in Wh never lies
    above the integer register that ends the transaction. One in kWh may have been rounded up to its
    last digit: by how much, is a figure of its own.
    """
    field, units = UNITS.get(sample.measurand, ("", {}))
    factor = units.get(sample.unit) if sample.unit else next(iter(units.values()), None)
    # The inlet's energy includes what the charge point loses; the state of charge is the car's.
    elsewhere = sample.location is not Location.outlet and field != "soc_percent"
    if factor is None or elsewhere or sample.format is not ValueFormat.raw:
        return
    most = SOC_MOST_PERCENT if field == "soc_percent" else LARGEST
    try:
        amount = Decimal(sample.value)
        usable = 0 <= amount <= most
    except InvalidOperation:
        return
    if usable:
        yield field, int(amount * factor)
    if usable and field == "register_wh":
        yield "rounding_wh", _half_digit(amount, factor) if factor > 1 else 0


def _half_digit(amount: Decimal, factor: int) -> int:
    """Return half of the last digit that a number was told in, times the factor."""
    exponent = amount.as_tuple().exponent
    last = min(max(exponent, -DECIMALS_MOST), 0) if isinstance(exponent, int) else 0
    return int(Decimal(factor).scaleb(last) / 2)
