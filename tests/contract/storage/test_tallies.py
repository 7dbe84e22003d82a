"""Figures for who watches: of what is not over, and nothing of what is."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import Attempt, LaneTally, SessionsTally, Storage, Tx

Stored = Callable[..., Awaitable[Session]]
CHARGE = Intent(Do.SETTLE, Kind.CREATE_CHARGE)
TELL = Intent(Do.TELL, Kind.CALLBACK, {"data": {}})


async def test_sessions_that_are_not_over_are_counted_with_their_money(
    storage: Storage, stored: Stored
) -> None:
    await stored("a", state=State.CHARGING, secured_minor=5000)
    await stored("b", state=State.CHARGING, secured_minor=None)
    await stored("c", state=State.DUE, decided_minor=700, paid_minor=200)
    await stored("d", state=State.SETTLED, decided_minor=900, paid_minor=900)
    tallies = await storage.read(lambda tx: tx.tallies.sessions())
    assert sorted(tallies, key=lambda tally: tally.state) == [
        SessionsTally(
            state="charging", currency="EUR", sessions=2, secured_minor=5000, owed_minor=0
        ),
        SessionsTally(state="due", currency="EUR", sessions=1, secured_minor=0, owed_minor=500),
    ]


async def test_a_lane_tells_how_much_waits_since_when_and_of_what_nobody_knows(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    """A call that somebody makes at this moment is not unknown yet; an ended one no more."""
    session = await stored()

    def unit(tx: Tx) -> list[LaneTally]:
        for minutes in (2, 1, 0):
            tx.intents.add(session.id, CHARGE, now - timedelta(minutes=minutes))
        tx.intents.add(session.id, TELL, now)
        (charge,) = tx.intents.next_due([Lane.MONEY], now, 1)
        until = now + timedelta(seconds=60)
        tx.intents.claim(charge.id, "lease", until)
        tx.intents.begin_attempt(
            charge.id, Attempt(number=1, key="one", request={}, started_at=now)
        )
        (known,) = [tally for tally in tx.tallies.lanes(now) if tally.lane == "money"]
        assert known.unknown == 0
        return tx.tallies.lanes(until)

    tallies = {tally.lane: tally for tally in await storage.transact(unit)}
    since = now - timedelta(minutes=2)
    assert tallies == {
        "money": LaneTally(lane="money", pending=3, oldest_at=since, unknown=1),
        "csms": LaneTally(lane="csms", pending=1, oldest_at=now, unknown=0),
    }


async def test_what_was_given_up_is_counted_until_it_is_tried_again(
    storage: Storage, stored: Stored, now: datetime
) -> None:
    session = await stored()

    def unit(tx: Tx) -> tuple[int, int]:
        tx.intents.add(session.id, TELL, now)
        (told,) = tx.intents.next_due([Lane.CSMS], now, 1)
        tx.intents.finish(told.id, "failed", "away", now)
        before = tx.tallies.given_up(Kind.CALLBACK)
        tx.intents.revive(told.id, now)
        return before, tx.tallies.given_up(Kind.CALLBACK)

    assert await storage.transact(unit) == (1, 0)
