"""A deadline that passed is asked about once more before it changes anything."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.handle import Work
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.service.sweep import pass_deadline
from irve_bridge.storage import open_storage
from irve_bridge.storage.migrate import migrate
from tests.unit.domain.sessions import NOW, session

POLICY = Policy()
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep") / "bridge.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(database: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(database, tmp_path / 'bridge.db')}"


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    async with open_storage(url) as storage:
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
        pass_deadline(Work(tx, POLICY), before.id, NOW + after)
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
