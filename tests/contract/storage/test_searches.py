"""What operators look for among all that ever was."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import Attempt, Concerned, Sought, Storage, Tx

Stored = Callable[..., Awaitable[Session]]
TELL = Intent(Do.TELL, Kind.CALLBACK, {"data": {}})


@pytest.fixture
async def three(stored: Stored, now: datetime) -> list[Session]:
    """Three sessions, a minute apart, the last two at CP-2."""
    return [
        await stored("a", opened_at=now, transaction_id="77"),
        await stored("b", opened_at=now + timedelta(minutes=1), charge_point_id="CP-2"),
        await stored(
            "c",
            opened_at=now + timedelta(minutes=2),
            charge_point_id="CP-2",
            connector_number=2,
            state=State.REVIEW,
        ),
    ]


async def names(storage: Storage, **sought: object) -> list[str]:
    wanted = replace(Sought(), **sought)  # type: ignore[arg-type]  # the fields of each call
    found = await storage.read(lambda tx: tx.searches.sessions(wanted, 10))
    return [session.id for session in found]


async def test_sessions_are_found_by_state_place_and_day_newest_first(
    storage: Storage, three: list[Session], now: datetime
) -> None:
    minute = timedelta(minutes=1)
    assert await names(storage) == ["s-c", "s-b", "s-a"]
    assert await names(storage, states=("review",)) == ["s-c"]
    assert await names(storage, charge_point_id="CP-2") == ["s-c", "s-b"]
    assert await names(storage, charge_point_id="CP-2", states=("open",)) == ["s-b"]
    assert await names(storage, states=(State.REVIEW, State.OPEN)) == ["s-c", "s-b", "s-a"]
    assert await names(storage, since=now + minute) == ["s-c", "s-b"]
    assert await names(storage, until=now + minute) == ["s-a"]


async def test_a_list_goes_on_behind_what_was_listed(
    storage: Storage, three: list[Session], stored: Stored
) -> None:
    """Be it of the same moment."""
    await stored("b2", opened_at=three[1].opened_at)
    assert await names(storage) == ["s-c", "s-b2", "s-b", "s-a"]
    place = (three[1].opened_at, "s-b2")
    assert await names(storage, before=place) == ["s-b", "s-a"]


async def test_a_session_is_found_by_its_id_and_its_transaction_s(
    storage: Storage, three: list[Session]
) -> None:
    for text, ids in (("s-b", ["s-b"]), ("77", ["s-a"]), ("9" * 30, []), ("s-", [])):
        found = await storage.read(lambda tx, text=text: tx.searches.named(text, 10))
        assert [session.id for session in found] == ids, text


async def test_what_was_to_be_done_comes_with_its_attempts(
    storage: Storage, three: list[Session], now: datetime
) -> None:
    def unit(tx: Tx) -> int:
        tx.intents.add("s-a", Intent(Do.SETTLE, Kind.CAPTURE, {"amount": 5}), now)
        (intended,) = tx.searches.intents("s-a", 10)
        for number in (1, 2):
            attempt = Attempt(number=number, key=f"k{number}", request={}, started_at=now)
            tx.intents.begin_attempt(intended.id, attempt)
        tx.intents.close_attempt(intended.id, 1, "refused", now)
        return int(intended.id)

    number = await storage.transact(unit)
    (intended,) = await storage.read(lambda tx: tx.searches.intents("s-a", 10))
    assert (intended.kind, intended.status, intended.parameters) == (
        "capture",
        "waiting",
        {"amount": 5},
    )
    tried = await storage.read(lambda tx: tx.searches.attempts("s-a", 10))
    assert [(t.intent_id, t.number, t.outcome) for t in tried] == [
        (number, 1, "refused"),
        (number, 2, None),
    ]
    (last,) = await storage.read(lambda tx: tx.searches.attempts("s-a", 1))
    assert last.number == 2
    assert await storage.read(lambda tx: tx.searches.intents("s-b", 10)) == []


async def test_sessions_that_wait_are_named_once_each_the_longest_waiting_first(
    storage: Storage, three: list[Session], now: datetime
) -> None:
    """In one lane; what is a customer's own has no session to be named."""
    minute = timedelta(minutes=1)

    def unit(tx: Tx) -> tuple[list[Concerned], list[Concerned]]:
        for minutes, name in enumerate(("s-b", "s-a", "s-b", "s-c")):
            tx.intents.add(name, TELL, now + minutes * minute)
        tx.intents.add_of("CP1/7", TELL, now - minute)
        tx.intents.add("s-c", Intent(Do.SETTLE, Kind.CAPTURE), now - minute)
        return tx.searches.waiting("csms", 2), tx.searches.waiting("csms", 10)

    first, every = await storage.transact(unit)
    assert every == [
        Concerned(session_id="s-b", at=now),
        Concerned(session_id="s-a", at=now + minute),
        Concerned(session_id="s-c", at=now + 3 * minute),
    ]
    assert first == every[:2]


async def test_sessions_of_which_something_was_given_up_are_named_the_last_first(
    storage: Storage, three: list[Session], now: datetime
) -> None:
    """Once each, and as long as it is not tried again."""
    minute = timedelta(minutes=1)

    def unit(tx: Tx) -> list[Concerned]:
        for minutes, name in enumerate(("s-b", "s-a", "s-b", "s-c")):
            tx.intents.add(name, TELL, now)
            told = tx.intents.unfinished(name)[-1]
            tx.intents.finish(told.id, "failed", "away", now + minutes * minute)
        tx.intents.revive(told.id, now)
        return tx.searches.given_up(Kind.CALLBACK, 10)

    assert await storage.transact(unit) == [
        Concerned(session_id="s-b", at=now + 2 * minute),
        Concerned(session_id="s-a", at=now + minute),
    ]
