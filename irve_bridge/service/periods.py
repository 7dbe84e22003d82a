"""The periods of a charge that has ended, from what storage kept of it."""

from irve_bridge.domain import metering
from irve_bridge.domain.period import Period
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Tx


def periods_of(tx: Tx, session: Session) -> tuple[Period, ...]:
    """Return one period from start to stop, with the energy that is billed.

    Its times are those that the meter told; where the CSMS meters, all of it was charging. None
    where the charge never ended.
    """
    if session.started_at is None or (ended_at := session.stopped_at or session.ended_at) is None:
        return ()
    stopped_at = max(ended_at, session.started_at)
    energy_wh = session.energy_wh or 0
    transaction = tx.transactions.get(session.charge_point_id, session.transaction_id or "")
    charging, parking = stopped_at - session.started_at, stopped_at - stopped_at
    if transaction is not None:
        readings = tx.transactions.readings(transaction.charge_point_id, transaction.id)
        start_wh = transaction.meter_start_wh
        used = metering.finish(
            session.started_at, start_wh, stopped_at, start_wh + energy_wh, readings
        ).volumes
        charging, parking = used.charging, used.parking
    period = Period(
        start_at=session.started_at,
        end_at=stopped_at,
        energy_wh=energy_wh,
        charging=charging,
        parking=parking,
    )
    return (period,)
