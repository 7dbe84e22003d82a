"""A connector's story does not depend on when one looks at it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from ocpp.v16.enums import Reason

from simulators.charge_point.car import Car
from simulators.charge_point.configuration import Configuration
from simulators.charge_point.connector import Connector
from simulators.charge_point.events import Event, Reading, Sampled, Stopped

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def connector(**configuration: str | int) -> Connector:
    return Connector(1, Configuration(**configuration), T0, register_wh=1_000)


def charge(looks_ms: Iterable[int], *, soc_percent: int = 99) -> tuple[list[Event], Reading]:
    """Charge a small car for five minutes, looking at the connector now and then."""
    mine = connector(MeterValueSampleInterval=7)
    mine.plug(Car(capacity_wh=20_000, arrival_soc_percent=soc_percent))
    mine.authorize("TAG")
    for look_ms in sorted(looks_ms):
        mine.advance(T0 + timedelta(milliseconds=look_ms))
    mine.advance(T0 + 5 * MINUTE)
    reading = mine.reading
    mine.stop(Reason.local)
    return list(mine.events), reading


def told(events: Iterable[Event]) -> list[str]:
    """Return the events by value: transactions are compared by identity otherwise."""
    return [
        f"{event.transaction.as_json()}"
        if isinstance(event, Stopped)
        else f"{event.reading} {event.context}"
        if isinstance(event, Sampled)
        else f"{event}"
        for event in events
        if not hasattr(event, "transaction") or isinstance(event, Sampled | Stopped)
    ]


@cache
def undisturbed(soc_percent: int) -> tuple[list[Event], Reading]:
    return charge([], soc_percent=soc_percent)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 300_000), max_size=30), st.sampled_from([20, 78, 99]))
def test_how_often_one_looks_changes_nothing(looks_ms: list[int], soc_percent: int) -> None:
    """The same samples, statuses and energy, each at the same millisecond."""
    events, reading = charge(looks_ms, soc_percent=soc_percent)
    expected_events, expected_reading = undisturbed(soc_percent)
    assert told(events) == told(expected_events)
    assert reading == expected_reading


def test_samples_come_at_exact_intervals() -> None:
    events, _ = charge([])
    instants = [event.reading.at for event in events if isinstance(event, Sampled)]
    gaps_s = {(b - a).total_seconds() for a, b in pairwise(instants)}
    assert gaps_s == {7}
    assert instants[0] == T0 + timedelta(seconds=7)


def test_no_interval_no_samples() -> None:
    """MeterValueSampleInterval 0 switches them off."""
    mine = connector(MeterValueSampleInterval=0)
    mine.plug(Car())
    mine.authorize("TAG")
    mine.advance(T0 + MINUTE)
    assert not [event for event in mine.events if isinstance(event, Sampled)]
    assert mine.transaction
    assert mine.transaction.energy_wh > 0


def test_a_meter_gives_nothing_without_a_transaction() -> None:
    mine = connector()
    mine.plug(Car())
    mine.advance(T0 + MINUTE)
    assert (mine.register_wh, mine.power_w) == (1_000, 0)


def test_the_cable_may_be_drawn_and_put_back_within_a_transaction() -> None:
    """§4.10 with StopTransactionOnEVSideDisconnect false: SuspendedEV, and the charge goes on."""
    mine = connector(StopTransactionOnEVSideDisconnect="false")
    mine.plug(Car())
    mine.authorize("TAG")
    mine.advance(T0 + MINUTE)
    before_wh = mine.register_wh
    mine.unplug()
    assert (mine.status, mine.notice.info) == ("SuspendedEV", "EV side disconnected")
    mine.advance(T0 + 2 * MINUTE)
    assert mine.register_wh == before_wh
    mine.plug(Car())
    mine.advance(T0 + 3 * MINUTE)
    assert mine.status == "Charging"
    assert mine.register_wh > before_wh
    assert mine.transaction
    assert mine.transaction.suspended_ev_ms == 60_000


def test_past_instants_change_nothing() -> None:
    mine = connector()
    mine.advance(T0 + MINUTE)
    mine.advance(T0)
    assert mine.at == T0 + MINUTE
