"""The periods of a charge that has ended, from what storage kept of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from irve_bridge.domain import metering
from irve_bridge.domain.metering import Metered
from irve_bridge.domain.moments import SLACK
from irve_bridge.domain.period import Period
from irve_bridge.domain.session import Session
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Tx
from irve_bridge.service.prices import pricer


def metered(
    tx: Tx,
    transaction: Transaction,
    stopped_at: datetime,
    meter_stop_wh: int,
    longest: timedelta | None = None,
) -> Metered:
    """Return what a transaction used until its stop, or until the end that is presumed.

    `longest` as in `metering.finish`.
    """
    outlet = tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    return metering.finish(
        transaction.start_at,
        transaction.meter_start_wh,
        stopped_at,
        meter_stop_wh,
        tx.transactions.readings(transaction.charge_point_id, transaction.id),
        outlet.power_w if outlet else None,
        longest=longest,
        presumed=transaction.presumed,
    )


def clock_doubted(session: Session, transaction: Transaction) -> bool:
    """Return whether nobody knows how long a transaction lasted, and its time has a price."""
    secured_at = session.secured_at or session.opened_at
    early = transaction.start_at < secured_at - SLACK
    return session.tariff.prices_time and (early or transaction.stop_doubted)


def periods_of(tx: Tx, session: Session) -> tuple[Period, ...]:
    """Return the periods of what is billed, each of one price: cut where the tariff changes.

    One that lasted no time has one of no time. Where the CSMS meters, all of it was charging. None
    where the charge never ended.
    """
    if session.started_at is None or (ended_at := session.stopped_at or session.ended_at) is None:
        return ()
    priced = pricer(session.tariff, session.time_zone)
    stopped_at = max(ended_at, session.started_at)
    none = Period(start_at=session.started_at, end_at=stopped_at)
    return tuple(priced.cut(session.started_at, _periods(tx, session, stopped_at) or (none,)))


def _periods(tx: Tx, session: Session, stopped_at: datetime) -> Sequence[Period]:
    start_at, energy_wh = session.started_at or stopped_at, session.energy_wh or 0
    transaction = tx.transactions.get(session.charge_point_id, session.transaction_id or "")
    if transaction is None:
        charging = stopped_at - start_at
        return [
            Period(start_at=start_at, end_at=stopped_at, energy_wh=energy_wh, charging=charging)
        ]
    register_wh = transaction.meter_stop_wh
    if register_wh is None:
        register_wh = transaction.meter_start_wh + energy_wh
    used = metered(tx, transaction, stopped_at, register_wh).up_to(energy_wh)
    return (used.timeless() if clock_doubted(session, transaction) else used).periods
