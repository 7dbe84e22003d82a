"""A deadline that passed is asked about once more before it changes anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.handle import Handler, Work
from irve_bridge.service.meters import Meters
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.service.sweep import BATCH, Sweep, pass_deadline
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests.unit.domain.sessions import NOW, session

POLICY = Policy()
DAY = timedelta(days=1)


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    async with open_storage(sqlite_url) as storage:
        yield storage


def owing(**changes: Any) -> Session:
    fields = {"state": State.DUE, "due_since": NOW, "decided_minor": 1200, "deadline_at": NOW}
    return session(**fields | changes)


def held(state: State, **changes: Any) -> Session:
    fields = {"secured_minor": 3000, "payment_intent_id": "pi_1", "deadline_at": NOW} | changes
    return session(PlanName.ESTIMATED, state=state, capture_before=NOW, secured_at=NOW, **fields)


async def swept(storage: Storage, before: Session, after: timedelta) -> tuple[Session, list[str]]:
    """Let a session's deadline pass; return the session then, and what happened to it."""

    def unit(tx: Tx) -> tuple[Session | None, list[str]]:
        assert tx.sessions.add(before, NOW)
        pass_deadline(Work(tx, POLICY, OcmfVerifier()), before.id, NOW + after)
        return tx.sessions.get(before.id), [each.event for each in tx.sessions.history(before.id)]

    now, events = await storage.transact(unit)
    assert now is not None
    return now, events


async def test_a_deadline_that_was_noted_too_early_is_moved_to_where_it_is(
    storage: Storage,
) -> None:
    """The operator gives debtors more time by now, or an older release knew of no term."""
    now, events = await swept(storage, owing(), DAY)
    assert (now.state, now.deadline_at, events) == (State.DUE, NOW + POLICY.debt_term, [])


async def test_a_hold_that_was_captured_by_hand_ends_no_review(storage: Storage) -> None:
    """A person still decides: nothing is lost by waiting."""
    now, events = await swept(storage, held(State.REVIEW, paid_minor=3000), DAY)
    assert (now.state, events) == (State.REVIEW, [])
    assert now.deadline_at is not None
    assert now.deadline_at > NOW + DAY


async def test_a_deadline_that_is_to_come_is_left(storage: Storage) -> None:
    before = owing(deadline_at=NOW + 2 * DAY)
    assert await swept(storage, before, DAY) == (before, [])


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (owing(outcome="try_again_later", payment_method_id="pm_1"), DAY, "time to charge again"),
        (owing(), POLICY.debt_term, "debt's term passed"),
        (owing(paying_since=NOW), DAY, "checkout overdue"),
        (owing(paying_since=NOW), POLICY.debt_term, "checkout overdue"),
        (owing(state=State.SETTLED), POLICY.customer_kept, "customer no longer needed"),
        (
            owing(state=State.RELEASED, customer_id=None),
            POLICY.personal_data_kept,
            "personal data to be deleted",
        ),
        (held(State.CHARGING), timedelta(), "stop asked"),
        (held(State.REVIEW), timedelta(), "stopped, nothing to bill"),
    ],
)
async def test_what_time_brings(
    storage: Storage, before: Session, after: timedelta, event: str
) -> None:
    now, events = await swept(storage, before, after)
    assert events == [event]
    assert now.deadline_at is None or now.deadline_at > NOW + after, "it is not swept for ever"


# Many at once


@dataclass(frozen=True, slots=True)
class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, _: timedelta) -> None:
        raise AssertionError("one look waits for nothing")


async def look(storage: Storage) -> None:
    """Have the sweep look once."""
    bus, clock = InProcessBus(), Noon()
    handler = Handler(storage, bus, POLICY, OcmfVerifier())
    await Sweep(storage, handler, clock).once(Meters(storage, bus, clock, lambda: None))


async def behind(storage: Storage, backlog: Session) -> str:
    """Put a debt whose term has passed behind more than a page of others; look; return its state.

    Its deadline is the latest of all.
    """
    others = [replace(backlog, **names(number)) for number in range(2 * BATCH)]
    debt = owing(due_since=NOW - POLICY.debt_term, **names(-1))

    def unit(tx: Tx) -> None:
        for each in [*others, debt]:
            assert tx.sessions.add(each, NOW)

    await storage.transact(unit)
    await look(storage)
    after = await storage.read(lambda tx: tx.sessions.get(debt.id))
    assert after is not None
    return after.state


def names(number: int) -> dict[str, Any]:
    return {name: f"{name}{number}" for name in ("id", "token", "charge_point_id", "id_tag")}


async def test_no_deadline_waits_behind_a_backlog(storage: Storage) -> None:
    """After an outage or an update thousands may be looked at first: one look goes on."""
    over = owing(state=State.SETTLED, ended_at=NOW, deadline_at=NOW - DAY)
    assert await behind(storage, over) == State.WRITTEN_OFF


async def test_no_deadline_waits_behind_sessions_that_cannot_be_swept(storage: Storage) -> None:
    """They are told of, and looked at again later."""
    hopeless = owing(
        outcome="try_again_later", payment_method_id="pm_1", due_since=NOW - DAY,
        decided_minor=None, deadline_at=NOW - DAY,
    )  # fmt: skip
    with capture_logs() as logs:
        assert await behind(storage, hopeless) == State.WRITTEN_OFF
    assert [each["event"] for each in logs].count("sweep_failed") == 2 * BATCH
    with capture_logs() as logs:
        await look(storage)
    assert logs == []


async def test_what_was_asked_of_charge_points_is_forgotten_after_its_term(
    storage: Storage,
) -> None:
    """Payloads name tags, which name people: the audit is kept for a term, and no longer."""
    old_at, new_at = NOW - POLICY.commands_kept - DAY, NOW - POLICY.commands_kept + DAY

    def unit(tx: Tx) -> None:
        for at in (old_at, old_at, new_at):
            tx.commands.add("CP1", "RemoteStartTransaction", {"idTag": "CARD"}, at)

    await storage.transact(unit)
    await look(storage)
    kept = await storage.read(lambda tx: tx.commands.of("CP1", 10))
    assert [each.at for each in kept] == [new_at]
