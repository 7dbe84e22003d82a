"""What charge points say of themselves: sockets, boots and statuses, one unit of work each."""

from collections.abc import Callable
from datetime import datetime, timedelta

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import Connector, ConnectorStatus
from irve_bridge.domain.metering import Activity, Reading
from irve_bridge.domain.session import Delivery, Session
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work
from irve_bridge.service.ports import TakenReading
from irve_bridge.service.presume import stop_what_goes_on

ACTIVITIES = {
    ConnectorStatus.CHARGING: Activity.CHARGING,
    ConnectorStatus.SUSPENDED_EV: Activity.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE: Activity.SUSPENDED_EVSE,
}
HEARD_LATE = timedelta(seconds=1)
BOOTED, REPORTED = "BootNotification", "StatusNotification"
"""What is kept of a charge point's own: its boots, and reports of an error that came or went."""


def connected(
    work: Work, fact: facts.ChargePointConnected, now: Callable[[], datetime] | None = None
) -> bool:
    """Note the open socket; return whether another node may have had the charge point before.

    It is heard from `now` on, which may be later where others had to be waited for: until then it
    was not silent.
    """
    work.tx.stations.connected(fact.charge_point_id, fact.at)  # from here on it is our turn
    before = work.tx.nodes.holder(fact.charge_point_id)
    if before != work.node_id:
        work.tx.nodes.take(work.node_id, fact.charge_point_id)
    if now is not None and (heard_at := now()) - fact.at >= HEARD_LATE:
        work.tx.stations.behind(fact.charge_point_id, heard_at)
    return before not in {None, work.node_id}


def disconnected(work: Work, fact: facts.ChargePointDisconnected) -> None:
    """Note the closed socket, unless a newer one is open already."""
    charge_point = work.tx.stations.charge_point(fact.charge_point_id)
    if charge_point is not None and charge_point.connected_at == fact.connected_at:
        work.tx.stations.connected(fact.charge_point_id, None)


def booted(work: Work, fact: facts.ChargePointBooted) -> None:
    """Note what the charge point says it is."""
    work.tx.stations.booted(fact.charge_point_id, fact.vendor, fact.model, fact.firmware, fact.at)
    work.tx.station_events.add(fact.charge_point_id, BOOTED, fact.told, fact.at)


def status_changed(work: Work, fact: facts.ConnectorStatusChanged) -> None:
    """Note a status; a cable plugged in sends a lost start again, a pause counts as parking."""
    stations = work.tx.stations
    before = stations.connector(fact.charge_point_id, fact.connector_number)
    whole = stations.charge_point(fact.charge_point_id) if fact.connector_number == 0 else None
    error_before = next((each.error_code for each in (before, whole) if each), None)
    stations.reported(
        fact.charge_point_id, fact.connector_number, fact.status, fact.error_code, fact.at
    )
    if fact.error_code != error_before:
        work.tx.station_events.add(fact.charge_point_id, REPORTED, fact.told, fact.at)
    if before is None:
        return
    if before.status is not fact.status:
        work.waited += work.tx.sessions.waiting_at(fact.charge_point_id, fact.connector_number)
    if _plugged(before, fact):
        _start_again(work, before, fact)
    if activity := ACTIVITIES.get(fact.status):
        _note_activity(work, fact, activity)
        _stop_what_goes_on(work, fact)


def _start_again(work: Work, before: Connector, fact: facts.ConnectorStatusChanged) -> None:
    timeout_s = work.policy.connection_timeout.total_seconds()
    for session in work.tx.sessions.waiting_at(fact.charge_point_id, fact.connector_number):
        if start_again(session, before, fact, timeout_s):
            work.advance(session, facts.CablePlugged(at=fact.at, session_id=session.id))


def _stop_what_goes_on(work: Work, fact: facts.ConnectorStatusChanged) -> None:
    """Whatever is not of a start that is still to be told is of the charge that was there last."""
    place = (fact.charge_point_id, fact.connector_number)
    last = work.tx.transactions.latest_at(*place)
    if last is not None and last.presumed and not work.tx.sessions.waiting_at(*place):
        stop_what_goes_on(work, last.charge_point_id, last.id, fact.at)


def _plugged(before: Connector, fact: facts.ConnectorStatusChanged) -> bool:
    return before.status.vacant and fact.status is ConnectorStatus.PREPARING


def start_again(
    session: Session,
    before: Connector,
    fact: facts.ConnectorStatusChanged,
    connection_timeout_s: float,
) -> bool:
    """Return whether plugging in now needs another RemoteStart.

    A charge point that accepted one still waits for the cable, unless its ConnectionTimeOut has
    passed or it said Available since (OCPP 1.6 ed. 2 §9.1.4).
    """
    plugged = _plugged(before, fact)
    if not plugged or session.start_sent_at is None:
        return plugged
    lapsed = (fact.at - session.start_sent_at).total_seconds() > connection_timeout_s
    free_at = before.status_at if before.status is ConnectorStatus.AVAILABLE else None
    gave_up = free_at is not None and free_at > session.start_sent_at
    return session.delivery is Delivery.UNKNOWN or lapsed or gave_up


def _note_activity(work: Work, fact: facts.ConnectorStatusChanged, activity: Activity) -> None:
    for transaction in work.tx.transactions.running(fact.charge_point_id):
        if transaction.connector_number == fact.connector_number:
            since = transaction.moment(fact.since, fact.at).at
            at = _after_its_like(work, transaction, since, activity)
            reading = Reading(at=at, activity=activity, context="Other")
            taken = TakenReading(transaction.charge_point_id, transaction.id, reading)
            work.tx.transactions.add_readings([taken])
            work.readings.append(taken)


def _after_its_like(
    work: Work, transaction: Transaction, since: datetime, activity: Activity
) -> datetime:
    """Return a status's moment; of two within one second the later one came later.

    Charge points say seconds: a change there and back would else be taken for a repeat.
    """
    last = work.tx.transactions.last_activity(transaction.charge_point_id, transaction.id, since)
    if last is None or last.activity is activity or last.at >= since + timedelta(seconds=1):
        return since
    return last.at + timedelta(microseconds=1)
