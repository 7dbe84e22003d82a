"""What is particular to PostgreSQL: its URL, its connections, and units that run side by side."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.facts import ChargePointConnected, StartAccepted, TransactionStarted
from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session
from irve_bridge.service.handle import Work
from irve_bridge.service.nodes import new_node_id
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, TakenReading, Tx
from irve_bridge.service.transactions import started
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from irve_bridge.storage.migrate import DatabaseRefused, migrate
from irve_bridge.storage.postgres import CommitUnknown
from irve_bridge.storage.turns import PLACES
from tests import postgres
from tests.unit.domain.sessions import session as a_session

NOW = datetime(2026, 5, 4, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CHARGE = Intent(Do.SETTLE, Kind.CREATE_CHARGE)


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[Storage]:
    async with open_storage(postgres_url) as storage:
        yield storage


@pytest.fixture
def server(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Another connection to the database."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def heard(key: str) -> Any:
    fact = ChargePointConnected(at=NOW, charge_point_id="CP1")
    return lambda tx: tx.inbox.put(key, fact)


def knows(key: str) -> Any:
    return lambda tx: tx.inbox.knows(key)


async def stored(storage: Storage, name: str, **changes: Any) -> Session:
    named = {"id": name, "token": name, "customer_id": None, "payment_method_id": None}
    session = replace(a_session(), **named, **{"charge_point_id": f"CP-{name}"} | changes)
    assert await storage.transact(lambda tx: tx.sessions.add(session, LATER))
    return session


# Connections


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_every_usual_name_of_the_protocol_will_do(postgres_url: str, scheme: str) -> None:
    url = make_url(postgres_url).set(drivername=scheme).render_as_string(hide_password=False)
    async with open_storage(url) as storage:
        assert await storage.transact(heard("a"))


async def test_a_server_that_cannot_be_reached_is_named_without_the_password() -> None:
    with pytest.raises(DatabaseRefused, match=r"DATABASE_URL.*127\.0\.0\.1") as refused:
        async with open_storage("postgresql://u:secret@127.0.0.1:1/db"):
            pass
    assert "secret" not in str(refused.value)


async def test_what_comes_after_a_restart_of_the_server_is_not_lost(
    storage: Storage, server: psycopg.Connection
) -> None:
    """Units, queries and readings alike find that their connections are gone, and open others."""
    reading = TakenReading("CP1", "1", Reading(at=NOW, register_wh=1))
    for key in "abc":
        assert await storage.transact(heard(key))
        assert await storage.read(knows(key))
        await storage.add_readings([reading])
        postgres.disconnect(server)
    assert len(await storage.transact(lambda tx: tx.transactions.readings("CP1", "1"))) == 1


async def test_a_connection_that_is_lost_within_a_unit_costs_only_a_second_run(
    storage: Storage, server: psycopg.Connection
) -> None:
    runs = Counter[str]()

    def unit(tx: Tx) -> bool:
        new = tx.inbox.put("a", ChargePointConnected(at=NOW, charge_point_id="CP1"))
        runs["begun"] += 1
        if runs["begun"] == 1:
            postgres.disconnect(server)
        return new and not tx.inbox.knows("b")

    assert await storage.transact(unit)
    assert runs["begun"] == 2


async def test_a_commit_of_unknown_outcome_is_a_failure(
    storage: Storage, server: psycopg.Connection
) -> None:
    """The unit is not run again: what it stands for comes again, and is known then or not."""
    runs = Counter[str]()

    def unit(tx: Tx) -> None:
        runs["begun"] += 1
        tx.inbox.put("a", ChargePointConnected(at=NOW, charge_point_id="CP1"))
        postgres.disconnect(server)

    with pytest.raises(CommitUnknown):
        await storage.transact(unit)
    assert runs["begun"] == 1
    assert await storage.transact(heard("a"))


async def test_a_server_that_is_away_fails_calls_and_no_others(
    storage: Storage, server: psycopg.Connection, postgres_server: str
) -> None:
    name = server.info.dbname
    await storage.transact(heard("a"))
    with psycopg.connect(postgres_server, autocommit=True) as outside:
        outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        try:
            postgres.disconnect(server)
            for _ in range(12):
                with pytest.raises(OperationalError):
                    await storage.transact(heard("b"))
            with pytest.raises(OperationalError):
                await storage.read(knows("a"))
        finally:
            outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    assert await storage.transact(heard("b"))
    assert await storage.read(knows("a"))


# Migrations


async def test_nodes_that_start_at_once_migrate_once(postgres_server: str) -> None:
    with postgres.database(postgres_server) as url:
        versions = await asyncio.gather(*(asyncio.to_thread(migrate, url) for _ in range(4)))
        newest = {version.after for version in versions}
        assert len(newest) == 1
        assert Counter(version.before for version in versions) == {None: 1, newest.pop(): 3}


def test_a_database_of_a_newer_release_is_left_alone(postgres_server: str) -> None:
    with postgres.database(postgres_server) as url:
        migrate(url)
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(DatabaseRefused, match="schema 9999"):
            migrate(url)


def test_a_database_that_cannot_hold_every_text_is_refused(postgres_server: str) -> None:
    with (
        postgres.database(postgres_server, "ENCODING 'LATIN1' LOCALE 'C'") as url,
        pytest.raises(DatabaseRefused, match=r"LATIN1.*ENCODING 'UTF8'"),
    ):
        migrate(url)


def test_every_installation_starts_to_count_somewhere_else(postgres_server: str) -> None:
    """Ids that a charge point got from another system are not ours by chance."""
    firsts = set()
    for _ in range(3):
        with postgres.database(postgres_server) as url:
            migrate(url)
            with psycopg.connect(url) as connection:
                firsts.add(connection.execute("SELECT nextval('transaction_ids')").fetchone())
    assert len(firsts) == 3


# Side by side


async def test_who_changes_the_same_charge_point_s_session_waits(storage: Storage) -> None:
    """And then sees what the first one did, before anything is decided; others do not wait."""
    mine, other = await stored(storage, "a"), await stored(storage, "b")
    reads, go_on = threading.Event(), threading.Event()

    def first(tx: Tx) -> None:
        tx.sessions.get(mine.id)
        reads.set()
        go_on.wait(timeout=30)
        tx.intents.add(mine.id, CHARGE, NOW)

    def second(tx: Tx) -> bool:
        tx.sessions.get(mine.id)
        return tx.intents.pending(mine.id, Kind.CREATE_CHARGE)

    changing = asyncio.ensure_future(storage.transact(first))
    await asyncio.to_thread(reads.wait)
    waiting = asyncio.ensure_future(storage.transact(second))
    assert await storage.transact(lambda tx: tx.sessions.get(other.id)) == other
    assert await storage.read(lambda tx: tx.sessions.get(mine.id)) == mine
    assert not waiting.done()
    go_on.set()
    await changing
    assert await waiting


async def test_a_start_that_two_nodes_hear_at_once_is_one_transaction(
    storage: Storage, postgres_url: str
) -> None:
    """A charge point that changes sockets repeats what was not confirmed on the old one."""
    fact = TransactionStarted(
        at=NOW,
        charge_point_id="CP1",
        connector_number=1,
        id_tag="TAG",
        meter_start_wh=1000,
        started_at=NOW,
    )

    def unit(tx: Tx) -> str:
        return started(Work(tx, Policy(), OcmfVerifier()), fact).transaction_id

    async with open_storage(postgres_url) as other_node:
        nodes = [storage, other_node] * 8
        told = await asyncio.gather(*(node.transact(unit) for node in nodes))
    assert len(set(told)) == 1
    assert len(await storage.read(lambda tx: tx.transactions.running("CP1"))) == 1


async def test_what_a_buried_node_had_locked_is_free(postgres_url: str) -> None:
    """A frozen process keeps its connections: nobody else must wait until it is found out."""
    frozen, other = new_node_id(), new_node_id()
    locked, wakes = threading.Event(), threading.Event()

    def freezes(tx: Tx) -> None:
        tx.transactions.running("CP1")
        if not locked.is_set():
            assert tx.nodes.seen(frozen)
            locked.set()
            wakes.wait(timeout=30)
        assert tx.nodes.seen(frozen)

    async with (
        open_storage(postgres_url, frozen) as its_storage,
        open_storage(postgres_url, other) as storage,
    ):
        await its_storage.transact(lambda tx: tx.nodes.join(frozen))
        freezing = asyncio.ensure_future(its_storage.transact(freezes))
        await asyncio.to_thread(locked.wait)
        async with asyncio.timeout(20):
            buried = await storage.transact_now(lambda tx: tx.nodes.bury(timedelta()))
            await storage.transact(lambda tx: tx.transactions.running("CP1"))
        wakes.set()
        assert buried == {frozen}
        with pytest.raises(AssertionError):
            await freezing  # it runs again, and finds itself buried


async def test_what_is_urgent_waits_for_no_unit(storage: Storage) -> None:
    """A node that is busy lives: it tells so though every other connection waits."""
    done = threading.Event()
    waiting = [asyncio.ensure_future(storage.transact(lambda _tx: done.wait(30))) for _ in range(9)]
    try:
        async with asyncio.timeout(20):
            await storage.transact_now(lambda tx: tx.nodes.join(new_node_id()))
        assert not any(unit.done() for unit in waiting)
    finally:
        done.set()
        await asyncio.gather(*waiting)


async def test_a_socket_that_closes_late_does_not_close_the_newer_one(storage: Storage) -> None:
    """Two nodes tell of one charge point: whoever reads before it writes, reads the latest."""
    point = ChargePoint(id="CP1", name="", operator_name="O", operator_phone="1", connected_at=NOW)
    await storage.transact(lambda tx: tx.stations.put(point))
    reads, go_on = threading.Event(), threading.Event()

    def closes(tx: Tx) -> None:
        found = tx.stations.charge_point("CP1")
        reads.set()
        go_on.wait(timeout=30)
        if found is not None and found.connected_at == NOW:
            tx.stations.connected("CP1", None)

    closing = asyncio.ensure_future(storage.transact(closes))
    await asyncio.to_thread(reads.wait)
    opening = asyncio.ensure_future(
        storage.transact(lambda tx: tx.stations.connected("CP1", LATER))
    )
    await asyncio.wait([opening], timeout=0.2)  # whether or not it waits, it has begun
    go_on.set()
    await asyncio.gather(closing, opening)
    found = await storage.read(lambda tx: tx.stations.charge_point("CP1"))
    assert found is not None
    assert found.connected_at == LATER


async def test_a_unit_may_be_about_thousands_of_charge_points(
    storage: Storage, server: psycopg.Connection
) -> None:
    """As a stations file is: PostgreSQL has room for a few thousand locks."""

    def unit(tx: Tx) -> Any:
        for number in range(3000):
            tx.stations.charge_point(f"CP{number}")
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        return server.execute(held).fetchone()

    (held,) = await storage.transact(unit)
    assert 0 < held <= PLACES


async def test_two_who_wait_for_each_other_both_end(storage: Storage) -> None:
    one, two = await stored(storage, "a"), await stored(storage, "b")
    met = threading.Barrier(2, timeout=10)

    def crossing(*names: str) -> Any:
        runs = Counter[str]()

        def unit(tx: Tx) -> None:
            runs["begun"] += 1
            for name in names:
                found = tx.sessions.get(name)
                assert found is not None
                tx.sessions.save(found, [], StartAccepted(at=NOW, session_id=name))
                if name == names[0] and runs["begun"] == 1:
                    met.wait()

        return unit

    await asyncio.gather(
        storage.transact(crossing(one.id, two.id)), storage.transact(crossing(two.id, one.id))
    )
    saved = await storage.read(lambda tx: [tx.sessions.get(each.id) for each in (one, two)])
    assert [each and each.version for each in saved] == [2, 2]


async def test_what_one_node_is_about_to_claim_the_others_pass_over(
    storage: Storage, postgres_url: str
) -> None:
    """Nobody waits, and nobody claims what another has claimed."""
    names = "abce"  # "d" shares a place with "a", by chance: its turn is waited for
    for name in names:
        session = await stored(storage, name)
        await storage.transact(lambda tx, of=session.id: tx.intents.add(of, CHARGE, NOW))
    claiming, go_on = threading.Event(), threading.Event()

    def claim(tx: Tx) -> list[str]:
        due = tx.intents.next_due([Lane.MONEY], NOW, 2, claiming=True)
        for each in due:
            tx.intents.claim(each.id, "lease", LATER)
        return [each.subject for each in due]

    def slowly(tx: Tx) -> list[str]:
        claimed = claim(tx)
        claiming.set()
        go_on.wait(timeout=30)
        return claimed

    async with open_storage(postgres_url) as other_node:
        slow = asyncio.ensure_future(storage.transact(slowly))
        await asyncio.to_thread(claiming.wait)
        quick = await other_node.transact(claim)
        nothing_left = await other_node.transact(claim)
        go_on.set()
        assert sorted(await slow + quick) == list(names)
        assert nothing_left == []


async def test_numbers_beyond_32_bits_and_texts_with_a_nul_are_stored(storage: Storage) -> None:
    """A charge point may say either, and its message must not be lost for it."""
    large = 10**15
    taken = TakenReading("CP1", "a\0b", Reading(at=NOW, register_wh=large))
    await storage.add_readings([taken])
    session = await stored(storage, "a", id_tag="N\0L", energy_wh=large, connector_number=large)

    def look(tx: Tx) -> list[object]:
        (reading,) = tx.transactions.readings("CP1", "a\0b")
        found = tx.sessions.by_id_tag(session.charge_point_id, "n\0l")
        return [reading.register_wh, found and (found.energy_wh, found.connector_number)]

    assert await storage.read(look) == [large, (large, large)]
