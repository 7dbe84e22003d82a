"""What a transaction that has ended costs its session."""

from dataclasses import replace
from datetime import datetime, timedelta

from irve_bridge.domain import facts, metering
from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import Volumes, price
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work
from irve_bridge.service.signatures import signed_part

_CLOCK_SLACK = timedelta(minutes=5)


def bill(
    work: Work,
    session: Session,
    transaction: Transaction,
    *,
    at: datetime,
    stopped_at: datetime,
    meter_stop_wh: int,
    reason: str,
) -> facts.ChargingEnded:
    """Return the end of a session's charge, learnt at `at`, with its cost or why to doubt it.

    A doubtful end costs what nobody doubts: where only the clock is wrong, no time.
    """
    outlet = work.tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    metered = metering.finish(
        transaction.start_at,
        transaction.meter_start_wh,
        stopped_at,
        meter_stop_wh,
        work.tx.transactions.readings(transaction.charge_point_id, transaction.id),
        outlet.power_w if outlet else None,
    )
    clock_doubt = _clock_doubt(session, transaction, stopped_at, at)
    volumes = _timeless(metered.volumes) if clock_doubt else metered.volumes
    volumes, signature_doubt = signed_part(work, transaction, volumes)
    return facts.ChargingEnded(
        at=at,
        session_id=session.id,
        stopped_at=stopped_at,
        energy_wh=volumes.energy_wh,
        cost=price(session.tariff, volumes),
        doubt=metered.doubt or clock_doubt or signature_doubt,
        reason=reason,
    )


def _clock_doubt(
    session: Session, transaction: Transaction, stopped_at: datetime, at: datetime
) -> str | None:
    """Time is billed only between our own moments: a charge point's clock may be wrong."""
    if not session.tariff.prices_time:
        return None
    secured_at = session.secured_at or session.opened_at
    if transaction.start_at < secured_at - _CLOCK_SLACK:
        return f"it says to have started ({transaction.start_at:%FT%TZ}) before it was paid for"
    if stopped_at > at + _CLOCK_SLACK:
        return f"it says to have stopped in the future ({stopped_at:%FT%TZ})"
    return None


def _timeless(volumes: Volumes) -> Volumes:
    return replace(volumes, charging=timedelta(), parking=timedelta())
