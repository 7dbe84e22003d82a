"""A unit of work is committed whole, or nothing of it is."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest

from irve_bridge.domain.facts import StartAccepted
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import StaleSession, Storage, StoredReply, TakenReading, Tx
from irve_bridge.storage import open_storage

REPLY = StoredReply("f", 200, "{}")


class Broken(Exception):
    pass


def put(key: str, now: datetime) -> Callable[[Tx], str]:
    def unit(tx: Tx) -> str:
        tx.replies.put(key, REPLY, now)
        return key

    return unit


def put_and_break(key: str, now: datetime) -> Callable[[Tx], NoReturn]:
    def unit(tx: Tx) -> NoReturn:
        tx.replies.put(key, REPLY, now)
        raise Broken

    return unit


def reply(key: str) -> Callable[[Tx], StoredReply | None]:
    return lambda tx: tx.replies.get(key)


def readings(charge_point_id: str, transaction_id: str) -> Callable[[Tx], list[Reading]]:
    return lambda tx: tx.transactions.readings(charge_point_id, transaction_id)


async def test_a_unit_s_result_is_returned_and_its_writes_stay(url: str, now: datetime) -> None:
    async with open_storage(url) as storage:
        assert await storage.transact(put("a", now)) == "a"
    async with open_storage(url) as storage:
        assert await storage.read(reply("a")) == REPLY


async def test_nothing_is_visible_before_its_commit_and_readers_do_not_wait(
    storage: Storage, now: datetime
) -> None:
    written, go_on = threading.Event(), threading.Event()

    def unit(tx: Tx) -> None:
        tx.replies.put("a", REPLY, now)
        written.set()
        go_on.wait(timeout=30)

    writing = asyncio.ensure_future(storage.transact(unit))
    await asyncio.to_thread(written.wait)
    assert await storage.read(reply("a")) is None
    assert not writing.done()
    go_on.set()
    await writing
    assert await storage.read(reply("a")) == REPLY


async def test_a_slow_reader_keeps_its_snapshot_and_holds_up_no_commit(
    storage: Storage, now: datetime
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> list[StoredReply | None]:
        before = tx.replies.get("a")
        reading.set()
        go_on.wait(timeout=30)
        return [before, tx.replies.get("a")]

    looking = asyncio.ensure_future(storage.read(slow))
    await asyncio.to_thread(reading.wait)
    await storage.transact(put("a", now))
    go_on.set()
    assert await looking == [None, None]


async def test_a_failing_unit_changes_nothing_and_costs_the_others_nothing(
    storage: Storage, batched: Callable[..., Awaitable[list[Any]]], now: datetime
) -> None:
    before, failed, after = await batched(
        lambda: storage.transact(put("before", now)),
        lambda: storage.transact(put_and_break("broken", now)),
        lambda: storage.transact(put("after", now)),
    )
    assert (before, after) == ("before", "after")
    assert isinstance(failed, Broken)
    found = [await storage.read(reply(key)) for key in ("before", "broken", "after")]
    assert found == [REPLY, None, REPLY]


async def test_what_cannot_be_stored_fails_alone(
    storage: Storage, batched: Callable[..., Awaitable[list[Any]]], now: datetime
) -> None:
    """A row the database refuses is the fault of its unit only."""

    def orphan(tx: Tx) -> None:
        tx.intents.add("s-nobody", Intent(Do.CLOSE, Kind.CLOSE_CHECKOUT), now)

    kept, refused = await batched(
        lambda: storage.transact(put("kept", now)), lambda: storage.transact(orphan)
    )
    assert kept == "kept"
    assert isinstance(refused, Exception)
    assert await storage.read(reply("kept")) == REPLY


async def test_one_unstorable_reading_does_not_cost_the_others(
    storage: Storage, batched: Callable[..., Awaitable[list[Any]]], now: datetime
) -> None:
    good = Reading(at=now, register_wh=1)
    naive = Reading(at=now.replace(tzinfo=None), register_wh=1)
    outcomes = await batched(
        lambda: storage.add_readings([TakenReading("CP1", "1", good)]),
        lambda: storage.add_readings([TakenReading("CP2", "2", naive)]),
        lambda: storage.add_readings([TakenReading("CP3", "3", good)]),
    )
    stored, refused, stored_too = outcomes
    assert (stored, stored_too) == (None, None)
    assert isinstance(refused, Exception)
    for key in (("CP1", "1"), ("CP3", "3")):
        assert await storage.read(readings(*key)) == [good]


async def test_a_unit_finds_the_readings_that_were_acknowledged_before_it(
    storage: Storage, now: datetime
) -> None:
    for second in range(20):
        reading = Reading(at=now + timedelta(seconds=second), register_wh=second)
        await storage.add_readings([TakenReading("CP1", "1", reading)])
        assert (await storage.transact(readings("CP1", "1")))[-1] == reading


async def test_a_waiter_that_is_cancelled_disturbs_nobody(
    storage: Storage, occupied: Callable[[], AbstractAsyncContextManager[None]], now: datetime
) -> None:
    async with occupied():
        cancelled, kept = (asyncio.ensure_future(storage.transact(put(k, now))) for k in "ab")
        await asyncio.sleep(0)
        cancelled.cancel()
    assert await kept == "b"
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_a_unit_that_met_a_stale_session_is_run_again(
    storage: Storage, stored: Callable[..., Awaitable[Session]], now: datetime
) -> None:
    session = await stored()
    fact = StartAccepted(at=now, session_id=session.id)
    stale = [replace(session, version=7)]

    def change(tx: Tx) -> Session:
        found = stale.pop() if stale else tx.sessions.get(session.id)
        assert found is not None
        return tx.sessions.save(found, [], fact)

    assert (await storage.transact(change)).version == session.version + 1


async def test_a_unit_that_stays_stale_raises_in_the_end(
    storage: Storage, stored: Callable[..., Awaitable[Session]], now: datetime
) -> None:
    session = replace(await stored(), version=7)
    fact = StartAccepted(at=now, session_id=session.id)
    with pytest.raises(StaleSession):
        await storage.transact(lambda tx: tx.sessions.save(session, [], fact))


@pytest.mark.parametrize("door", ["transact", "read"])
async def test_whatever_is_raised_reaches_the_caller(storage: Storage, door: str) -> None:
    """StopIteration too, which futures refuse to carry: nobody is left waiting."""

    def exhausted(_: Tx) -> int:
        return next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await getattr(storage, door)(exhausted)


async def test_a_read_must_not_write(storage: Storage, now: datetime) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await storage.read(put("a", now))


async def test_closing_finishes_what_is_queued(url: str, now: datetime) -> None:
    async with open_storage(url) as storage:
        queued = [asyncio.ensure_future(storage.transact(put(str(i), now))) for i in range(500)]
        await asyncio.sleep(0)
        await storage.close()
        assert [await done for done in queued] == [str(i) for i in range(500)]
        with pytest.raises(RuntimeError, match="closed"):
            await storage.transact(put("late", now))
