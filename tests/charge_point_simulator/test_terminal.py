"""What a person reads is what happened."""

from datetime import UTC, datetime

import pytest
from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus, Reason

from simulators.charge_point.events import (
    Event,
    Reading,
    Sampled,
    Started,
    StatusChanged,
    Stopped,
    Transaction,
)
from simulators.charge_point.terminal import describe

T0 = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = Reading(T0, 1_000, 0, 30.0)
TRANSACTION = Transaction(2, "TAG", BEGIN, meter_wh=1_500, reason=Reason.remote)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Started(TRANSACTION), "/2 starts for TAG at 1000 Wh"),
        (Sampled(2, TRANSACTION, Reading(T0, 1_200, 11_000, 30.4)), "/2 200 Wh, 11.0 kW, 30 %"),
        (Sampled(2, None, Reading(T0, 1_200, 0, None)), "/2 1200 Wh, 0.0 kW"),
        (Stopped(TRANSACTION), "/2 stops for TAG after 500 Wh: Remote"),
        (StatusChanged(T0, 2, ChargePointStatus.available), "/2 Available"),
        (
            StatusChanged(
                T0, 2, ChargePointStatus.faulted, ChargePointErrorCode.ground_failure, "wet"
            ),
            "/2 Faulted (GroundFailure) (wet)",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_event_is_told_in_one_line(event: Event, line: str) -> None:
    """A sample shows what it read, even when the meter has gone on since."""
    assert describe(event) == line
