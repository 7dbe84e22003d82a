"""What a transaction that has ended costs its session."""

from datetime import datetime

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.metering import Metered
from irve_bridge.domain.session import Session
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work
from irve_bridge.service.periods import clock_doubted, metered
from irve_bridge.service.prices import pricer
from irve_bridge.service.signatures import signed_part

CLOCK_DOUBT = "its clock is wrong, and was set meanwhile: nobody knows how long it lasted"


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
    secured_at = session.secured_at or session.opened_at
    longest = at - secured_at if transaction.stop_doubted else None
    used = metered(work.tx, transaction, stopped_at, meter_stop_wh, longest)
    clock_doubt = CLOCK_DOUBT if clock_doubted(session, transaction) else None
    billed_wh, signature_doubt = signed_part(work, transaction, used.energy_wh)
    used = (used.timeless() if clock_doubt else used).up_to(billed_wh)
    return facts.ChargingEnded(
        at=at,
        session_id=session.id,
        stopped_at=stopped_at,
        energy_wh=used.energy_wh,
        cost=_cost(session, transaction, used),
        doubt=used.doubt or clock_doubt or signature_doubt,
        note=used.note,
        reason=reason,
    )


def _cost(session: Session, transaction: Transaction, used: Metered) -> Breakdown:
    """Return what was metered costs; nothing where the price depends on a clock in doubt."""
    if session.tariff.by_clock and clock_doubted(session, transaction):
        return Breakdown(session.currency, 0, 0)
    priced = pricer(session.tariff, session.time_zone)
    return priced.cost(priced.tally(transaction.start_at, used.periods))
