"""A session is stored whole, changed by one at a time, and alone at its connector."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.decide import Step
from irve_bridge.domain.facts import PaymentSecured
from irve_bridge.domain.lifecycle import Event
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import ALONE, StaleSession, Storage, Tx

Opened = Callable[..., Session]
Stored = Callable[..., Awaitable[Session]]
SECOND = timedelta(seconds=1)


def secured(session: Session, at: datetime) -> PaymentSecured:
    return PaymentSecured(at=at, session_id=session.id, secured_minor=5000)


async def add(storage: Storage, session: Session, until: datetime) -> bool:
    return await storage.transact(lambda tx: tx.sessions.add(session, until))


async def save(storage: Storage, session: Session, at: datetime, **changes: Any) -> Session:
    changed = replace(session, **changes)
    return await storage.transact(lambda tx: tx.sessions.save(changed, [], secured(session, at)))


async def holder(storage: Storage, at: datetime) -> str | None:
    found = await storage.read(lambda tx: tx.sessions.at_connector("CP1", 1, at))
    return found.id if found else None


async def test_a_session_comes_back_equal(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    """Every field: enums, moments to the microsecond, the frozen tariff, the exact cost."""
    session = opened(state=State.REVIEW, deadline_at=now, secured_minor=1, email="é@x.fr")
    assert await add(storage, session, later)

    def find(tx: Tx) -> list[Session | None]:
        return [tx.sessions.get(session.id), tx.sessions.by_token(session.token)]

    assert await storage.read(find) == [session, session]


async def test_an_unknown_session_is_none(storage: Storage, now: datetime) -> None:
    def find(tx: Tx) -> list[object]:
        sessions = tx.sessions
        return [
            sessions.get("x"),
            sessions.by_token("x"),
            sessions.by_id_tag("CP1", "x"),
            sessions.by_provider_object("stripe", "acct_1", ["x"]),
            sessions.by_provider_object("stripe", "acct_1", []),
            sessions.at_connector("CP1", 1, now),
        ]

    assert await storage.read(find) == [None] * 6


@pytest.mark.parametrize("said", ["A1B2", "a1b2", "A1b2"])
async def test_a_tag_is_found_whatever_the_case_of_its_letters(
    storage: Storage, stored: Stored, said: str
) -> None:
    session = await stored(id_tag="a1B2")
    key = session.charge_point_id
    assert await storage.read(lambda tx: tx.sessions.by_id_tag(key, said)) == session
    assert await storage.read(lambda tx: tx.sessions.by_id_tag("CP9", said)) is None


# The connector


async def test_of_those_who_open_at_one_connector_exactly_one_wins(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    """The losers leave nothing behind."""
    rivals = [opened(str(i)) for i in range(10)]
    won = await asyncio.gather(*(add(storage, rival, later) for rival in rivals))
    assert won.count(True) == 1
    assert await holder(storage, now) == rivals[won.index(True)].id
    assert len(await storage.read(lambda tx: tx.sessions.search())) == 1


async def test_another_connector_is_another_claim(
    storage: Storage, opened: Opened, later: datetime
) -> None:
    assert await add(storage, opened("a"), later)
    assert await add(storage, opened("b", connector_number=2), later)


async def test_a_claim_lapses_when_its_time_is_over(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    await add(storage, opened("a"), later)
    assert await holder(storage, later - SECOND) == "s-a"
    assert await holder(storage, later) is None
    assert not await add(storage, opened("b", opened_at=later - SECOND), later)
    assert await add(storage, opened("b", opened_at=later), later + SECOND)
    assert await holder(storage, later) == "s-b"


async def test_a_secured_session_keeps_its_connector_for_good(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    session = opened("a")
    await add(storage, session, later)
    assert await storage.transact(lambda tx: tx.sessions.hold_connector(session, now))
    far = later + timedelta(days=3)
    assert await holder(storage, far) == "s-a"
    assert not await add(storage, opened("b", opened_at=far), far + SECOND)


async def test_only_an_open_session_s_claim_lapses(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    session = opened("a")
    await add(storage, session, later)
    await save(storage, session, now, state=State.SECURED)
    assert await holder(storage, later + SECOND) == "s-a"
    assert not await add(storage, opened("b", opened_at=later + SECOND), later + 2 * SECOND)


@pytest.mark.parametrize("taken", [False, True])
async def test_a_lapsed_claim_can_be_taken_back_unless_somebody_else_has_it(
    storage: Storage, opened: Opened, later: datetime, taken: bool
) -> None:
    session = opened("a")
    await add(storage, session, later)
    if taken:
        assert await add(storage, opened("b", opened_at=later), later + SECOND)
    assert (
        await storage.transact(lambda tx: tx.sessions.hold_connector(session, later)) is not taken
    )
    assert await holder(storage, later) == ("s-b" if taken else "s-a")


async def test_a_lapsed_rival_does_not_keep_a_paid_driver_out(
    storage: Storage, opened: Opened, later: datetime
) -> None:
    session, rival = opened("a"), opened("b", opened_at=later)
    await add(storage, session, later)
    await add(storage, rival, later + SECOND)
    after = later + 2 * SECOND
    assert await storage.transact(lambda tx: tx.sessions.hold_connector(session, after))
    assert await holder(storage, after) == "s-a"


@pytest.mark.parametrize("state", list(State))
async def test_saving_frees_the_connector_only_where_the_state_no_longer_holds_it(
    storage: Storage, opened: Opened, now: datetime, later: datetime, state: State
) -> None:
    session = opened("a")
    await add(storage, session, later)
    await save(storage, session, now, state=state)
    assert await holder(storage, now) == ("s-a" if state.holds_connector else None)
    assert await add(storage, opened("b"), later) is not state.holds_connector


async def test_saving_does_not_prolong_a_claim(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    session = opened("a")
    await add(storage, session, later)
    await save(storage, session, now, customer_id="cus_1")
    assert await holder(storage, later) is None


async def test_a_session_that_is_over_takes_no_connector(
    storage: Storage, opened: Opened, now: datetime, later: datetime
) -> None:
    """A payment that arrives after the driver gave up must not lock the connector."""
    session = opened("a")
    await add(storage, session, later)
    given_up = await save(storage, session, now, state=State.ABANDONED)
    assert not await storage.transact(lambda tx: tx.sessions.hold_connector(given_up, now))
    assert await add(storage, opened("b"), later)


# Saving


async def test_a_saved_session_has_a_new_version_and_its_history(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    session = await stored()
    steps = [
        Step(Event.SECURED, State.OPEN, State.SECURED),
        Step(Event.STARTED, State.SECURED, State.CHARGING),
    ]
    fact = secured(session, now)

    def unit(tx: Tx) -> Session:
        saved = tx.sessions.save(replace(session, state=State.SECURED), steps, fact)
        return tx.sessions.save(saved, steps[:1], fact)

    saved = await storage.transact(unit)
    assert saved == replace(session, state=State.SECURED, version=2)
    assert await storage.read(lambda tx: tx.sessions.get(session.id)) == saved
    history = await storage.read(lambda tx: tx.sessions.history(session.id))
    assert [(h.sequence, h.event, h.before, h.after) for h in history] == [
        (1, "payment secured", "open", "secured"),
        (2, "transaction started", "secured", "charging"),
        (3, "payment secured", "open", "secured"),
    ]
    assert {h.at for h in history} == {now}
    assert (history[0].fact["type"], history[0].fact["secured_minor"]) == ("PaymentSecured", 5000)


async def test_a_stale_session_is_refused_and_leaves_no_trace(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    session = await stored()
    current = await save(storage, session, now, state=State.SECURED)
    with pytest.raises(StaleSession):
        await save(storage, session, now, state=State.ABANDONED, customer_id="cus_9")
    assert await storage.read(lambda tx: tx.sessions.get(session.id)) == current
    assert await storage.read(lambda tx: tx.sessions.history(session.id)) == []


async def test_of_two_who_change_one_session_at_once_neither_is_lost(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    session = await stored()

    def count(tx: Tx) -> None:
        current = tx.sessions.get(session.id)
        assert current is not None
        changed = replace(current, callback_sequence=current.callback_sequence + 1)
        tx.sessions.save(changed, [], secured(session, now))

    await asyncio.gather(*(storage.transact(count) for _ in range(20)))
    changed = await storage.read(lambda tx: tx.sessions.get(session.id))
    assert changed is not None
    assert (changed.callback_sequence, changed.version) == (20, 20)


@pytest.mark.parametrize(
    "name",
    ["customer_id", "checkout_id", "setup_intent_id", "payment_method_id", "payment_intent_id"],
)
async def test_every_provider_object_leads_to_its_session(
    storage: Storage, stored: Stored, now: datetime, name: str
) -> None:
    """Whether it was known from the beginning or learnt later, and only in its own account."""
    born, learnt = await stored("a", **{name: "obj_a"}), await stored("b")
    learnt = await save(storage, learnt, now, **{name: "obj_b"})

    def find(tx: Tx) -> list[Session | None]:
        by = tx.sessions.by_provider_object
        return [
            by("stripe", "acct_1", ["evt_1", "obj_a"]),
            by("stripe", "acct_1", ["obj_b"]),
            by("stripe", "acct_2", ["obj_a"]),
            by("other", "acct_1", ["obj_a"]),
        ]

    assert await storage.read(find) == [born, learnt, None, None]


async def test_the_first_object_named_decides_whose_it_is(storage: Storage, stored: Stored) -> None:
    """A customer may come back with a later session; a payment is one session's only."""
    earlier = await stored("a", customer_id="cus_1", payment_intent_id="pi_a")
    latest = await stored("b", customer_id="cus_1", payment_intent_id="pi_b")

    def find(tx: Tx) -> list[Session | None]:
        by = tx.sessions.by_provider_object
        return [by("stripe", "acct_1", ["pi_a", "cus_1"]), by("stripe", "acct_1", ["cus_1"])]

    assert await storage.read(find) == [earlier, latest]


# Lists


async def test_the_secured_ones_of_a_charge_point_wait_there(
    storage: Storage, stored: Stored
) -> None:
    one = await stored("a", charge_point_id="CP1", state=State.SECURED)
    two = await stored("b", charge_point_id="CP1", state=State.SECURED, connector_number=2)
    await stored("c", charge_point_id="CP1", connector_number=3)
    await stored("d", state=State.SECURED)
    assert await storage.read(lambda tx: tx.sessions.waiting_at("CP1")) == [one, two]
    assert await storage.read(lambda tx: tx.sessions.waiting_at("CP1", 2)) == [two]


async def test_deadlines_are_due_at_their_moment_earliest_first(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    at_now = await stored("a", deadline_at=now)
    before = await stored("b", deadline_at=now - SECOND)
    await stored("c", deadline_at=now + SECOND)
    await stored("d")
    assert await storage.read(lambda tx: tx.sessions.due(ALONE, now, 10)) == [before, at_now]
    assert await storage.read(lambda tx: tx.sessions.due(ALONE, now, 1)) == [before]


async def test_a_deadline_is_looked_at_by_the_node_that_has_the_charge_point(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    mine, others, nobodys = [
        await stored(name, deadline_at=now - number * SECOND)
        for name, number in {"a": 3, "b": 2, "c": 1}.items()
    ]

    def unit(tx: Tx) -> None:
        for session, node_id in ((mine, "m" * 16), (others, "o" * 16)):
            named = session.charge_point_id
            point = ChargePoint(id=named, name="", operator_name="", operator_phone="")
            tx.stations.put(point)
            tx.nodes.take(node_id, named)
            tx.nodes.join(node_id)
        assert tx.sessions.due("m" * 16, now, 10) == [mine, nobodys]
        tx.nodes.leave("o" * 16)
        assert tx.sessions.due("m" * 16, now, 10) == [mine, others, nobodys]

    await storage.transact(unit)


async def test_a_postponed_session_differs_in_its_deadline_only(
    storage: Storage, stored: Stored, now: datetime, later: datetime
) -> None:
    """Its version and history too are as before, and nobody else's deadline moves."""
    session, other = await stored("a", deadline_at=now), await stored("b", deadline_at=now)
    await storage.transact(lambda tx: tx.sessions.postpone(session.id, later))

    def found(tx: Tx) -> list[object]:
        return [tx.sessions.get("s-a"), tx.sessions.get("s-b"), tx.sessions.history("s-a")]

    assert await storage.read(found) == [replace(session, deadline_at=later), other, []]


@pytest.mark.parametrize("after", [None, timedelta(), timedelta(days=3)])
async def test_a_deadline_that_a_change_of_state_set_meanwhile_is_left(
    storage: Storage, stored: Stored, now: datetime, later: datetime, after: timedelta | None
) -> None:
    session = await stored("a", deadline_at=now)
    moved = await save(storage, session, now, deadline_at=None if after is None else later + after)
    await storage.transact(lambda tx: tx.sessions.postpone(session.id, later))
    assert await storage.read(lambda tx: tx.sessions.get("s-a")) == moved


async def test_sessions_are_listed_newest_first(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    old = await stored("a", opened_at=now - SECOND, state=State.SETTLED)
    new = await stored("b")
    assert await storage.read(lambda tx: tx.sessions.search()) == [new, old]
    assert await storage.read(lambda tx: tx.sessions.search(limit=1)) == [new]
    assert await storage.read(lambda tx: tx.sessions.search("settled")) == [old]
