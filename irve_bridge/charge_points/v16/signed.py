"""Signed values among OCPP meter values (OCPP 1.6 ed. 2 §7.43, §7.44)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from ocpp.v16.enums import ValueFormat

from irve_bridge.charge_points.v16 import timestamps
from irve_bridge.charge_points.v16.decode import MeterValue, SampledValue
from irve_bridge.domain.signatures import OCMF, SignedReading

SIGNED = ValueFormat.signed_data.value


def signed_readings(values: Iterable[MeterValue], now: datetime) -> tuple[SignedReading, ...]:
    """Return what of meter values is signed, as it came. A moment not readable is `now`."""
    return tuple(_signed(values, now))


def _signed(values: Iterable[MeterValue], now: datetime) -> Iterator[SignedReading]:
    for value in values:
        for sample in value.sampled_value:
            if _is_signed(sample):
                at = timestamps.parse(value.timestamp, now) or now
                yield SignedReading(at=at, context=sample.context, text=sample.value)


def _is_signed(sample: SampledValue) -> bool:
    """Some charge points leave the format out."""
    return sample.format == SIGNED or sample.value.startswith(OCMF)
