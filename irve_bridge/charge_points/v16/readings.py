"""OCPP meter values as readings (OCPP 1.6 ed. 2 §7.33, §7.43)."""

from collections.abc import Iterable, Iterator
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
    Phase.l1.value: 1,
    Phase.l2.value: 2,
    Phase.l3.value: 3,
    Phase.l1_n.value: 1,
    Phase.l2_n.value: 2,
    Phase.l3_n.value: 3,
}
REGISTER, ROUNDING, SOC = "register_wh", "rounding_wh", "soc_percent"
NONE = ("", 0)
# The field of a reading and what one unit is worth in it; a value without a unit is in the first.
UNITS: dict[Measurand, tuple[str, dict[UnitOfMeasure, int]]] = {
    Measurand.energy_active_import_register: (
        REGISTER,
        {UnitOfMeasure.wh: 1, UnitOfMeasure.kwh: 1000},
    ),
    Measurand.power_active_import: ("power_w", {UnitOfMeasure.w: 1, UnitOfMeasure.kw: 1000}),
    Measurand.current_import: ("current_ma", {UnitOfMeasure.a: 1000}),
    Measurand.voltage: ("voltage_mv", {UnitOfMeasure.v: 1000}),
    Measurand.soc: (SOC, {UnitOfMeasure.percent: 1}),
}
FIELDS: dict[tuple[str, str | None], tuple[str, int]] = {
    (measurand.value, unit): (field, worth)
    for measurand, (field, units) in UNITS.items()
    for unit, worth in [
        (None, next(iter(units.values()))),
        *((unit.value, worth) for unit, worth in units.items()),
    ]
}
SUMMED = frozenset({REGISTER, "power_w", "current_ma"})
SOC_MOST_PERCENT = 100
RAW, OUTLET = ValueFormat.raw.value, Location.outlet.value


def readings(values: Iterable[MeterValue], now: datetime) -> tuple[Reading, ...]:
    """Return what meter values say, one reading for each moment and context.

    A moment that is not readable is `now`. Values of no use here are left out.
    """
    return tuple(reading for value in values for reading in _of_one(value, now))


def _of_one(value: MeterValue, now: datetime) -> Iterator[Reading]:
    """Some charge points put the register of the beginning and of now into one meter value."""
    at = timestamps.parse(value.timestamp, now) or now
    by_context: dict[str, list[SampledValue]] = {}
    for sample in value.sampled_value:
        by_context.setdefault(sample.context, []).append(sample)
    for context, samples in by_context.items():
        if figures := _figures(samples):
            yield Reading(at=at, context=context, **figures)  # type: ignore[arg-type]  # ints all


def _figures(samples: Iterable[SampledValue]) -> dict[str, int]:
    """Return a figure per field: the overall value, else the sum of the phases of a flow."""
    overall: dict[str, int] = {}
    phases: dict[str, dict[int, int]] = {}
    for sample in samples:
        field, worth = FIELDS.get((sample.measurand, sample.unit), NONE)
        amount = _amount(sample, field)
        if amount is None:
            continue
        if sample.phase is None:
            overall[field] = int(amount * worth)
            if field == REGISTER:
                overall[ROUNDING] = _half_digit(amount, worth)
        elif field in SUMMED and sample.phase in PHASES:
            phase = PHASES[sample.phase]
            phases.setdefault(field, {})[phase] = int(amount * worth)
            if field == REGISTER:
                phases.setdefault(ROUNDING, {})[phase] = _half_digit(amount, worth)
    if not phases:
        return overall
    return {field: sum(each.values()) for field, each in phases.items()} | overall


def _amount(sample: SampledValue, field: str) -> Decimal | None:
    """Return a sample's value, if it is of use.

    Its fraction will be cut off: a Wh that is not complete is not billed, and a reading in Wh never
    lies above the integer register that ends the transaction. One in kWh may have been rounded up
    to its last digit: by how much, is a figure of its own.
    """
    # The inlet's energy includes what the charge point loses; the state of charge is the car's.
    elsewhere = sample.location != OUTLET and field != SOC
    if not field or elsewhere or sample.format != RAW:
        return None
    try:
        amount = Decimal(sample.value)
        usable = 0 <= amount <= (SOC_MOST_PERCENT if field == SOC else LARGEST)
    except InvalidOperation:
        return None
    return amount if usable else None


def _half_digit(amount: Decimal, factor: int) -> int:
    """Return half of the last digit of a number, times the factor; nothing where that is Wh."""
    if factor == 1:
        return 0
    exponent = amount.as_tuple().exponent
    last = min(max(exponent, -DECIMALS_MOST), 0) if isinstance(exponent, int) else 0
    return int(Decimal(factor).scaleb(last) / 2)
