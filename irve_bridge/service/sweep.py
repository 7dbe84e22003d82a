"""Time as a source of facts: deadlines that passed and limits that were reached."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import Delivery, Session, State
from irve_bridge.service.handle import Handler, Work
from irve_bridge.service.meters import Meters
from irve_bridge.service.pace import pause
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Clock

log = structlog.get_logger()

BATCH = 100
INTERVAL = timedelta(seconds=5)
POLL_S = 5.0


class Sweep:
    """Looks at the clock and applies what it brings."""

    def __init__(self, handler: Handler, clock: Clock, policy: Policy) -> None:
        self._handler = handler
        self._clock = clock
        self._policy = policy
        self._moved = asyncio.Event()

    def limit_moved(self) -> None:
        """A meter's limit was projected anew: it may be the next thing to happen."""
        self._moved.set()

    async def run(self, meters: Meters) -> None:
        """Sweep until cancelled."""
        while True:
            self._moved.clear()
            await self.once(meters)
            await pause(self._moved, self._clock, self._next(meters), POLL_S)

    def _next(self, meters: Meters) -> datetime:
        deadlines_at = self._clock.now() + INTERVAL
        return min(deadlines_at, meters.next_limit() or deadlines_at)

    async def once(self, meters: Meters) -> None:
        """Apply every limit reached and every deadline passed by now."""
        now = self._clock.now()
        for session_id in meters.crossed(now):
            await self._handler.apply(
                facts.StopAsked(at=now, session_id=session_id, cause=StopCause.LIMIT)
            )
        await self._handler.run(lambda work: sweep_deadlines(work, now))


def sweep_deadlines(work: Work, now: datetime) -> None:
    """Apply the fact that each passed deadline is, or look again a little later."""
    for session in work.tx.sessions.due(now, BATCH):
        fact = overdue(work, session, now)
        moved = work.advance(session, fact) if fact else session
        if moved.deadline_at is not None and moved.deadline_at <= now:
            later = replace(moved, deadline_at=now + work.policy.start_recheck)
            work.tx.sessions.save(later, (), facts.NoStart(at=now, session_id=session.id))


def overdue(work: Work, session: Session, now: datetime) -> facts.SessionFact | None:
    """Return the fact that a session's passed deadline is; None to look again later."""
    match session.state:
        case State.OPEN:
            return facts.CheckoutOverdue(at=now, session_id=session.id)
        case State.CHARGING:
            return facts.EndOverdue(at=now, session_id=session.id)
        case State.SECURED if _no_start_proven(work, session, now):
            return facts.NoStart(at=now, session_id=session.id)
        case _:
            return None


def _no_start_proven(work: Work, session: Session, now: datetime) -> bool:
    stations = work.tx.stations
    return no_start_proven(
        work.doubting(session),
        stations.charge_point(session.charge_point_id),
        stations.connector(session.charge_point_id, session.connector_number),
        now,
        work.policy,
    )


def no_start_proven(
    session: Session,
    charge_point: ChargePoint | None,
    connector: Connector | None,
    now: datetime,
    policy: Policy,
) -> bool:
    """Return whether it is certain enough that nothing started, so that money may go back.

    Offline is no proof once a start may have arrived: the charge point must have been online and
    idle for longer than its ConnectionTimeOut (OCPP 1.6 ed. 2 §9.1.4), or the long deadline be
    over.
    """
    if session.delivery is Delivery.NONE or charge_point is None or connector is None:
        return True
    if now >= (session.secured_at or session.opened_at) + policy.start_within_most:
        return True
    online_for = charge_point.online_for(now)
    drained = online_for is not None and online_for >= policy.connection_timeout
    return drained and not connector.status.busy
