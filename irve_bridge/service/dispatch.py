"""Intents → performed once; the outcome comes back as facts.

Claim with a lease, commit, perform, then in one transaction mark it done and apply what came of it.
An outcome whose lease has passed to somebody else is not applied. What a session's state no longer
wants is cancelled when its turn comes.
"""

import asyncio
import random
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.intents import Intent, Lane
from irve_bridge.domain.lifecycle import WANTED
from irve_bridge.domain.session import Session
from irve_bridge.service.handle import Handler, Work, apply
from irve_bridge.service.pace import pause
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import (
    Again,
    Attempt,
    Clock,
    Done,
    Failed,
    Hand,
    Outcome,
    Storage,
    Task,
    Tx,
)

log = structlog.get_logger()

CONCURRENT = 64
POLL_S = 1.0


class Dispatcher:
    """Claims what is due in its hands' lanes and performs it."""

    def __init__(
        self,
        storage: Storage,
        handler: Handler,
        clock: Clock,
        policy: Policy,
        hands: Mapping[Lane, Hand],
    ) -> None:
        self._storage = storage
        self._handler = handler
        self._clock = clock
        self._policy = policy
        self._hands = hands
        self._awake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        handler.after_commit(lambda work: self._awake.set() if work.changed else None)

    async def run(self) -> None:
        """Work until cancelled; what is being performed then is left to its lease."""
        try:
            while True:
                self._awake.clear()
                tasks = await self._claim()
                for task in tasks:
                    self._start(task)
                if not tasks:
                    await self._rest()
        finally:
            for running in self._running:
                running.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _claim(self) -> list[Task]:
        room = CONCURRENT - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            room = 1
        now = self._clock.now()
        waiting = await self._storage.read(
            lambda tx: tx.intents.next_due(list(self._hands), now, 1)
        )
        if not waiting:
            return []
        return await self._storage.transact(lambda tx: self._claim_in(tx, now, room))

    def _claim_in(self, tx: Tx, now: datetime, room: int) -> list[Task]:
        tasks = []
        for intent_id, session, intent, created_at, tries in tx.intents.next_due(
            list(self._hands), now, room
        ):
            if session.state not in WANTED[intent.do]:
                tx.intents.finish(intent_id, "cancelled", f"session is {session.state}", now)
                self._awake.set()
                continue
            lease = secrets.token_hex(8)
            tx.intents.claim(intent_id, lease, now + self._policy.lease)
            attempt = self._attempt(tx, intent_id, session, intent, now)
            tasks.append(
                Task(
                    intent_id=intent_id,
                    lease=lease,
                    session=session,
                    intent=intent,
                    attempt=attempt,
                    created_at=created_at,
                    tries=tries + 1,
                )
            )
        return tasks

    def _attempt(
        self, tx: Tx, intent_id: int, session: Session, intent: Intent, now: datetime
    ) -> Attempt:
        """Return the attempt whose outcome is unknown, or store a new one."""
        if unknown := tx.intents.open_attempt(intent_id):
            return unknown
        number = tx.intents.last_attempt_number(intent_id) + 1
        attempt = Attempt(
            number=number,
            key=f"{session.id}:{intent_id}:{number}",
            request=self._hands[intent.kind.lane].prepare(session, intent),
            started_at=now,
        )
        tx.intents.begin_attempt(intent_id, attempt)
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
        try:
            outcome = await self._hands[task.intent.kind.lane].perform(task)
        except Exception:
            log.exception("intent_crashed", kind=task.intent.kind, session_id=task.session.id)
            outcome = Again(reason="crashed", known=False)
        await self._handler.run(lambda work: self._conclude(work, task, outcome))

    def _conclude(self, work: Work, task: Task, outcome: Outcome) -> None:
        now = self._clock.now()
        intents = work.tx.intents
        if not intents.leased(task.intent_id, task.lease, now):
            log.warning("lease_lost", kind=task.intent.kind, session_id=task.session.id)
            return
        match outcome:
            case Done():
                intents.close_attempt(task.intent_id, task.attempt.number, "done", now)
                intents.finish(task.intent_id, "done", None, now)
            case Failed(reason=reason):
                intents.close_attempt(task.intent_id, task.attempt.number, "failed", now)
                intents.finish(task.intent_id, "failed", reason, now)
            case Again():
                if outcome.known or outcome.burnt:
                    verdict = "absent" if outcome.known else "burnt"
                    intents.close_attempt(task.intent_id, task.attempt.number, verdict, now)
                after = self._backoff(task.tries) if outcome.after is None else outcome.after
                intents.postpone(task.intent_id, now + after, outcome.reason)
        for fact in outcome.facts:
            if isinstance(fact, SessionFact):
                apply(work, fact)

    def _backoff(self, tries: int) -> timedelta:
        delay: timedelta = self._policy.retry_first * 2 ** min(tries - 1, 20)
        return min(delay, self._policy.retry_most) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter

    async def _rest(self) -> None:
        """Until something is committed, the next intent is due, or the poll comes round."""
        moment = await self._storage.read(lambda tx: tx.intents.next_moment(list(self._hands)))
        now = self._clock.now()
        due_at = moment if moment and moment > now else None
        await pause(self._awake, self._clock, due_at, POLL_S)
