"""What a transaction that has ended costs its session."""

from datetime import datetime

from irve_bridge.domain import facts, metering
from irve_bridge.domain.moments import SLACK
from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import price
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work


def bill(
    work: Work,
    session: Session,
    transaction: Transaction,
    *,
    at: datetime,
    stopped_at: datetime,
    meter_stop_wh: int,
    reason: str,
    believed: bool = True,
) -> facts.ChargingEnded:
    """Return the end of a session's charge, learnt at `at`, with its cost or why to doubt it.

    A doubtful end costs what nobody doubts: where only the clock is wrong, no time. `believed`
    says whether the stop is of a moment that the charge point's clock can have shown.
    """
    outlet = work.tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    secured_at = session.secured_at or session.opened_at
    metered = metering.finish(
        transaction.start_at,
        transaction.meter_start_wh,
        stopped_at,
        meter_stop_wh,
        work.tx.transactions.readings(transaction.charge_point_id, transaction.id),
        outlet.power_w if outlet else None,
        longest=None if believed else at - secured_at,
    )
    clock_doubt = None
    if session.tariff.prices_time and not (believed and transaction.start_at >= secured_at - SLACK):
        clock_doubt = "its clock is wrong, and was set meanwhile: nobody knows how long it lasted"
        metered = metered.timeless()
    return facts.ChargingEnded(
        at=at,
        session_id=session.id,
        stopped_at=stopped_at,
        energy_wh=metered.volumes.energy_wh,
        cost=price(session.tariff, metered.volumes),
        doubt=metered.doubt or clock_doubt,
        note=metered.note,
        reason=reason,
    )
