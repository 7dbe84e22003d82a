"""What days and stations brought in adds up to the books, and long lists are taken away whole."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from irve_bridge.domain.breakdown import VatLine
from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.receipt import Charge, Kind, Operator, Place, Receipt, Split
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import Movement, Storage, TakingsTally, Tx

Stored = Callable[..., Awaitable[Session]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IN, OUT = ("charge", "capture", "refund_returned"), ("refund",)
KINDS = (*IN, *OUT, "hold", "release", "dispute", "dispute_lost", "refund_failed")


def moved(session: Session, kind: str, amount_minor: int, at: datetime, name: str) -> Movement:
    return Movement(
        session_id=session.id,
        kind=kind,
        amount_minor=amount_minor,
        currency=session.currency,
        provider="stripe",
        account="",
        provider_id=name,
        at=at,
    )


def paper(session: Session, net_minor: int, vat_minor: int, at: datetime, **told: Any) -> Receipt:
    return Receipt(
        issued_at=at,
        session_id=session.id,
        locale="fr",
        operator=Operator(name="Recharge"),
        place=Place(charge_point_id=session.charge_point_id, connector_number=1),
        charge=Charge(),
        currency=session.currency,
        split=Split(net_minor, (VatLine(Decimal(20), vat_minor),)),
        provider="stripe",
        **told,
    )


async def test_a_span_is_told_by_its_papers_movements_and_sessions(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    """Its beginning belongs to it, its end does not; a credit note takes off, a hold is nothing."""
    settled = {"charge_point_id": "CP1", "state": State.SETTLED, "ended_at": now}
    one = await stored("a", **settled, energy_wh=10_000)
    await stored("b", **settled | {"ended_at": now + DAY, "connector_number": 2}, energy_wh=7)
    await stored("c", **settled | {"state": State.RELEASED, "connector_number": 3}, energy_wh=9)

    def fill(tx: Tx) -> None:
        for kind, amount in (("hold", 5000), ("capture", 1200), ("release", 3800), ("refund", 300)):
            tx.books.record(moved(one, kind, amount, now, kind))
        tx.books.record(moved(one, "dispute", 900, now + HOUR, "dp"))
        tx.books.record(moved(one, "refund", 1, now + DAY, "late"))
        tx.receipts.add(paper(one, 1000, 200, now))
        tx.receipts.add(paper(one, 250, 50, now + HOUR, kind=Kind.CREDIT_NOTE, corrects=1))
        tx.receipts.add(paper(one, 1, 0, now - HOUR))

    await storage.transact(fill)
    told = TakingsTally(
        charge_point_id="",
        currency="EUR",
        charged_minor=1200,
        refunded_minor=300,
        disputed_minor=900,
        billed_minor=900,
        vat_minor=150,
        sessions=1,
        energy_wh=10_000,
    )
    assert told.net_minor == 900
    here = replace(told, charge_point_id="CP1")
    assert await storage.read(lambda tx: tx.tallies.takings(now, now + DAY)) == [told]
    assert await storage.read(lambda tx: tx.tallies.takings(now, now + DAY, "CP1")) == [here]
    assert await storage.read(lambda tx: tx.tallies.takings(now, now + DAY, "CP2")) == []
    by_station = await storage.read(lambda tx: tx.tallies.takings_by_station(now, now + DAY, 9))
    assert by_station == [here]


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_moved_the_days_and_the_stations_come_to_the_books(
    storage: Storage, stored: Stored, now: datetime, seed: int
) -> None:
    """To the cent and by currency: charged less refunded, session by session."""
    random = Random(seed)
    currencies, places = ("EUR", "CHF", "JPY"), ("CP1", "CP2", "CP/3")
    sessions = [
        await stored(
            f"{number}",
            charge_point_id=random.choice(places),
            connector_number=number,
            currency=random.choice(currencies),
        )
        for number in range(12)
    ]

    def fill(tx: Tx) -> None:
        for number in range(200):
            at = now + random.random() * 5 * DAY
            session, kind = random.choice(sessions), random.choice(KINDS)
            tx.books.record(moved(session, kind, random.randrange(1, 9999), at, f"{number}"))

    await storage.transact(fill)

    def by_the_books(tx: Tx, *, at: str | None = None) -> dict[str, int]:
        net = dict.fromkeys(currencies, 0)
        for session in sessions:
            for movement in tx.books.movements(session.id) if at in (None, _place(session)) else ():
                sign = (movement.kind in IN) - (movement.kind in OUT)
                net[movement.currency] += sign * movement.amount_minor
        return net

    def compare(tx: Tx) -> None:
        days = [now + number * DAY for number in range(6)]
        spans = list(pairwise(days))
        assert _net(currencies, *(tx.tallies.takings(*span) for span in spans)) == by_the_books(tx)
        for place in places:
            here = [tx.tallies.takings(*span, place) for span in spans]
            assert _net(currencies, *here) == by_the_books(tx, at=place)
        pages, after = list[list[TakingsTally]](), ("", "")
        while page := tx.tallies.takings_by_station(days[0], days[-1], 2, after):
            pages.append(page)
            after = (page[-1].charge_point_id, page[-1].currency)
        assert _net(currencies, *pages) == by_the_books(tx)
        named = [(tally.charge_point_id, tally.currency) for page in pages for tally in page]
        assert named == sorted(set(named))

    await storage.read(compare)


async def test_long_lists_are_taken_away_whole_page_by_page_in_the_order_of_time(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    ends = (now, now, now + HOUR, now + 2 * HOUR, now - HOUR)
    ended = [
        await stored(f"{number}", state=State.SETTLED, ended_at=at)
        for number, at in enumerate(ends)
    ]
    await stored("runs", state=State.CHARGING)

    def fill(tx: Tx) -> None:
        for number, session in enumerate(ended):
            at = ends[number]
            tx.books.record(moved(session, "charge", 100 + number, at, f"{number}"))
            of = {"charge_point_id": session.charge_point_id, "session_id": session.id}
            told = {"total_minor": number, "document": {"id": f"c{number}"}}
            tx.cdrs.add(Cdr(id=f"c{number}", created_at=at, **of, **told))

    await storage.transact(fill)
    until, wanted = now + 2 * HOUR, ["0", "1", "2"]

    def taken(tx: Tx) -> tuple[list[str], ...]:
        sessions, at = list[Session](), (now, "")
        while page := tx.exports.sessions_ended(at, until, 2):
            sessions += page
            at = (page[-1].ended_at or now, page[-1].id)
        booked, place = list[tuple[str, str]](), (now, 0)
        while rows := tx.exports.movements(place, until, 2):
            booked += [(row.movement.provider_id, row.charge_point_id) for row in rows]
            place = (rows[-1].movement.at, rows[-1].number)
        cdrs, at = list[Cdr](), (now, "")
        while found := tx.exports.cdrs(at, until, 2):
            cdrs += found
            at = (found[-1].created_at, found[-1].id)
        assert booked == [(name, f"CP-{name}") for name in wanted]
        return [session.id for session in sessions], [cdr.id for cdr in cdrs]

    assert await storage.read(taken) == ([f"s-{n}" for n in wanted], [f"c{n}" for n in wanted])


def _place(session: Session) -> str:
    return session.charge_point_id


def _net(currencies: tuple[str, ...], *tallies: list[TakingsTally]) -> dict[str, int]:
    net = dict.fromkeys(currencies, 0)
    for tally in (each for listed in tallies for each in listed):
        net[tally.currency] += tally.net_minor
    return net
