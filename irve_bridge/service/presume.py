"""Transactions whose stop never comes: ended at their last trusted reading.

Only what proves that nothing runs any more ends one: another start on its connector, the connector
free for others while the charge point is online and its queue empty, or the long deadline. A boot
alone proves nothing, being offline alone neither. One that goes on after all is asked to stop.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.metering import Meter, Reading, fold
from irve_bridge.domain.session import Session
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.bills import bill
from irve_bridge.service.handle import Work
from irve_bridge.service.own_customers import conclude
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Tx

RUNNING_MOST = 500
"""Of no guest, at one charge point: one that tells of starts only slows nobody else down."""

log = structlog.get_logger()


def end_at_last_reading(
    work: Work, session: Session, transaction: Transaction, now: datetime, reason: str
) -> facts.ChargingEnded:
    """Return the end of a session's charge at its transaction's last trusted reading."""
    meter = last_reading(work.tx, transaction)
    return bill(
        work,
        session,
        replace(transaction, presumed=True),
        at=now,
        stopped_at=meter.at,
        meter_stop_wh=meter.register_wh,
        reason=reason,
    )


def presume_end(
    work: Work, session: Session, transaction: Transaction, now: datetime, reason: str
) -> facts.ChargingEnded:
    """Write down that a transaction is over, and return what that is for its session."""
    _mark(work, transaction, reason)
    return replace(end_at_last_reading(work, session, transaction, now, reason), presumed=True)


def end_transaction(work: Work, transaction: Transaction, now: datetime, reason: str) -> None:
    """End a transaction that is certainly over, and bill its session, if it has one."""
    session = work.tx.sessions.get(transaction.session_id) if transaction.session_id else None
    if session is None:
        conclude(work, _mark(work, transaction, reason), now)
    else:
        work.advance(session, presume_end(work, session, transaction, now, reason))


def end_replaced(work: Work, begun: Transaction, now: datetime) -> None:
    """End whatever ran on the connector where something else has started since.

    Of more than any charge point has connectors for, the oldest that are no guest's are over, too.
    """
    running = work.tx.transactions.running(begun.charge_point_id)
    strays = [transaction for transaction in running if transaction.session_id is None]
    beyond = strays[: -(RUNNING_MOST - 1)]
    for transaction in running:
        same_place = transaction.connector_number == begun.connector_number
        if transaction in beyond or (same_place and _before(transaction, begun)):
            end_transaction(work, transaction, now, "NewTransaction")


def _before(one: Transaction, other: Transaction) -> bool:
    """By our clock or by the charge point's own, which may be wrong but is one."""
    return one.start_at <= other.start_at or one.clock_start_at <= other.clock_start_at


def end_left_behind(work: Work, of: Transaction, now: datetime) -> None:
    """End a transaction that was found left behind, if it still is."""
    transaction = work.tx.transactions.get(of.charge_point_id, of.id)
    if transaction is None or not transaction.running:
        return
    if left_behind(work.tx, transaction, now, work.policy):
        end_transaction(work, transaction, now, "ConnectorIdle")
    elif _untold(work.tx, transaction, now, work.policy):
        end_transaction(work, transaction, now, "TermPassed")


def _untold(tx: Tx, transaction: Transaction, now: datetime, policy: Policy) -> bool:
    """A session has a deadline of its own; what is of none would else never be told of."""
    lasts = now - (transaction.heard_at or now)
    if transaction.session_id is not None or lasts < policy.transaction_most:
        return False
    return now - last_reading(tx, transaction).at >= policy.idle_end


def left_behind(tx: Tx, transaction: Transaction, now: datetime, policy: Policy) -> bool:
    """Return whether a transaction without a stop is certainly over at its charge point.

    Its connector has been free for others, and its charge point online with nothing queued and
    nothing new metered, for as long as a queue may take: statuses overtake what is queued
    (OCPP 1.6 ed. 2 §3.7).
    """
    point = tx.stations.charge_point(transaction.charge_point_id)
    outlet = tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    if point is None or outlet is None or not outlet.status.vacant:
        return False
    told = (outlet.status_since, transaction.heard_at, transaction.start_at)
    silent_for = point.silent_for(now, max(moment for moment in told if moment is not None))
    if silent_for is None or silent_for < policy.idle_end:
        return False
    return now - last_reading(tx, transaction).at >= policy.idle_end


def goes_on(tx: Tx, charge_point_id: str, transaction_id: str, readings: Sequence[Reading]) -> bool:
    """Return whether readings tell first that a transaction grew after its end was presumed.

    That suffices to ask for its stop, be they of a clock or of a power that is not believed.
    """
    transaction = tx.transactions.get(charge_point_id, transaction_id)
    if transaction is None or not _over_unasked(transaction):
        return False
    billed_wh = transaction.meter_stop_wh or 0
    read_wh = max((reading.register_wh or 0 for reading in readings), default=0)
    return max(read_wh, last_reading(tx, transaction).register_wh) > billed_wh


def stop_what_goes_on(work: Work, charge_point_id: str, transaction_id: str, now: datetime) -> None:
    """Ask for the stop, once, of a transaction that goes on after its end was presumed.

    What it uses since is nobody's to pay; the next comparison tells the operator.
    """
    transaction = work.tx.transactions.get(charge_point_id, transaction_id)
    if transaction is None or not _over_unasked(transaction):
        return
    work.tx.transactions.save(replace(transaction, ran_on_at=now))
    stop = Intent(Do.REFUSE, Kind.REMOTE_STOP, {"transaction_id": transaction.id})
    work.tx.intents.add(str(transaction.session_id), stop, now)
    log.warning("charge_goes_on", session_id=transaction.session_id, transaction_id=transaction.id)


def _over_unasked(transaction: Transaction) -> bool:
    billed = transaction.session_id is not None and transaction.presumed
    return billed and transaction.ran_on_at is None


def last_reading(tx: Tx, transaction: Transaction) -> Meter:
    """Return the meter of a transaction at its last trusted reading, folded from all."""
    outlet = tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    rated_w = outlet.power_w if outlet else None
    begun = Meter.begin(transaction.start_at, transaction.meter_start_wh, rated_w)
    return fold(begun, tx.transactions.readings(transaction.charge_point_id, transaction.id))[0]


def _mark(work: Work, transaction: Transaction, reason: str) -> Transaction:
    meter = last_reading(work.tx, transaction)
    ended = replace(
        transaction,
        stop_at=meter.at,
        meter_stop_wh=meter.register_wh,
        stop_reason=reason,
        presumed=True,
    )
    work.tx.transactions.save(ended)
    return ended
