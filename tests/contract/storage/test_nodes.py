"""Which processes share the database, and which charge points each has."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.service.ports import Storage, Tx

ME, OTHER, THIRD = "a" * 16, "b" * 16, "c" * 16
LONG, NONE = timedelta(minutes=10), timedelta()
CP = ChargePoint(id="CP1", name="Quai Nord", operator_name="Port", operator_phone="+33 1")


@pytest.fixture
async def storage(storage: Storage) -> Storage:
    def register(tx: Tx) -> None:
        for id_ in ("CP1", "CP2"):
            tx.stations.put(replace(CP, id=id_))

    await storage.transact(register)
    return storage


def _join(tx: Tx, node_id: str) -> None:
    tx.nodes.join(node_id)


async def test_a_node_lives_until_it_leaves(storage: Storage) -> None:
    def unit(tx: Tx) -> None:
        tx.nodes.join(ME)
        tx.nodes.join(OTHER)
        assert tx.nodes.seen(OTHER)
        assert tx.nodes.bury(LONG) == frozenset()
        assert tx.nodes.living() == {ME, OTHER}
        tx.nodes.leave(OTHER)
        assert not tx.nodes.seen(OTHER)
        assert tx.nodes.living() == {ME}

    await storage.transact(unit)


async def test_who_was_not_seen_for_too_long_is_forgotten(storage: Storage) -> None:
    await storage.transact(lambda tx: tx.nodes.join(ME))
    assert await storage.transact(lambda tx: tx.nodes.bury(NONE)) == {ME}
    assert not await storage.transact(lambda tx: tx.nodes.seen(ME))


async def test_the_database_has_a_clock(storage: Storage) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= await storage.transact(lambda tx: tx.nodes.now()) <= datetime.now(UTC)


async def test_one_of_those_that_live_is_the_eldest(storage: Storage) -> None:
    assert await storage.read(lambda tx: tx.nodes.eldest()) is None
    for node_id in (ME, OTHER):
        await storage.transact(partial(_join, node_id=node_id))
    assert await storage.read(lambda tx: tx.nodes.eldest()) == ME
    await storage.transact(lambda tx: tx.nodes.leave(ME))
    assert await storage.read(lambda tx: tx.nodes.eldest()) == OTHER


async def test_a_charge_point_is_whose_socket_it_has(storage: Storage) -> None:
    def unit(tx: Tx) -> list[str | None]:
        holders = [tx.nodes.holder(CP.id)]
        for node_id in (ME, OTHER):
            tx.nodes.take(node_id, CP.id)
            holders.append(tx.nodes.holder(CP.id))
        tx.stations.put(CP)
        return [*holders, tx.nodes.holder(CP.id), tx.nodes.holder("unknown")]

    assert await storage.transact(unit) == [None, ME, OTHER, OTHER, None]


async def test_what_no_living_node_has_is_inherited_disconnected(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> None:
        tx.nodes.join(ME)
        tx.nodes.take(OTHER, CP.id)
        tx.stations.connected(CP.id, now)
        assert sorted(tx.nodes.inherit(ME)) == ["CP1", "CP2"]
        assert tx.nodes.holder(CP.id) == ME
        point = tx.stations.charge_point(CP.id)
        assert point is not None
        assert point.connected_at is None

    await storage.transact(unit)


async def test_what_a_living_node_has_stays_its_own(storage: Storage) -> None:
    def unit(tx: Tx) -> list[str]:
        for node_id in (ME, OTHER):
            tx.nodes.join(node_id)
        tx.nodes.take(OTHER, "CP1")
        tx.nodes.take(THIRD, "CP2")
        return tx.nodes.inherit(ME)

    assert await storage.transact(unit) == ["CP2"]
