"""Every session compared with what the payment provider and the CSMS know of it, and repaired.

Nothing here moves money: what differs is looked at again, as after a webhook, and the facts that
come of it do the rest.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from irve_bridge.domain.intents import Kind, Lane
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import Session, State
from irve_bridge.service.books import left_minor
from irve_bridge.service.handle import Handler
from irve_bridge.service.ports import (
    Clock,
    Movement,
    Payments,
    ProviderUnreachable,
    Sighting,
    Storage,
    Tx,
    Unfinished,
)

log = structlog.get_logger()

PAGE = 200
FIRST_AFTER = timedelta(minutes=10)
_FORGETTING = frozenset({Kind.FORGET_CARD, Kind.FORGET_CUSTOMER})
_OVER = DONE | {State.DUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference. `repaired`: it is put right, or what puts it right is under way."""

    session_id: str | None
    kind: str
    detail: str
    repaired: bool


@dataclass(frozen=True, slots=True)
class _Story:
    """What is remembered of one session."""

    session: Session
    booked: Sequence[Movement]
    unfinished: Sequence[Unfinished]

    @property
    def money_moves(self) -> bool:
        """Whether a call that moves money is still to be made or concluded."""
        return any(
            intent.status == "waiting"
            and Kind(intent.kind).lane in (Lane.MONEY, Lane.REFUNDS)
            and intent.kind not in _FORGETTING
            for intent in self.unfinished
        )


class Reconciler:
    """Compares the sessions opened in a span of time, and the payments made in it."""

    def __init__(
        self, storage: Storage, handler: Handler, clock: Clock, payments: Payments
    ) -> None:
        self._storage = storage
        self._handler = handler
        self._clock = clock
        self._payments = payments

    async def nightly(self, every: timedelta, back: timedelta) -> None:
        """Reconcile again and again until cancelled, each time what lies `back` from then."""
        await self._clock.sleep(min(every, FIRST_AFTER))
        while True:
            now = self._clock.now()
            try:
                await self.run(now - back, now)
            except ProviderUnreachable:
                log.warning("reconcile_postponed", reason="the provider did not answer")
            await self._clock.sleep(every)

    async def run(self, since: datetime, until: datetime) -> list[Finding]:
        """Return what differed in [since, until), the repaired included.

        Raises:
            ProviderUnreachable: The provider could not be asked; nothing is lost by asking later.
        """
        findings = []
        async for session in self._sessions(since, until):
            findings += await self._undelivered(session)
            findings += await self._by_our_books(session)
        findings += await self._storage.read(partial(_unbilled, since=since, until=until))
        for account in await self._storage.read(_accounts):
            async for sighting in self._payments.sightings(account, since, until):
                findings += await self._by_theirs(sighting)
        for finding in findings:
            log.warning("reconcile_found", **asdict(finding))
        log.info("reconciled", found=len(findings), repaired=sum(f.repaired for f in findings))
        return findings

    async def _sessions(self, since: datetime, until: datetime) -> AsyncIterator[Session]:
        after = ""
        while page := await self._storage.read(
            partial(_page, since=since, until=until, after=after)
        ):
            for session in page:
                yield session
            after = page[-1].id

    async def _undelivered(self, session: Session) -> list[Finding]:
        """Have the CSMS told again what it never took."""
        revived = await self._handler.run(
            lambda work: _revive(work.tx, session.id, self._clock.now())
        )
        return [
            Finding(
                session_id=session.id,
                kind="callback_undelivered",
                detail=callback.note or "",
                repaired=True,
            )
            for callback in revived
        ]

    async def _by_our_books(self, session: Session) -> list[Finding]:
        story = await self._story(session.id)
        found = differs_here(story) if story else None
        return [await self._repair(session.id, found)] if found else []

    async def _by_theirs(self, sighting: Sighting) -> list[Finding]:
        story = await self._story(sighting.session_id)
        if story is None:
            detail = f"{sighting.payment_id} names a session that is not known here"
            return [
                Finding(
                    session_id=sighting.session_id,
                    kind="unknown_session",
                    detail=detail,
                    repaired=False,
                )
            ]
        found = differs_there(story, sighting)
        return [await self._repair(story.session.id, found, sighting)] if found else []

    async def _repair(
        self, session_id: str, found: tuple[str, str], sighting: Sighting | None = None
    ) -> Finding:
        """Look at everything of the session, apply it, and say whether that put it right."""
        before = await self._story(session_id)
        if before is not None:
            for fact in await self._payments.observe(before.session):
                await self._handler.apply(fact)
        after = await self._story(session_id)
        kind, detail = found
        right = after is not None and (
            after.money_moves or (differs_here(after) is None and _seen_right(after, sighting))
        )
        return Finding(session_id=session_id, kind=kind, detail=detail, repaired=right)

    async def _story(self, session_id: str) -> _Story | None:
        return await self._storage.read(partial(_story, session_id=session_id))


def differs_here(story: _Story) -> tuple[str, str] | None:
    """Return what is wrong with a session by our own records alone: its kind and what is seen."""
    session = story.session
    if story.money_moves:
        return None
    if session.state in (State.SETTLING, State.RELEASING):
        return "stuck", f"{session.state}, and nothing is under way"
    if session.state is State.SETTLED and session.paid_minor != session.decided_minor:
        return "paid_differs", f"decided {session.decided_minor}, paid {session.paid_minor}"
    return None


def differs_there(story: _Story, sighting: Sighting) -> tuple[str, str] | None:
    """Return what the provider has otherwise than our books."""
    session = story.session
    if story.money_moves:
        return None
    own = sighting.payment_id == session.payment_intent_id
    booked_minor = left_minor(story.booked, sighting.payment_id)
    if sighting.taken_minor != booked_minor:
        seen = f"{sighting.payment_id}: taken {sighting.taken_minor}, booked {booked_minor}"
        return "paid_unknown", seen
    if sighting.held_minor and (session.state in _OVER or not own):
        return "held_forgotten", f"{sighting.payment_id}: {sighting.held_minor} still held"
    if sighting.taken_minor and not own:
        return "paid_twice", f"{sighting.payment_id}: {sighting.taken_minor} beside the session's"
    return None


def _seen_right(story: _Story, sighting: Sighting | None) -> bool:
    return sighting is None or differs_there(story, sighting) is None


def _page(tx: Tx, since: datetime, until: datetime, after: str) -> list[Session]:
    return tx.sessions.opened_between(since, until, after, PAGE)


def _story(tx: Tx, session_id: str) -> _Story | None:
    session = tx.sessions.get(session_id)
    if session is None:
        return None
    return _Story(session, tx.books.movements(session_id), tx.intents.unfinished(session_id))


def _revive(tx: Tx, session_id: str, at: datetime) -> list[Unfinished]:
    failed = [
        intent
        for intent in tx.intents.unfinished(session_id)
        if intent.status == "failed" and intent.kind == Kind.CALLBACK
    ]
    for intent in failed:
        tx.intents.revive(intent.id, at)
    return failed


def _unbilled(tx: Tx, since: datetime, until: datetime) -> list[Finding]:
    """Energy on a driver's tag that no session bills: it came after the money was given back."""
    return [
        Finding(
            session_id=session.id,
            kind="unbilled_energy",
            detail=f"{t.charge_point_id}: transaction {t.id}, {t.meter_start_wh} to "
            f"{t.meter_stop_wh} Wh",
            repaired=False,
        )
        for t in tx.transactions.unbilled(since, until)
        if (session := tx.sessions.by_id_tag(t.charge_point_id, t.id_tag))
    ]


def _accounts(tx: Tx) -> list[str]:
    """Every account that takes money here; the platform's own, "", comes first."""
    return sorted({point.account for point in tx.stations.charge_points()})
