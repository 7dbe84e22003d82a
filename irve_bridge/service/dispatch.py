"""Intents → performed once; the outcome comes back as facts.

Claim with a lease, commit, perform, then in one transaction mark it done and apply what came of it.
An outcome whose lease has passed to somebody else is not applied. What a session's state no longer
wants is cancelled when its turn comes. Each lane has a dispatcher of its own, so that a CSMS that
hangs delays no charger and no money.
"""

import asyncio
import random
import secrets
import time
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

from irve_bridge.domain.facts import ReservationOver, SessionFact
from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.lifecycle import wanted
from irve_bridge.domain.session import Session, State
from irve_bridge.service.books import left_minor
from irve_bridge.service.handle import Handler, Work, apply
from irve_bridge.service.pace import pause
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import (
    Again,
    Attempt,
    Clock,
    Done,
    Due,
    Failed,
    Hand,
    Outcome,
    Storage,
    Task,
    Tx,
)
from irve_bridge.service.reserving import over, reserved
from irve_bridge.telemetry import tracing
from irve_bridge.telemetry.metrics import CALLBACK_DELIVERY_SECONDS, PERFORM_SECONDS, PERFORMED

log = structlog.get_logger()

CONCURRENT = 64
CLAIMED_AT_ONCE = 8
"""Few: until a claim is committed nobody else changes what belongs to their charge points."""
POLL_S = 1.0
STORE_AGAIN_S = (1.0, 3.0, 9.0)
_TAKES = frozenset({Kind.CAPTURE, Kind.CREATE_CHARGE})


class Dispatcher:
    """Claims what is due in one lane and has its hand perform it."""

    def __init__(
        self,
        storage: Storage,
        handler: Handler,
        clock: Clock,
        policy: Policy,
        lane: Lane,
        hand: Hand,
    ) -> None:
        self._storage = storage
        self._handler = handler
        self._clock = clock
        self._policy = policy
        self._lane = lane
        self._hand = hand
        self._awake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._told = False
        self._due_at: datetime | None = None
        handler.after_commit(self._heard)

    def _heard(self, work: Work) -> None:
        if self._lane in work.lanes:
            self._told = True
            self._awake.set()

    async def run(self) -> None:
        """Work until cancelled; what is being performed then is left to its lease.

        Where the storage fails, what is being performed goes on.
        """
        try:
            while True:
                self._awake.clear()
                told, self._told = self._told, False  # then something is due: nobody need look
                if told or await self._is_due():
                    tasks = await self._claim()
                    for task in tasks:
                        self._start(task)
                    if tasks or told:
                        continue  # else another node is about to claim it
                await pause(self._awake, self._clock, self._due_at, POLL_S)
        except asyncio.CancelledError:
            for running in self._running:
                running.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            raise

    async def _claim(self) -> list[Task]:
        room = min(CONCURRENT - len(self._running), CLAIMED_AT_ONCE)
        if room <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            room = 1
        now = self._clock.now()
        tasks, cancelled = await self._storage.transact(lambda tx: self._claim_in(tx, now, room))
        for kind in cancelled:
            PERFORMED.labels(kind, "cancelled").inc()
            self._awake.set()  # something else may have become due by it
        return tasks

    def _claim_in(self, tx: Tx, now: datetime, room: int) -> tuple[list[Task], list[Kind]]:
        """Return what was claimed, and what was cancelled instead."""
        tasks, cancelled = [], []
        for due in self._next_due(tx, now, room, claiming=True):
            intent = _as_it_is_now(tx, due)
            if intent is None:
                state = due.session.state if due.session else "gone"
                tx.intents.finish(due.id, "cancelled", f"session is {state}", now)
                cancelled.append(due.intent.kind)
                continue
            try:
                attempt = self._attempt(tx, due, intent, now)
            except Exception:
                log.exception("intent_unpreparable", kind=intent.kind, **_of(due))
                tx.intents.postpone(due.id, now + self._policy.retry_most, "unpreparable")
                continue
            lease = f"{self._handler.node_id}:{secrets.token_hex(8)}"
            tx.intents.claim(due.id, lease, now + self._policy.lease)
            tasks.append(
                Task(
                    intent_id=due.id,
                    lease=lease,
                    subject=due.subject,
                    owner=due.session,
                    intent=intent,
                    attempt=attempt,
                    created_at=due.created_at,
                    tries=due.tries + 1,
                )
            )
        return tasks, cancelled

    def _next_due(self, tx: Tx, now: datetime, most: int, *, claiming: bool = False) -> list[Due]:
        node_id = self._handler.node_id
        return tx.intents.next_due([self._lane], now, most, node_id=node_id, claiming=claiming)

    def _attempt(self, tx: Tx, due: Due, intent: Intent, now: datetime) -> Attempt:
        """Return the attempt whose outcome is unknown, or store a new one.

        What is of no session was written down as it is sent.
        """
        if unknown := tx.intents.open_attempt(due.id):
            return unknown
        number = tx.intents.last_attempt_number(due.id) + 1
        attempt = Attempt(
            number=number,
            key=f"{due.subject}:{due.id}:{number}",
            request=self._hand.prepare(due.session, intent) if due.session else intent.parameters,
            started_at=now,
        )
        tx.intents.begin_attempt(due.id, attempt)
        return attempt

    def _start(self, task: Task) -> None:
        running = asyncio.create_task(self._perform(task))
        self._running.add(running)
        running.add_done_callback(self._ended)

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if not running.cancelled() and (error := running.exception()):
            log.error("intent_outcome_not_stored", exc_info=error)
        self._awake.set()

    async def _perform(self, task: Task) -> None:
        kind, session_id = task.intent.kind, task.owner.id if task.owner else None
        with (
            bound_contextvars(intent=kind.value, **_of(task)),
            tracing.span(f"intent {kind}", session_id, attempt=task.attempt.number),
        ):
            began_s = time.perf_counter()
            outcome = await self._performed(task)
            PERFORM_SECONDS.labels(kind).observe(time.perf_counter() - began_s)
            if await self._store(task, outcome):
                self._count(task, outcome)

    async def _store(self, task: Task, outcome: Outcome) -> bool:
        """Apply an outcome, a few times if need be: what is not stored is found out anew, later.

        Return whether it counts.

        One that was stored all the same has no lease any more, and is not applied twice.
        """
        for pause_s in STORE_AGAIN_S:
            try:
                return await self._handler.run(lambda work: self._conclude(work, task, outcome))
            except Exception:
                log.exception("intent_outcome_not_stored", kind=task.intent.kind)
            await asyncio.sleep(pause_s)
        return await self._handler.run(lambda work: self._conclude(work, task, outcome))

    async def _performed(self, task: Task) -> Outcome:
        try:
            return await self._hand.perform(task)
        except Exception:
            log.exception("intent_crashed", kind=task.intent.kind)
            return Again(reason="crashed", known=False)

    def _count(self, task: Task, outcome: Outcome) -> None:
        PERFORMED.labels(task.intent.kind, _named(outcome)).inc()
        if task.intent.kind is Kind.CALLBACK and isinstance(outcome, Done):
            age = self._clock.now() - task.created_at
            CALLBACK_DELIVERY_SECONDS.observe(age.total_seconds())

    def _conclude(self, work: Work, task: Task, outcome: Outcome) -> bool:
        """Return whether the outcome counts: another one may have taken the lease over."""
        now = self._clock.now()
        intents = work.tx.intents
        if not intents.leased(task.intent_id, task.lease, now):
            log.warning("lease_lost", kind=task.intent.kind)
            return False
        match outcome:
            case Done():
                intents.close_attempt(task.intent_id, task.attempt.number, "done", now)
                intents.finish(task.intent_id, "done", None, now)
            case Failed(reason=reason):
                status = _named(outcome)
                intents.close_attempt(task.intent_id, task.attempt.number, status, now)
                intents.finish(task.intent_id, status, reason, now)
            case Again():
                if outcome.known or outcome.burnt:
                    verdict = "absent" if outcome.known else "burnt"
                    intents.close_attempt(task.intent_id, task.attempt.number, verdict, now)
                after = self._backoff(task.tries) if outcome.after is None else outcome.after
                intents.postpone(task.intent_id, now + after, outcome.reason)
        for fact in outcome.facts:
            if isinstance(fact, SessionFact):
                apply(work, fact)
            elif isinstance(fact, ReservationOver):
                over(work.tx, fact)
        return True

    def _backoff(self, tries: int) -> timedelta:
        delay: timedelta = self._policy.retry_first * 2 ** min(tries - 1, 20)
        return min(delay, self._policy.retry_most) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter

    async def _is_due(self) -> bool:
        """Return whether something is due, and note when something will be."""
        now, node_id = self._clock.now(), self._handler.node_id

        def look(tx: Tx) -> tuple[bool, datetime | None]:
            due = bool(self._next_due(tx, now, 1))
            return due, None if due else tx.intents.next_moment([self._lane], node_id)

        due, moment = await self._storage.read(look)
        self._due_at = moment if moment and moment > now else None
        return due


def _named(outcome: Outcome) -> str:
    match outcome:
        case Done():
            return "done"
        case Failed():
            return "refused" if outcome.refused else "failed"
        case Again():
            return "again"


def _of(what: Due | Task) -> dict[str, str]:
    """Return whose it is, for a line of log."""
    session = what.session if isinstance(what, Due) else what.owner
    if session is None:
        return {"subject": what.subject}
    return {"session_id": session.id, "charge_point_id": session.charge_point_id}


def _as_it_is_now(tx: Tx, due: Due) -> Intent | None:
    """Return what is still to be done of an intent when its turn comes; None for nothing."""
    intent_id, session, intent = due.id, due.session, due.intent
    if session is None:
        return intent
    if not wanted(session, intent.do):
        # A start that may have arrived is not forgotten: its unknown attempt is told, not repeated.
        begun = intent.do is Do.START and tx.intents.open_attempt(intent_id) is not None
        return intent if begun else None
    if intent.do is Do.START:
        return replace(intent, parameters={"reserved": reserved(tx, session)})
    if intent.do is Do.REFUSE:
        return None if _stopped(tx, session, intent) else intent
    if intent.kind is Kind.CONFIRM_CHARGE and tx.intents.open_attempt(intent_id) is None:
        return None if tx.intents.pending(session.id, Kind.CANCEL_CHARGE) else intent
    if intent.do is Do.COLLECT and tx.intents.open_attempt(intent_id) is None:
        return _asking(intent, session.decided_minor or 0)
    if intent.kind in _TAKES and tx.intents.open_attempt(intent_id) is None:
        return None if session.taken else _asking(intent, session.decided_minor or 0)
    if intent.kind is Kind.REFUND and tx.intents.open_attempt(intent_id) is None:
        return _still_too_much(tx, session, intent)
    return intent


def _stopped(tx: Tx, session: Session, intent: Intent) -> bool:
    """Return whether a transaction that was to be stopped, being nobody's, has stopped."""
    named = intent.parameters["transaction_id"]
    transaction = tx.transactions.get(session.charge_point_id, named)
    if transaction is None or transaction.running:
        return False
    return not transaction.presumed or transaction.ran_on_at is None


def _still_too_much(tx: Tx, session: Session, intent: Intent) -> Intent | None:
    """Return a refund of what is still paid beyond what is owed.

    Some of it may be back by now; and a settlement gives back more where less is owed by now.
    """
    paid_by = intent.parameters["payment_intent_id"]
    left = left_minor(tx.books.movements(session.id), paid_by)
    if paid_by == session.payment_intent_id and session.state in (State.SETTLING, State.SETTLED):
        left -= session.decided_minor or 0
    asked_minor = left if intent.do is Do.SETTLE else intent.parameters["amount_minor"]
    amount_minor = min(asked_minor, left)
    return _asking(intent, amount_minor) if amount_minor > 0 else None


def _asking(intent: Intent, amount_minor: int) -> Intent:
    return replace(intent, parameters={**intent.parameters, "amount_minor": amount_minor})
