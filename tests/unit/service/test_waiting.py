"""When to send a start again, and when it is certain that nothing started."""

from dataclasses import replace
from datetime import timedelta

import pytest

from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.facts import ConnectorStatusChanged
from irve_bridge.domain.session import Delivery, Session, State
from irve_bridge.service.policy import Policy
from irve_bridge.service.reports import start_again
from irve_bridge.service.sweep import no_start_proven
from tests.unit.domain.sessions import NOW, session

POLICY = Policy()
S = ConnectorStatus


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def waiting(delivery: Delivery, sent: timedelta | None = None) -> Session:
    return session(
        state=State.SECURED,
        secured_at=NOW,
        delivery=delivery,
        start_sent_at=None if sent is None else NOW + sent,
    )


def connector(status: ConnectorStatus, since: timedelta = timedelta()) -> Connector:
    return Connector(
        charge_point_id="CP1",
        number=1,
        evse_id="E",
        power_w=22_000,
        tariff_id="T",
        status=status,
        status_at=NOW + since,
    )


def charge_point(online_since: timedelta | None) -> ChargePoint:
    return ChargePoint(
        id="CP1",
        name="CP1",
        operator_name="O",
        operator_phone="1",
        connected_at=None if online_since is None else NOW + online_since,
    )


def plugged(at: timedelta, status: ConnectorStatus = S.PREPARING) -> ConnectorStatusChanged:
    return ConnectorStatusChanged(
        at=NOW + at, charge_point_id="CP1", connector_number=1, status=status, since=NOW + at
    )


@pytest.mark.parametrize(
    ("delivery", "sent", "before", "at", "again"),
    [
        (Delivery.NONE, None, connector(S.AVAILABLE), minutes(1), True),
        (Delivery.UNKNOWN, minutes(0), connector(S.AVAILABLE), minutes(0.1), True),
        (Delivery.ACCEPTED, minutes(0), connector(S.AVAILABLE, minutes(-5)), minutes(0.5), False),
        (Delivery.ACCEPTED, minutes(0), connector(S.AVAILABLE, minutes(-5)), minutes(1.1), True),
        (Delivery.ACCEPTED, minutes(0), connector(S.AVAILABLE, minutes(0.4)), minutes(0.5), True),
        (Delivery.ACCEPTED, minutes(0), connector(S.RESERVED, minutes(0.4)), minutes(0.5), False),
        (Delivery.UNKNOWN, minutes(0), connector(S.RESERVED, minutes(0.4)), minutes(0.5), True),
        (Delivery.NONE, None, connector(S.FINISHING), minutes(1), False),
    ],
)
def test_a_cable_plugged_in_sends_a_start_that_is_lost_or_lapsed(
    delivery: Delivery, sent: timedelta, before: Connector, at: timedelta, *, again: bool
) -> None:
    assert start_again(waiting(delivery, sent), before, plugged(at), 60) is again


@pytest.mark.parametrize(
    ("delivery", "online_since", "status", "after", "proven"),
    [
        (Delivery.NONE, None, S.UNKNOWN, minutes(5), True),
        (Delivery.ACCEPTED, minutes(-60), S.AVAILABLE, minutes(5), True),
        (Delivery.ACCEPTED, None, S.AVAILABLE, minutes(5), False),
        (Delivery.ACCEPTED, minutes(4.5), S.AVAILABLE, minutes(5), False),
        (Delivery.UNKNOWN, minutes(-60), S.CHARGING, minutes(5), False),
        (Delivery.UNKNOWN, None, S.CHARGING, POLICY.start_within_most, True),
    ],
)
def test_money_goes_back_only_when_nothing_can_have_started(
    delivery: Delivery,
    online_since: timedelta | None,
    status: ConnectorStatus,
    after: timedelta,
    *,
    proven: bool,
) -> None:
    """Offline is no proof, unless no start was ever sent or the long deadline is over."""
    verdict = no_start_proven(
        waiting(delivery, minutes(0)),
        charge_point(online_since),
        connector(status),
        NOW + after,
        POLICY,
    )
    assert verdict is proven


@pytest.mark.parametrize(
    ("behind_at", "sent", "after", "proven"),
    [
        (None, minutes(0), minutes(1.6), True),
        (None, minutes(1), minutes(1.6), False),
        (minutes(1), minutes(0), minutes(1.6), False),
        (minutes(1), minutes(0), minutes(2.6), True),
    ],
)
def test_a_start_may_still_stand_in_the_queue(
    behind_at: timedelta | None, sent: timedelta, after: timedelta, *, proven: bool
) -> None:
    """Counted from the start that was sent, and from the last thing told that was old already."""
    point = replace(
        charge_point(minutes(-60)), behind_at=None if behind_at is None else NOW + behind_at
    )
    session = waiting(Delivery.ACCEPTED, sent)
    assert no_start_proven(session, point, connector(S.AVAILABLE), NOW + after, POLICY) is proven
