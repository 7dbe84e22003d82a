"""Debts are found by their card, stories by their time, and who the driver was can be deleted."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, select

from irve_bridge.domain.decide import Step
from irve_bridge.domain.facts import PaymentSecured, ProviderSpoke
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.lifecycle import Event
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import Attempt, Movement, Storage, Tx
from irve_bridge.storage.schema import metadata
from irve_bridge.storage.urls import parsed

Stored = Callable[..., Awaitable[Session]]
EMAIL, CLIENT, CARD = "ada@example.org", "fleet-42", "fp_Ada"
HOUR = timedelta(hours=1)


# Debts


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"card_fingerprint": "fp_2"}, False),
        ({"card_fingerprint": None}, False),
        ({"account": "acct_2"}, False),
        ({"provider": "other"}, False),
        ({"state": State.SETTLED}, False),
        ({"state": State.WRITTEN_OFF}, False),
    ],
    ids=str,
)
async def test_a_debt_is_found_by_its_card_at_its_account_while_it_is_due(
    storage: Storage, stored: Stored, changes: dict[str, object], *, found: bool
) -> None:
    owing = await stored("a", **{"state": State.DUE, "card_fingerprint": "fp_1"} | changes)
    anew = await stored("b", card_fingerprint="fp_1")
    debt = await storage.read(lambda tx: tx.sessions.in_debt(anew, "fp_1"))
    assert debt == (owing if found else None)


async def test_a_debt_is_no_obstacle_to_itself_and_the_oldest_comes_first(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    card = {"state": State.DUE, "card_fingerprint": "fp_1"}
    newer = await stored("a", **card, due_since=now)
    older = await stored("b", **card, due_since=now - HOUR)

    def find(tx: Tx) -> list[Session | None]:
        return [tx.sessions.in_debt(each, "fp_1") for each in (newer, older)]

    assert await storage.read(find) == [older, newer]
    assert await storage.read(lambda tx: tx.sessions.in_debt(newer, None)) is None


# Stories


async def test_sessions_of_a_span_come_by_id_page_by_page(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    """The span takes its beginning in and leaves its end out."""
    await stored("0", opened_at=now - timedelta(microseconds=1))
    first = await stored("1", opened_at=now + HOUR - timedelta(microseconds=1))
    second = await stored("2", opened_at=now)
    await stored("3", opened_at=now + HOUR)

    def page(after: str, limit: int = 10) -> Awaitable[list[Session]]:
        return storage.read(lambda tx: tx.sessions.opened_between(now, now + HOUR, after, limit))

    assert await page("") == [first, second]
    assert await page("", 1) == [first]
    assert await page(first.id) == [second]
    assert await page(second.id) == []


async def test_older_sessions_come_by_state_page_by_page(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    """The moment itself is not before."""
    first = await stored("1", state=State.DUE, opened_at=now - 100 * HOUR)
    await stored("2", state=State.SETTLED, opened_at=now - HOUR)
    third = await stored("3", state=State.REVIEW, opened_at=now - timedelta(microseconds=1))
    await stored("4", state=State.DUE, opened_at=now)

    def page(after: str, limit: int = 10) -> Awaitable[list[Session]]:
        states = {State.DUE, State.REVIEW}
        return storage.read(lambda tx: tx.sessions.opened_before(now, states, after, limit))

    assert await page("") == [first, third]
    assert await page("", 1) == [first]
    assert await page(first.id) == [third]
    assert await page(third.id) == []
    assert await storage.read(lambda tx: tx.sessions.opened_before(now, (), "", 10)) == []


async def test_an_older_session_comes_in_any_state_while_a_dispute_of_it_is_open(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    """The books know how each began and whether it ended; other movements are no disputes."""
    booked = {
        "open": ["charge pi_1", "dispute du_1"],
        "ended": ["charge pi_2", "dispute du_2", "dispute_won du_2"],
        "twice": ["dispute du_3", "dispute_lost du_3", "dispute du_4"],
        "paid": ["charge pi_5", "refund re_5"],
    }
    for name in booked:
        await stored(name, state=State.SETTLED, opened_at=now - HOUR)
    await stored("new", state=State.SETTLED, opened_at=now)
    booked["new"] = ["dispute du_6"]

    def unit(tx: Tx) -> list[str]:
        for name, movements in booked.items():
            for kind, provider_id in map(str.split, movements):
                tx.books.record(
                    Movement(
                        session_id=f"s-{name}",
                        kind=kind,
                        amount_minor=5,
                        currency="EUR",
                        provider="stripe",
                        account="",
                        provider_id=provider_id,
                        at=now,
                    )
                )
        return [each.id for each in tx.sessions.opened_before(now, {State.DUE}, "", 10)]

    assert await storage.transact(unit) == ["s-open", "s-twice"]


async def test_what_was_given_up_is_told_apart_and_can_be_tried_again(
    storage: Storage, stored: Stored, now: datetime, later: datetime
) -> None:
    session, other = await stored("a"), await stored("b")
    capture = Intent(Do.SETTLE, Kind.CAPTURE)
    callback = Intent(Do.TELL, Kind.CALLBACK)

    def unit(tx: Tx) -> None:
        for of in (session, other):
            tx.intents.add(of.id, capture, now)
            tx.intents.add(of.id, callback, now)
        capture_id, callback_id = (each.id for each in tx.intents.unfinished(session.id))
        tx.intents.finish(callback_id, "failed", "500", now)
        found = tx.intents.unfinished(session.id)
        assert [(i.kind, i.status, i.note) for i in found] == [
            ("capture", "waiting", None),
            ("callback", "failed", "500"),
        ]
        tx.intents.revive(capture_id, later)
        tx.intents.revive(callback_id, later)
        due = [(d.subject, d.intent.kind, d.tries) for d in tx.intents.next_due(LANES, now, 9)]
        assert (session.id, Kind.CAPTURE, 0) in due, "what waits is not put off"
        assert (session.id, Kind.CALLBACK, 0) not in due
        due = [(d.subject, d.intent.kind, d.tries) for d in tx.intents.next_due(LANES, later, 9)]
        assert (session.id, Kind.CALLBACK, 0) in due
        tx.intents.finish(callback_id, "done", None, later)
        tx.intents.revive(callback_id, later)
        assert [each.id for each in tx.intents.unfinished(session.id)] == [capture_id]
        assert len(tx.intents.unfinished(other.id)) == 2

    await storage.transact(unit)


LANES = [kind.lane for kind in (Kind.CAPTURE, Kind.CALLBACK)]


async def test_what_of_a_kind_was_given_up_comes_page_by_page_whosever_it_is(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    """Not what waits, nor what was refused for good, which no revival tries again."""
    a, b = await stored("a"), await stored("b")
    callback, mail = Intent(Do.TELL, Kind.CALLBACK), Intent(Do.TELL, Kind.MAIL)

    def unit(tx: Tx) -> None:
        ends = [(a, callback, "failed"), (a, mail, "failed"), (a, callback, "refused")]
        for of, intent, status in [*ends, (b, callback, "done"), (b, callback, "failed")]:
            tx.intents.add(of.id, intent, now)
            tx.intents.finish(tx.intents.unfinished(of.id)[-1].id, status, status, now)
        tx.intents.add(b.id, callback, now)
        first, second = tx.intents.failed(Kind.CALLBACK, 0, 10)
        assert [(each.session_id, each.note) for each in (first, second)] == [
            (a.id, "failed"),
            (b.id, "failed"),
        ]
        assert tx.intents.failed(Kind.CALLBACK, 0, 1) == [first]
        assert tx.intents.failed(Kind.CALLBACK, first.id, 10) == [second]
        (refused,) = (each for each in tx.intents.unfinished(a.id) if each.status == "refused")
        tx.intents.revive(refused.id, now)
        assert refused in tx.intents.unfinished(a.id)

    await storage.transact(unit)


async def test_what_is_tried_again_stands_where_it_stood(
    storage: Storage, stored: Stored, now: datetime, later: datetime
) -> None:
    """Two that were given up come in their order, and before what was to follow them."""
    session = await stored()

    def unit(tx: Tx) -> None:
        for number in range(3):
            tx.intents.add(session.id, Intent(Do.TELL, Kind.CALLBACK, {"number": number}), now)
        given_up = tx.intents.unfinished(session.id)[:2]
        for each in given_up:
            tx.intents.finish(each.id, "failed", None, now)
        for each in reversed(given_up):
            tx.intents.revive(each.id, later)
        for number in range(3):
            (due,) = tx.intents.next_due(LANES, later, 9)
            intent_id, intent = due.id, due.intent
            assert intent.parameters == {"number": number}
            tx.intents.finish(intent_id, "done", None, later)

    await storage.transact(unit)


async def test_a_movement_names_the_payment_it_is_part_of(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    session = await stored()
    refund = Movement(
        session_id=session.id, kind="refund", amount_minor=5, currency="EUR", provider="stripe",
        account="", provider_id="re_1", payment_id="pi_1", at=now,
    )  # fmt: skip
    await storage.transact(lambda tx: tx.books.record(refund))
    assert await storage.read(lambda tx: tx.books.movements(session.id)) == [refund]


# Who the driver was


@pytest.fixture
async def known(storage: Storage, stored: Stored, now: datetime) -> Session:
    """A session whose driver's e-mail, client id and card stand wherever they can."""
    session = await stored(
        "a", email=EMAIL, client_id=CLIENT, card_fingerprint=CARD, secured_minor=2000
    )
    await storage.transact(lambda tx: _remember(tx, session, now))
    return session


def _remember(tx: Tx, session: Session, now: datetime) -> None:
    secured = PaymentSecured(
        at=now, session_id=session.id, secured_minor=2000, email=EMAIL, card_fingerprint=CARD
    )
    tx.sessions.save(session, [Step(Event.SECURED, State.OPEN, State.SECURED)], secured)
    spoke = ProviderSpoke(
        at=now, provider="stripe", account="", event_id="evt_1", type="t",
        object_ids=("cs_1",), session_id=session.id,
    )  # fmt: skip
    tx.inbox.put("evt_1", spoke, session.id)
    body = {"type": "session_completed", "data": {"client_id": CLIENT, "amount": 1200}}
    tx.intents.add(session.id, Intent(Do.TELL, Kind.CALLBACK, body), now)
    tx.intents.add(session.id, Intent(Do.TELL, Kind.MAIL, {"template": "link"}), now)
    requests = {
        "callback": body,
        "mail": {"to": EMAIL, "text": f"To {EMAIL}", "template": "link"},
    }
    for intent in tx.intents.unfinished(session.id):
        attempt = Attempt(
            number=1, key=f"k{intent.id}", request=requests[intent.kind], started_at=now
        )
        tx.intents.begin_attempt(intent.id, attempt)


async def _forget(storage: Storage, session: Session, at: datetime) -> None:
    def unit(tx: Tx) -> None:
        current = tx.sessions.get(session.id)
        assert current is not None
        nameless = replace(current, email=None, client_id=None, card_fingerprint=None, erased_at=at)
        tx.sessions.save(nameless, [], PaymentSecured(at=at, session_id=session.id))
        tx.sessions.erase(session.id)

    await storage.transact(unit)


def _everything(url: str) -> str:
    engine = create_engine(parsed(url))
    with engine.connect() as connection:
        rows = [connection.execute(select(table)).all() for table in metadata.sorted_tables]
    engine.dispose()
    return repr(rows)


async def test_nothing_tells_who_the_driver_was_once_that_is_erased(
    url: str, storage: Storage, known: Session, now: datetime
) -> None:
    """In history, inbox, callbacks and calls; a second time changes nothing."""
    assert _everything(url).count(EMAIL) == 4
    assert _everything(url).count(CLIENT) == 3
    assert _everything(url).count(CARD) == 2
    await _forget(storage, known, now)
    erased = _everything(url)
    assert EMAIL not in erased
    assert CLIENT not in erased
    assert CARD not in erased
    await storage.transact(lambda tx: tx.sessions.erase(known.id))
    assert _everything(url) == erased


async def test_figures_outlive_who_the_driver_was(
    storage: Storage, known: Session, now: datetime
) -> None:
    await _forget(storage, known, now)

    def look(tx: Tx) -> tuple[object, ...]:
        (happened,) = tx.sessions.history(known.id)
        told, *_ = (due.intent for due in tx.intents.next_due([Kind.CALLBACK.lane], now, 1))
        return happened.fact["secured_minor"], happened.at, told.parameters["data"]["amount"]

    assert await storage.read(look) == (2000, now, 1200)


async def test_nobody_elses_story_is_touched(
    storage: Storage, stored: Stored, known: Session, now: datetime
) -> None:
    other = await stored("b", email=EMAIL)
    fact = PaymentSecured(at=now, session_id=other.id, email=EMAIL)
    step = Step(Event.SECURED, State.OPEN, State.SECURED)
    await storage.transact(lambda tx: tx.sessions.save(other, [step], fact))
    await _forget(storage, known, now)
    (happened,) = await storage.read(lambda tx: tx.sessions.history(other.id))
    assert happened.fact["email"] == EMAIL
