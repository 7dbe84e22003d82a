"""What is particular to SQLite: its URL, its lock, and the commit that units share."""

import asyncio
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import IntegrityError

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.metering import Reading
from irve_bridge.service.ports import StoredReply, TakenReading, Tx
from irve_bridge.storage import open_storage
from irve_bridge.storage.intents import SqlIntents
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.turns import Turns
from irve_bridge.storage.writer import BATCH_MAX

NOW = datetime(2026, 5, 4, tzinfo=UTC)
REPLY = StoredReply("f", 200, "{}")


@pytest.mark.parametrize(
    "url",
    ["", "bridge.db", "sqlite://", "sqlite:///:memory:", "postgresql://u:secret@h", "mysql://h/db"],
)
async def test_any_other_url_is_refused_in_one_sentence_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="must be sqlite:///") as refused:
        async with open_storage(url):
            pass
    assert "secret" not in str(refused.value)


async def test_a_new_folder_is_made(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/var/lib/bridge.db"):
        assert (tmp_path / "var/lib/bridge.db").exists()


async def test_a_writer_waits_for_another_process_and_readers_do_not(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    async with open_storage(f"sqlite:///{path}") as storage:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO counters VALUES ('other', 1)")
        writing = asyncio.ensure_future(
            storage.transact(lambda tx: tx.replies.put("a", REPLY, NOW))
        )
        assert await storage.read(lambda tx: tx.replies.get("a")) is None
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        await writing
        assert await storage.read(lambda tx: tx.replies.get("a")) == REPLY


async def test_what_is_urgent_waits_for_nothing_that_is_queued(tmp_path: Path) -> None:
    """A node that hears from all its charge points at once still tells in time that it lives."""
    async with open_storage(f"sqlite:///{tmp_path}/bridge.db") as storage:
        busy, go_on = threading.Event(), threading.Event()
        ran: list[str] = []

        def block(_: Tx) -> None:
            busy.set()
            go_on.wait(timeout=30)

        first = asyncio.ensure_future(storage.transact(block))
        await asyncio.to_thread(busy.wait)
        queued = [
            asyncio.ensure_future(storage.transact(lambda _: ran.append("queued")))
            for _ in range(2 * BATCH_MAX)
        ]
        await asyncio.sleep(0)
        urgent = asyncio.ensure_future(storage.transact_now(lambda _: ran.append("urgent")))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, urgent, *queued)
        assert ran == ["urgent", *["queued"] * (2 * BATCH_MAX)]


async def test_a_commit_that_fails_fails_every_unit_of_its_batch(tmp_path: Path) -> None:
    """And nothing of the batch is left, and the next one is written."""
    async with open_storage(f"sqlite:///{tmp_path}/bridge.db") as storage:
        busy, go_on = threading.Event(), threading.Event()

        def block(_: Tx) -> None:
            busy.set()
            go_on.wait(timeout=30)

        first = asyncio.ensure_future(storage.transact(block))
        await asyncio.to_thread(busy.wait)
        innocent = asyncio.ensure_future(
            storage.transact(lambda tx: tx.replies.put("a", REPLY, NOW))
        )
        culprit = asyncio.ensure_future(storage.transact(break_the_commit))
        await asyncio.sleep(0)
        go_on.set()
        await first
        for failed in (innocent, culprit):
            with pytest.raises(IntegrityError, match="FOREIGN KEY"):
                await failed
        assert await storage.read(lambda tx: tx.replies.get("a")) is None
        await storage.transact(lambda tx: tx.replies.put("a", REPLY, NOW))
        assert await storage.read(lambda tx: tx.replies.get("a")) == REPLY


def break_the_commit(tx: Tx) -> None:
    tx.stations._connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # type: ignore[attr-defined]
    tx.stations.put(ChargePoint(id="CP1", name="", operator_name="", operator_phone=""))
    tx.stations.put(
        Connector(charge_point_id="CP1", number=1, evse_id="E", power_w=1, tariff_id="none")
    )


async def test_every_installation_starts_to_count_somewhere_else(tmp_path: Path) -> None:
    """Ids that a charge point got from another system are not ours by chance."""
    firsts: list[int] = []

    def forgotten(tx: Tx) -> None:
        firsts.append(tx.transactions.next_id())
        raise InterruptedError

    async with open_storage(f"sqlite:///{tmp_path}/bridge.db") as storage:
        for _ in range(3):
            with pytest.raises(InterruptedError):
                await storage.transact(forgotten)
    assert len(set(firsts)) == 3


async def test_a_unit_finds_the_readings_that_were_queued_before_it(tmp_path: Path) -> None:
    reading = Reading(at=NOW, register_wh=1)
    async with open_storage(f"sqlite:///{tmp_path}/bridge.db") as storage:
        queued = asyncio.ensure_future(storage.add_readings([TakenReading("CP1", "1", reading)]))
        await asyncio.sleep(0)
        found = await storage.transact(lambda tx: tx.transactions.readings("CP1", "1"))
        await queued
    assert found == [reading]


def test_what_a_session_waits_for_is_found_however_much_waits(tmp_path: Path) -> None:
    """Asked with every fact of a session: a CSMS that is away must not make the others slow."""
    url, asked = f"sqlite:///{tmp_path}/bridge.db", list[tuple[str, object]]()
    migrate(url)
    engine = create_engine(url)
    event.listen(
        engine, "before_cursor_execute", lambda _c, _cur, sql, given, *_: asked.append((sql, given))
    )
    with engine.connect() as connection:
        intents = SqlIntents(connection, Turns(connection))
        intents.pending("ses_1", Kind.REMOTE_START)
        intents.pending("ses_1", Kind.REMOTE_START, unclaimed=True)
        intents.in_doubt("ses_1", Kind.REMOTE_START)
        for sql, given in tuple(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).first()
            assert plan is not None
            assert plan.detail == "SEARCH intents USING INDEX ix_intents_order (subject=?)"
    engine.dispose()
