"""Intents are performed once, in order, by whoever holds the lease."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Attempt, Intents, Storage, Tx

Stored = Callable[..., Awaitable[Session]]
SECOND = timedelta(seconds=1)
CHARGE = Intent(Do.SETTLE, Kind.CREATE_CHARGE, {"amount_minor": 700, "deep": {"é": [1, None]}})
CONFIRM = Intent(Do.CONFIRM, Kind.CONFIRM_CHARGE)
START = Intent(Do.START, Kind.REMOTE_START)
ALL = list(Lane)


@pytest.fixture
async def session(stored: Stored) -> Session:
    return await stored()


async def on_intents(storage: Storage, unit: Callable[[Intents], object]) -> None:
    await storage.transact(lambda tx: unit(tx.intents) and None)


def due(intents: Intents, at: datetime, lanes: list[Lane] = ALL) -> list[Kind]:
    return [due.intent.kind for due in intents.next_due(lanes, at, 10)]


def first_id(intents: Intents, at: datetime) -> int:
    return intents.next_due(ALL, at, 1)[0].id


async def test_an_intent_is_due_with_its_session_and_exactly_as_it_was_added(
    storage: Storage, session: Session, now: datetime
) -> None:
    def unit(tx: Tx) -> None:
        tx.intents.add(session.id, CHARGE, now)
        assert tx.intents.next_due(ALL, now - SECOND, 10) == []
        (found,) = tx.intents.next_due(ALL, now, 10)
        assert (found.subject, found.session) == (session.id, session)
        assert (found.intent, found.created_at, found.tries) == (CHARGE, now, 0)

    await storage.transact(unit)


async def test_what_is_of_no_session_is_due_in_its_own_order(
    storage: Storage, session: Session, now: datetime
) -> None:
    """What one transaction has to tell comes in order, and waits for nobody else."""

    def unit(tx: Tx) -> None:
        first = replace(CHARGE, parameters={"of": "first"})
        tx.intents.add(session.id, CHARGE, now)
        tx.intents.add_of("CP1/7", first, now)
        tx.intents.add_of("CP1/7", CHARGE, now)
        found = [(due.subject, due.session) for due in tx.intents.next_due(ALL, now, 10)]
        assert found == [(session.id, session), ("CP1/7", None)]
        assert tx.intents.next_due(ALL, now, 10)[1].intent == first

    await storage.transact(unit)


async def test_only_the_lanes_asked_for_are_due(
    storage: Storage, session: Session, now: datetime
) -> None:
    def unit(tx: Tx) -> None:
        tx.intents.add(session.id, CHARGE, now)
        tx.intents.add(session.id, START, now)
        assert due(tx.intents, now, [Lane.CHARGER]) == [Kind.REMOTE_START]
        assert due(tx.intents, now, [Lane.CSMS, Lane.MAIL]) == []
        assert due(tx.intents, now) == [Kind.CREATE_CHARGE, Kind.REMOTE_START]

    await storage.transact(unit)


@pytest.mark.parametrize("status", ["done", "failed", "cancelled"])
async def test_a_lane_goes_on_only_when_what_stands_before_has_ended(
    storage: Storage, session: Session, now: datetime, status: str
) -> None:
    """Not while it is leased, nor while it waits for its next try."""

    def unit(tx: Tx) -> None:
        intents = tx.intents
        intents.add(session.id, CHARGE, now)
        intents.add(session.id, CONFIRM, now)
        intent_id = first_id(intents, now)
        assert due(intents, now) == [Kind.CREATE_CHARGE]
        intents.claim(intent_id, "lease", now + SECOND)
        assert due(intents, now) == []
        intents.postpone(intent_id, now + 60 * SECOND, "no answer")
        assert due(intents, now + 59 * SECOND) == []
        intents.finish(intent_id, status, None, now)
        assert due(intents, now) == [Kind.CONFIRM_CHARGE]

    await storage.transact(unit)


@pytest.mark.parametrize("forget", [Kind.FORGET_CARD, Kind.FORGET_CUSTOMER])
async def test_no_money_waits_for_what_is_to_be_forgotten(
    storage: Storage, session: Session, now: datetime, forget: Kind
) -> None:
    """Not even while the provider refuses it, again and again."""

    def unit(tx: Tx) -> None:
        intents = tx.intents
        intents.add(session.id, Intent(Do.FORGET, forget), now)
        intents.add(session.id, CHARGE, now)
        assert due(intents, now, [Lane.MONEY]) == [Kind.CREATE_CHARGE]
        assert due(intents, now, [Lane.AFTERWARDS]) == [forget]

    await storage.transact(unit)


async def test_one_session_does_not_wait_for_another(
    storage: Storage, stored: Stored, session: Session, now: datetime
) -> None:
    other = await stored("b")

    def unit(tx: Tx) -> None:
        tx.intents.add(session.id, CHARGE, now)
        tx.intents.add(other.id, CHARGE, now)
        tx.intents.claim(first_id(tx.intents, now), "lease", now + SECOND)
        assert [due.subject for due in tx.intents.next_due(ALL, now, 10)] == [other.id]

    await storage.transact(unit)


async def test_no_more_than_asked_for_and_the_longest_due_first(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    sessions = [await stored(name) for name in "abc"]

    def unit(tx: Tx) -> list[str]:
        for age, session in enumerate(sessions):
            tx.intents.add(session.id, CHARGE, now - age * SECOND)
        return [due.subject for due in tx.intents.next_due(ALL, now, 2)]

    assert await storage.transact(unit) == [sessions[2].id, sessions[1].id]


async def test_a_lease_lives_until_its_end_and_is_its_owner_s_only(
    storage: Storage, session: Session, now: datetime, later: datetime
) -> None:
    def unit(tx: Tx) -> None:
        intents = tx.intents
        intents.add(session.id, CHARGE, now)
        intent_id = first_id(intents, now)
        assert not intents.leased(intent_id, "mine", now)
        intents.claim(intent_id, "mine", later)
        assert intents.leased(intent_id, "mine", later - SECOND)
        assert not intents.leased(intent_id, "mine", later)
        assert not intents.leased(intent_id, "yours", now)
        assert due(intents, later - SECOND) == []
        (again,) = intents.next_due(ALL, later, 10)
        assert (again.id, again.tries) == (intent_id, 1)
        intents.claim(intent_id, "yours", later + SECOND)
        assert not intents.leased(intent_id, "mine", now)

    await storage.transact(unit)


async def test_the_lease_of_a_node_that_lives_is_not_void(
    storage: Storage, session: Session, now: datetime, later: datetime
) -> None:
    lease = "y" * 16 + ":1"

    def unit(tx: Tx) -> None:
        tx.nodes.join("y" * 16)
        tx.intents.add(session.id, CHARGE, now)
        intent_id = first_id(tx.intents, now)
        tx.intents.claim(intent_id, lease, later)
        tx.intents.void_leases()
        assert tx.intents.leased(intent_id, lease, now)
        tx.nodes.leave("y" * 16)
        tx.intents.void_leases()
        assert not tx.intents.leased(intent_id, lease, now)

    await storage.transact(unit)


@pytest.mark.parametrize("end", ["finish", "postpone", "void_leases"])
async def test_a_lease_that_was_given_back_is_dead(
    storage: Storage, session: Session, now: datetime, later: datetime, end: str
) -> None:
    def unit(tx: Tx) -> None:
        intents = tx.intents
        intents.add(session.id, CHARGE, now)
        intent_id = first_id(intents, now)
        intents.claim(intent_id, "mine", later)
        match end:
            case "finish":
                intents.finish(intent_id, "done", "note", now)
            case "postpone":
                intents.postpone(intent_id, later, "note")
            case _:
                tx.nodes.join("y" * 16)
                intents.void_leases()
        assert not intents.leased(intent_id, "mine", now)
        assert due(intents, now) == ([Kind.CREATE_CHARGE] if end == "void_leases" else [])

    await storage.transact(unit)


async def test_an_intent_is_pending_from_its_birth_to_its_end(
    storage: Storage, session: Session, now: datetime, later: datetime
) -> None:
    def unit(tx: Tx) -> None:
        intents = tx.intents
        assert not intents.pending(session.id, Kind.CREATE_CHARGE)
        intents.add(session.id, CHARGE, now)
        intent_id = first_id(intents, now)
        assert intents.pending(session.id, Kind.CREATE_CHARGE)
        assert not intents.pending(session.id, Kind.REFUND)
        intents.claim(intent_id, "lease", later)
        assert intents.pending(session.id, Kind.CREATE_CHARGE)
        intents.finish(intent_id, "done", None, now)
        assert not intents.pending(session.id, Kind.CREATE_CHARGE)

    await storage.transact(unit)


async def test_an_intent_that_somebody_performs_is_pending_but_not_unclaimed(
    storage: Storage, session: Session, now: datetime, later: datetime
) -> None:
    """What is being observed already may miss the latest news: it is observed once more."""
    observe = Intent(Do.OBSERVE, Kind.OBSERVE)

    def unit(tx: Tx) -> None:
        intents = tx.intents
        intents.add(session.id, observe, now)
        intent_id = first_id(intents, now)
        assert intents.pending(session.id, Kind.OBSERVE, unclaimed=True)
        intents.claim(intent_id, "lease", later)
        assert intents.pending(session.id, Kind.OBSERVE)
        assert not intents.pending(session.id, Kind.OBSERVE, unclaimed=True)
        intents.postpone(intent_id, later, "no answer")
        assert intents.pending(session.id, Kind.OBSERVE, unclaimed=True)
        intents.claim(intent_id, "lease", later)
        intents.add(session.id, observe, now)
        assert intents.pending(session.id, Kind.OBSERVE, unclaimed=True)

    await storage.transact(unit)


async def test_the_next_moment_is_when_something_can_be_claimed(
    storage: Storage, session: Session, now: datetime, later: datetime
) -> None:
    """What stands behind another does not count; what is leased counts at the lease's end."""

    def unit(tx: Tx) -> None:
        intents = tx.intents
        assert intents.next_moment(ALL) is None
        intents.add(session.id, CHARGE, now)
        intents.add(session.id, CONFIRM, now - SECOND)
        assert intents.next_moment(ALL) == now
        assert intents.next_moment([Lane.MAIL]) is None
        intent_id = first_id(intents, now)
        intents.claim(intent_id, "lease", later)
        assert intents.next_moment(ALL) == later
        intents.postpone(intent_id, later + SECOND, "")
        assert intents.next_moment(ALL) == later + SECOND
        intents.finish(intent_id, "done", None, now)
        assert intents.next_moment(ALL) == now - SECOND

    await storage.transact(unit)


# Attempts


@pytest.fixture
async def intent_id(storage: Storage, session: Session, now: datetime) -> int:
    def unit(tx: Tx) -> int:
        tx.intents.add(session.id, CHARGE, now)
        return first_id(tx.intents, now)

    return await storage.transact(unit)


def attempt(number: int, at: datetime) -> Attempt:
    return Attempt(number=number, key=f"key-{number}", request={"amount": 700}, started_at=at)


async def test_an_attempt_nobody_closed_is_unknown(
    storage: Storage, intent_id: int, now: datetime
) -> None:
    """Its key and parameters are found again exactly as they were sent."""
    one = attempt(1, now)
    await storage.transact(lambda tx: tx.intents.begin_attempt(intent_id, one))
    found = await storage.read(lambda tx: tx.intents.open_attempt(intent_id))
    assert found == replace(one, unknown=True)


async def test_a_closed_attempt_is_known_and_the_next_has_the_next_number(
    storage: Storage, intent_id: int, now: datetime
) -> None:
    def unit(tx: Tx) -> None:
        intents = tx.intents
        assert (intents.open_attempt(intent_id), intents.last_attempt_number(intent_id)) == (
            None,
            0,
        )
        intents.begin_attempt(intent_id, attempt(1, now))
        intents.close_attempt(intent_id, 1, "absent", now)
        assert (intents.open_attempt(intent_id), intents.last_attempt_number(intent_id)) == (
            None,
            1,
        )
        intents.begin_attempt(intent_id, attempt(2, now))
        assert intents.open_attempt(intent_id) == replace(attempt(2, now), unknown=True)

    await storage.transact(unit)


async def test_a_burnt_attempt_stays_unknown_until_its_outcome_is_proven(
    storage: Storage, intent_id: int, now: datetime
) -> None:
    def unit(tx: Tx) -> None:
        intents = tx.intents
        intents.begin_attempt(intent_id, attempt(1, now))
        intents.close_attempt(intent_id, 1, "burnt", now)
        assert intents.open_attempt(intent_id) == replace(attempt(1, now), unknown=True, burnt=True)
        intents.close_attempt(intent_id, 1, "absent", now)
        assert intents.open_attempt(intent_id) is None

    await storage.transact(unit)


@pytest.mark.parametrize(
    ("outcome", "doubt"), [(None, True), ("burnt", True), ("absent", False), ("done", False)]
)
async def test_a_call_is_in_doubt_from_its_attempt_until_its_outcome_is_known(
    storage: Storage, intent_id: int, now: datetime, outcome: str | None, doubt: bool
) -> None:
    def unit(tx: Tx) -> None:
        intents = tx.intents
        assert not intents.in_doubt("s-a", Kind.CREATE_CHARGE)
        intents.begin_attempt(intent_id, attempt(1, now))
        if outcome:
            intents.close_attempt(intent_id, 1, outcome, now)
        assert intents.in_doubt("s-a", Kind.CREATE_CHARGE) is doubt
        assert not intents.in_doubt("s-a", Kind.REFUND)
        intents.finish(intent_id, "cancelled", None, now)
        assert not intents.in_doubt("s-a", Kind.CREATE_CHARGE)

    await storage.transact(unit)


async def test_no_two_attempts_share_an_idempotency_key(
    storage: Storage, intent_id: int, now: datetime
) -> None:
    await storage.transact(lambda tx: tx.intents.begin_attempt(intent_id, attempt(1, now)))
    again = replace(attempt(1, now), number=2)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await storage.transact(lambda tx: tx.intents.begin_attempt(intent_id, again))


async def test_each_unit_learns_which_lanes_it_added_to(storage: Storage, session: Session) -> None:
    """So that only who has something to do looks for it."""

    def added(tx: Tx) -> frozenset[Lane]:
        tx.intents.add(session.id, CHARGE, session.opened_at)
        tx.intents.add(session.id, START, session.opened_at)
        return tx.intents.lanes_added_to()

    assert await storage.transact(added) == {Lane.MONEY, Lane.CHARGER}
    assert await storage.transact(lambda tx: tx.intents.lanes_added_to()) == frozenset()
