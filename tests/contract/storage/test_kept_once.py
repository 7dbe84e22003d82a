"""Facts, money and answers are each kept once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.facts import MessageUnreadable, ProviderSpoke
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import BEGUN, Movement, Storage, StoredReply, Tx

Stored = Callable[..., Awaitable[Session]]


async def test_a_fact_is_new_once(storage: Storage, now: datetime) -> None:
    fact = MessageUnreadable(at=now, charge_point_id="CP1", action="X", raw="\x00é", error="?")
    hint = ProviderSpoke(
        at=now,
        provider="stripe",
        account="",
        event_id="evt_1",
        type="t",
        object_ids=("pi_1",),
    )
    assert await storage.transact(lambda tx: tx.inbox.put("a", fact))
    assert not await storage.transact(lambda tx: tx.inbox.put("a", hint, "s-a"))
    assert await storage.transact(lambda tx: tx.inbox.put("b", hint, "s-nobody"))
    known = [await storage.read(lambda tx, key=key: tx.inbox.knows(key)) for key in "abc"]
    assert known == [True, True, False]


async def test_movements_are_kept_in_order(storage: Storage, stored: Stored, now: datetime) -> None:
    await stored()
    hold, capture, refund = (
        movement(kind, now, provider_id)
        for kind, provider_id in (("hold", "pi_1"), ("capture", "pi_1"), ("refund", "re_1"))
    )
    for each in (hold, capture, refund):
        assert await storage.transact(recorded(each))
    assert await storage.read(lambda tx: tx.books.movements("s-a")) == [hold, capture, refund]
    assert await storage.read(lambda tx: tx.books.movements("s-b")) == []


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"amount_minor": 1}, False),
        ({"kind": "refund"}, True),
        ({"provider_id": "pi_2"}, True),
        ({"account": "acct_2"}, True),
        ({"provider": "other"}, True),
    ],
)
async def test_one_movement_is_recorded_once(
    storage: Storage, stored: Stored, now: datetime, change: dict[str, object], new: bool
) -> None:
    """By provider, account, kind and the provider's id; the first amount stays."""
    await stored()
    first = movement("capture", now, "pi_1")
    second = replace(first, **change)  # type: ignore[arg-type]
    assert await storage.transact(lambda tx: tx.books.record(first))
    assert await storage.transact(lambda tx: tx.books.record(second)) is new
    books = await storage.read(lambda tx: tx.books.movements("s-a"))
    assert books == ([first, second] if new else [first])


async def test_a_movement_without_a_session_is_refused(storage: Storage, now: datetime) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key|null.*charge_point_id"):
        await storage.transact(lambda tx: tx.books.record(movement("hold", now, "pi_1")))


async def test_the_first_answer_under_a_key_stays(storage: Storage, now: datetime) -> None:
    first, second = StoredReply("f1", 201, '{"é": 1}'), StoredReply("f2", 409, "{}")
    assert await storage.read(lambda tx: tx.replies.get("k")) is None
    await storage.transact(lambda tx: tx.replies.put("k", first, now))
    await storage.transact(lambda tx: tx.replies.put("k", second, now))
    assert await storage.read(lambda tx: tx.replies.get("k")) == first


async def test_an_answer_is_kept_two_days(storage: Storage, now: datetime) -> None:
    """It holds the link to a driver's session; a repeat comes sooner."""
    reply, kept = StoredReply("f", 201, "{}"), timedelta(hours=48)
    await storage.transact(lambda tx: tx.replies.put("k", reply, now))
    await storage.transact(lambda tx: tx.replies.put("l", reply, now + kept))
    assert await storage.read(lambda tx: tx.replies.get("k")) == reply
    await storage.transact(lambda tx: tx.replies.put("m", reply, now + kept + timedelta(seconds=1)))
    assert await storage.read(lambda tx: tx.replies.get("k")) is None
    assert await storage.read(lambda tx: tx.replies.get("l")) == reply


def recorded(movement: Movement) -> Callable[[Tx], bool]:
    return lambda tx: tx.books.record(movement)


def movement(kind: str, at: datetime, provider_id: str) -> Movement:
    return Movement(
        session_id="s-a",
        kind=kind,
        amount_minor=700,
        currency="EUR",
        provider="stripe",
        account="acct_1",
        provider_id=provider_id,
        at=at,
    )


async def test_a_key_is_one_nodes_to_answer_until_it_answered_or_died(
    storage: Storage, now: datetime
) -> None:
    mine, others = StoredReply("f", BEGUN, "a" * 16), StoredReply("f", BEGUN, "b" * 16)
    answer = StoredReply("f", 201, "{}")

    def begin(begun: StoredReply) -> Callable[[Tx], StoredReply | None]:
        return lambda tx: tx.replies.begin("k", begun, now)

    await storage.transact(lambda tx: tx.nodes.join(mine.body))
    assert await storage.transact(begin(mine)) is None
    assert await storage.transact(begin(others)) == mine
    assert await storage.read(lambda tx: tx.replies.get("k")) is None
    assert await storage.transact(begin(mine)) is None, "it was left unanswered here"
    await storage.transact(lambda tx: tx.nodes.leave(mine.body))
    assert await storage.transact(begin(others)) is None
    await storage.transact(lambda tx: tx.replies.withdraw("k"))
    assert await storage.transact(begin(mine)) is None
    await storage.transact(lambda tx: tx.replies.put("k", answer, now))
    await storage.transact(lambda tx: tx.replies.withdraw("k"))
    assert await storage.transact(begin(others)) == answer
