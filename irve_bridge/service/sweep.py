"""Time as a source of facts: deadlines that passed and limits that were reached."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog
from structlog.contextvars import bound_contextvars

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import Delivery, MeteredBy, Session, State
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Handler, Work, apply
from irve_bridge.service.meters import Meters
from irve_bridge.service.pace import pause
from irve_bridge.service.policy import Policy, deadline, hold_deadline
from irve_bridge.service.ports import Clock, Storage, Tx
from irve_bridge.service.presume import end_left_behind, left_behind, presume_end

log = structlog.get_logger()

BATCH = 100
PAGES_MOST = 20
"""In one look: what is left then comes with the next, so that no backlog is swept for ever."""
INTERVAL = timedelta(seconds=5)
POLL_S = 5.0
DRAIN = timedelta(seconds=30)
LATER = timedelta(days=1)


class Sweep:
    """Looks at the clock and applies what it brings."""

    def __init__(self, storage: Storage, handler: Handler, clock: Clock) -> None:
        self._storage = storage
        self._handler = handler
        self._clock = clock
        self._moved = asyncio.Event()
        self._cleared_at: datetime | None = None

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
        """Apply every limit reached and every deadline passed by now, end and forget what is over.

        Deadlines are taken by the page, as long as pages are full: an old backlog delays neither
        the deadlines behind it nor, between two pages, a limit.
        """
        await self._clear_up(meters)
        for _ in range(PAGES_MOST):
            now = self._clock.now()
            for session_id in meters.crossed(now):
                await meters.refresh(session_id)
            for session_id in meters.crossed(now):
                asked = facts.StopAsked(at=now, session_id=session_id, cause=StopCause.LIMIT)
                await self._try({"session_id": session_id}, partial(apply, fact=asked))
            if await self._page(now) < BATCH:
                return

    async def _clear_up(self, meters: Meters) -> None:
        """Look at all that runs, which is much, at intervals: limits move far more often."""
        now = self._clock.now()
        if self._cleared_at is not None and now < self._cleared_at + INTERVAL:
            return
        self._cleared_at = now
        await self._end_left_behind(meters)
        await self._forget_commands()

    async def _end_left_behind(self, meters: Meters) -> None:
        """End the transactions whose stop was lost, as their connectors and silence prove."""
        now, policy = self._clock.now(), self._handler.policy
        node_id = self._handler.node_id
        left = partial(_left, node_id=node_id, now=now, policy=policy)
        for transaction in await self._storage.read(left):
            if meters.named_since(transaction, now - policy.idle_end):
                continue
            named = {"charge_point_id": transaction.charge_point_id}
            if transaction.session_id is not None:
                named["session_id"] = transaction.session_id
            await self._try(named, partial(end_left_behind, of=transaction, now=now))

    async def _forget_commands(self) -> None:
        """Forget what was asked of charge points too long ago for anybody to ask after it."""
        before = self._clock.now() - self._handler.policy.commands_kept
        oldest_at = await self._storage.read(lambda tx: tx.commands.oldest_at())
        if oldest_at is not None and oldest_at < before:
            await self._try({}, lambda work: work.tx.commands.forget_before(before))

    async def _page(self, now: datetime) -> int:
        """Apply the earliest deadlines passed by now; return how many there were."""
        node_id = self._handler.node_id
        due = await self._storage.read(lambda tx: tx.sessions.due(node_id, now, BATCH))
        for session in due:
            named = {"session_id": session.id, "charge_point_id": session.charge_point_id}
            if not await self._try(named, partial(pass_deadline, session_id=session.id, now=now)):
                await self._try(named, partial(look_later, session_id=session.id, now=now))
        return len(due)

    async def _try(self, named: Mapping[str, str], unit: Callable[[Work], object]) -> bool:
        """Return whether it went well: one session's trouble is not the others'.

        Whoever is `named` stands in every line of log of it.
        """
        with bound_contextvars(**named):
            try:
                await self._handler.run(unit)
            except Exception:
                log.exception("sweep_failed")
                return False
        return True


def _left(tx: Tx, node_id: str, now: datetime, policy: Policy) -> list[Transaction]:
    free = tx.transactions.at_free_connectors(node_id)
    left = [t for t in free if left_behind(tx, t, now, policy)]
    return left + tx.transactions.no_guest_s(node_id, now - policy.transaction_most)


def look_later(work: Work, session_id: str, now: datetime) -> None:
    """Let a session whose deadline cannot be applied make way for those behind it."""
    work.tx.sessions.postpone(session_id, now + work.policy.start_recheck)


def pass_deadline(work: Work, session_id: str, now: datetime) -> None:
    """Apply the fact that a passed deadline is, or look again a little later."""
    session = work.tx.sessions.get(session_id)
    if session is None or session.deadline_at is None or session.deadline_at > now:
        return
    due_at = deadline(session, work.policy)
    if due_at is None or due_at > now:  # noted under other settings, or before the money moved
        work.tx.sessions.postpone(session_id, due_at or now + LATER)
        return
    fact = overdue(work, session, now)
    moved = work.advance(session, fact) if fact else session
    if moved.deadline_at is not None and moved.deadline_at <= now:
        look_later(work, session_id, now)


def overdue(work: Work, session: Session, now: datetime) -> facts.SessionFact | None:
    """Return the fact that a session's passed deadline is; None to look again later."""
    match session.state:
        case State.OPEN:
            return facts.CheckoutOverdue(at=now, session_id=session.id)
        case State.CHARGING if session.metered_by is MeteredBy.CSMS:
            return facts.EndOverdue(at=now, session_id=session.id)
        case State.CHARGING:
            return facts.StopAsked(at=now, session_id=session.id, cause=_cause(work, session))
        case State.STOPPING:
            return _end_overdue(work, session, now)
        case State.SECURED if _no_start_proven(work, session, now):
            return facts.NoStart(at=now, session_id=session.id)
        case State.REVIEW:
            return facts.HoldEnding(at=now, session_id=session.id)
        case State.DUE:
            return _debt_overdue(work, session, now)
        case _:
            return _kept_too_long(session, now)


def _cause(work: Work, session: Session) -> StopCause:
    return StopCause.HOLD if hold_deadline(session, work.policy) else StopCause.TERM


def _end_overdue(work: Work, session: Session, now: datetime) -> facts.ChargingEnded | None:
    """Return the end of a charge that will not stop in time; None where no transaction is known."""
    transaction = work.tx.transactions.get(session.charge_point_id, session.transaction_id or "")
    if transaction is None:
        return None
    holds = hold_deadline(session, work.policy) is not None
    reason = "HoldEnding" if holds else "TermPassed"
    return presume_end(work, session, transaction, now, reason)


def _debt_overdue(work: Work, session: Session, now: datetime) -> facts.SessionFact:
    if session.paying_since is not None:
        return facts.CheckoutOverdue(at=now, session_id=session.id)
    since = session.due_since or session.opened_at
    if now >= since + work.policy.debt_term:
        return facts.DebtTermPassed(at=now, session_id=session.id)
    passed = sum(since + delay <= now for delay in work.policy.debt_retries)
    return facts.RetryDue(at=now, session_id=session.id, tries=passed)


def _kept_too_long(session: Session, now: datetime) -> facts.SessionFact | None:
    if session.state not in DONE:
        return None
    if session.customer_id is not None:
        named = session.customer_id
        return facts.CustomerTermPassed(at=now, session_id=session.id, customer_id=named)
    return facts.PersonalDataTermPassed(at=now, session_id=session.id)


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

    Offline is no proof once a start may have arrived: since then the charge point must have been
    online and idle for longer than its ConnectionTimeOut (OCPP 1.6 ed. 2 §9.1.4), and a margin
    without anything of its queue, or the long deadline or the hold's be over.
    """
    if session.delivery is Delivery.NONE:
        return True
    if now >= (session.secured_at or session.opened_at) + policy.start_within_most:
        return True
    hold_ends_at = hold_deadline(session, policy)
    if hold_ends_at is not None and now >= hold_ends_at:
        return True
    silent_for = charge_point.silent_for(now, session.start_sent_at) if charge_point else None
    drained = silent_for is not None and silent_for >= policy.connection_timeout + DRAIN
    return drained and connector is not None and connector.status.idle
