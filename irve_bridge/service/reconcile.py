"""Sessions compared with what the payment provider and the CSMS know of them, and repaired.

Compared are those opened in a span of time, every payment made in it, and every session whose money
is open or disputed, whatever its age. What else happens to one that is over, such as a refund made
by hand, the provider told in the span in which it happened: lost webhooks are heard after all.

Nothing here moves money: what differs is looked at again, as after a webhook, and the facts that
come of it do the rest.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from irve_bridge.domain.intents import Kind
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.differences import Story, differs, differs_here, differs_there, story
from irve_bridge.service.handle import Handler, Work
from irve_bridge.service.hints import hear, unheard
from irve_bridge.service.ports import (
    Clock,
    Payments,
    ProviderUnreachable,
    Sighting,
    Storage,
    Tx,
    Unfinished,
)
from irve_bridge.service.presume import last_reading

log = structlog.get_logger()
_Page = Callable[[str], Callable[[Tx], list[Session]]]

PAGE = 200
FIRST_SHARE = 144
"""The first comes after so small a part of the time between two: of a day, ten minutes."""
UNREACHABLE = "unreachable"
_NOT_DONE = frozenset(State) - DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference. `repaired`: it is put right, or what puts it right is under way.

    Of kind `unreachable`: what could not be compared, a session or, without one, an account.
    """

    session_id: str | None
    kind: str
    detail: str
    repaired: bool


@dataclass(slots=True)
class _Comparison:
    """What was found so far, at which accounts there is something to ask, and which answered."""

    findings: list[Finding] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    silence: ProviderUnreachable | None = None

    def add(self, finding: Finding) -> None:
        log.warning("reconcile_found", **asdict(finding))
        self.findings.append(finding)

    def missed(self, session_id: str | None, what: str, error: Exception) -> None:
        """Name what could not be compared, why, and what differed so far."""
        why = str(error) if isinstance(error, ProviderUnreachable) else type(error).__name__
        detail = "; ".join([f"{what}: {why}", *getattr(error, "__notes__", [])])
        self.add(
            Finding(session_id=session_id, kind=UNREACHABLE, detail=detail, repaired=False),
        )


class Reconciler:
    """Compares sessions with the payments that name them; one's trouble is not the others'."""

    def __init__(
        self, storage: Storage, handler: Handler, clock: Clock, payments: Payments
    ) -> None:
        self._storage = storage
        self._handler = handler
        self._clock = clock
        self._payments = payments

    async def nightly(
        self, every: timedelta, back: timedelta, is_its_turn: Callable[[], Awaitable[bool]]
    ) -> None:
        """Reconcile again and again until cancelled, each time what lies `back` from then.

        Of several nodes one does, of which `is_its_turn` says so.
        """
        await self._clock.sleep(every / FIRST_SHARE)
        while True:
            if await is_its_turn():
                await self._once(back)
            await self._clock.sleep(every)

    async def _once(self, back: timedelta) -> None:
        now = self._clock.now()
        try:
            await self.run(now - back, now)
        except ProviderUnreachable as error:
            log.warning("reconcile_postponed", reason=str(error))

    async def run(self, since: datetime, until: datetime) -> list[Finding]:
        """Return what differed, the repaired included, and what could not be compared.

        [since, until) is when a session was opened or a payment made; what is open is older, too.

        Raises:
            ProviderUnreachable: No account could be asked; nothing is lost by asking later.
        """
        done = _Comparison()
        await self._tell_again(done)
        for sessions in (_opened(since, until), _left_open(since)):
            async for session in self._pages(sessions):
                done.accounts.add(session.account)
                await _try(done, session.id, self._by_our_books(session.id))
        for of in (_unbilled, _ran_on):
            for finding in await self._storage.read(partial(of, since=since, until=until)):
                done.add(finding)
        done.accounts |= await self._storage.read(_accounts)
        for account in sorted(done.accounts):
            await self._at_account(done, account, since, until)
        if done.silence is not None and not done.answered:
            raise done.silence
        async for session in self._pages(_left_open(since)):
            if session.account in done.answered:
                await _try(done, session.id, self._payments_of(session))
        found = done.findings
        log.info("reconciled", found=len(found), repaired=sum(f.repaired for f in found))
        return found

    async def _tell_again(self, done: _Comparison) -> None:
        """Have the CSMS told again what it never took, whatever the age of its session."""
        after_id, now = 0, self._clock.now()
        while failed := await self._handler.run(partial(_revive, after_id=after_id, at=now)):
            for callback in failed:
                done.add(
                    Finding(
                        session_id=callback.session_id,
                        kind="callback_undelivered",
                        detail=callback.note or "",
                        repaired=True,
                    )
                )
            after_id = failed[-1].id

    async def _pages(self, page: _Page) -> AsyncIterator[Session]:
        after = ""
        while sessions := await self._storage.read(page(after)):
            for session in sessions:
                yield session
            after = sessions[-1].id

    async def _at_account(
        self, done: _Comparison, account: str, since: datetime, until: datetime
    ) -> None:
        """Compare every payment of a span, and every session of whose money was told in it."""
        name = f"account {account}" if account else "the platform's account"
        await _ask(done, name, self._by_their_payments(done, account, since, until))
        if account in done.answered:  # whoever is silent is asked nothing more
            await _ask(done, f"events of {name}", self._by_their_word(done, account, since, until))

    async def _by_their_payments(
        self, done: _Comparison, account: str, since: datetime, until: datetime
    ) -> None:
        async for sighting in self._payments.sightings(account, since, until):
            done.answered.add(account)
            await _try(done, sighting.session_id, self._by_theirs(sighting))
        done.answered.add(account)

    async def _by_their_word(
        self, done: _Comparison, account: str, since: datetime, until: datetime
    ) -> None:
        """Compare each session of which a webhook should have told, then hear it after all."""
        compared = set[str]()
        async for hint in self._payments.hints(account, since, until):
            session = await self._storage.read(partial(unheard, hint=hint))
            if session is None:
                continue
            if session.id not in compared:
                compared.add(session.id)
                await _try(done, session.id, self._payments_of(session))
            await self._handler.run(partial(hear, hint=hint))

    async def _by_our_books(self, session_id: str) -> AsyncIterator[Finding]:
        known = await self._story(session_id)
        if known is None:
            return
        if found := differs_here(known):
            yield await self._repair(session_id, found)

    async def _payments_of(self, session: Session) -> AsyncIterator[Finding]:
        async for sighting in self._payments.sightings_of(session):
            async for finding in self._by_theirs(sighting):
                yield finding

    async def _by_theirs(self, sighting: Sighting) -> AsyncIterator[Finding]:
        known = await self._story(sighting.session_id)
        if known is None:
            yield Finding(
                session_id=sighting.session_id,
                kind="unknown_session",
                detail=f"{sighting.payment_id} names a session that is not known here",
                repaired=False,
            )
        elif found := differs_there(known, sighting):
            yield await self._repair(known.session.id, found, sighting)

    async def _repair(
        self, session_id: str, found: tuple[str, str], sighting: Sighting | None = None
    ) -> Finding:
        """Look at everything of the session, apply it, and say whether that put it right."""
        kind, detail = found
        named = (sighting.payment_id,) if sighting else ()
        try:
            before = await self._story(session_id)
            if before is not None:
                for fact in await self._payments.observe(before.session, named):
                    await self._handler.apply(fact)
        except Exception as error:
            error.add_note(f"{kind}: {detail}")
            raise
        after = await self._story(session_id)
        right = after is not None and differs(after, sighting) is None
        return Finding(session_id=session_id, kind=kind, detail=detail, repaired=right)

    async def _story(self, session_id: str) -> Story | None:
        return await self._storage.read(partial(story, session_id=session_id))


async def _ask(done: _Comparison, name: str, asking: Awaitable[None]) -> None:
    """Have an account asked; where that fails, name it."""
    try:
        await asking
    except ProviderUnreachable as error:
        done.silence = error
        done.missed(None, name, error)
    except Exception as error:
        log.exception("reconcile_failed", account=name)
        done.missed(None, name, error)


async def _try(done: _Comparison, session_id: str, findings: AsyncIterator[Finding]) -> None:
    """Take what is found of one session, where that fails its name; what stays so, once."""
    try:
        async for finding in findings:
            if finding not in done.findings:
                done.add(finding)
    except ProviderUnreachable as error:
        done.missed(session_id, "could not be asked for", error)
    except Exception as error:
        log.exception("reconcile_failed", session_id=session_id)
        done.missed(session_id, "could not be compared", error)


def _opened(since: datetime, until: datetime) -> _Page:
    return lambda after: lambda tx: tx.sessions.opened_between(since, until, after, PAGE)


def _left_open(before: datetime) -> _Page:
    return lambda after: lambda tx: tx.sessions.opened_before(before, _NOT_DONE, after, PAGE)


def _revive(work: Work, after_id: int, at: datetime) -> list[Unfinished]:
    """What failed is tried again in the order in which each session was to tell it."""
    failed = work.tx.intents.failed(Kind.CALLBACK, after_id, PAGE)
    for callback in failed:
        work.tx.intents.revive(callback.id, at)
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


def _ran_on(tx: Tx, since: datetime, until: datetime) -> list[Finding]:
    """What a charge used after it was billed, its end being presumed: nobody pays for it."""
    return [
        Finding(
            session_id=t.session_id,
            kind="unbilled_after_end",
            detail=f"{t.charge_point_id}: transaction {t.id} went on after its end was presumed, "
            f"{t.meter_start_wh} to {_last_wh(tx, t)} Wh",
            repaired=False,
        )
        for t in tx.transactions.ran_on(since, until)
    ]


def _last_wh(tx: Tx, transaction: Transaction) -> int:
    if transaction.presumed or transaction.meter_stop_wh is None:
        return last_reading(tx, transaction).register_wh
    return transaction.meter_stop_wh


def _accounts(tx: Tx) -> set[str]:
    """Every account that takes money at a station; the platform's own is ""."""
    return {point.account for point in tx.stations.charge_points()}
