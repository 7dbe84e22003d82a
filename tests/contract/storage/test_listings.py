"""Lists are read a page at a time, each page behind the last."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Selection, Storage, Tx

MINUTE = timedelta(minutes=1)
CP = ChargePoint(id="CP1", name="Quai", operator_name="Port", operator_phone="+33 1")
PLUG = Connector(charge_point_id="CP1", number=1, evse_id="FR*A", power_w=22_000, tariff_id="T1")


@pytest.fixture
async def storage(storage: Storage, tariff: Tariff, now: datetime) -> Storage:
    def register(tx: Tx) -> None:
        for name in ("T1", "T2"):
            tx.stations.put(replace(tariff, id=name))
        for number in (1, 2, 3):
            point = replace(CP, id=f"CP{number}")
            tx.stations.put(point if number < 3 else replace(point, operator_name="Other"))
            tx.stations.put(replace(PLUG, charge_point_id=point.id))
        tx.stations.put(replace(PLUG, number=2, next_tariff_ids=("T2",)))
        tx.stations.connected("CP2", now)

    await storage.transact(register)
    return storage


async def test_charge_points_by_id_and_their_connectors(storage: Storage) -> None:
    def find(tx: Tx) -> None:
        listed = tx.listings
        assert [p.id for p in listed.charge_points(2)] == ["CP1", "CP2"]
        assert [p.id for p in listed.charge_points(2, "CP2")] == ["CP3"]
        assert [p.id for p in listed.charge_points(9, online=True)] == ["CP2"]
        assert [p.id for p in listed.charge_points(9, online=False)] == ["CP1", "CP3"]
        outlets = listed.connectors(["CP1", "CP3"])
        assert [(o.charge_point_id, o.number) for o in outlets] == [
            ("CP1", 1),
            ("CP1", 2),
            ("CP3", 1),
        ]

    await storage.read(find)


async def test_tariffs_and_where_they_hold(storage: Storage) -> None:
    def find(tx: Tx) -> None:
        assert [t.id for t in tx.listings.tariffs(9)] == ["T1", "T2"]
        assert [t.id for t in tx.listings.tariffs(9, "T1")] == ["T2"]
        assert len(tx.listings.priced_by("T1")) == 4
        assert [o.number for o in tx.listings.priced_by("T2")] == [2]
        assert tx.listings.priced_by("T3") == []
        assert tx.listings.tariffs_named() == {"T1": 4, "T2": 1}
        assert len(tx.listings.at_evse(PLUG.evse_id)) == 4
        assert tx.listings.at_evse("nowhere") == []

    await storage.read(find)


async def test_operators_are_named_once_each(storage: Storage) -> None:
    found = await storage.read(lambda tx: tx.listings.operators(9))
    assert [point.operator_name for point in found] == ["Port", "Other"]
    assert len(await storage.read(lambda tx: tx.listings.operators(1))) == 1


async def test_transactions_newest_first_even_those_of_one_moment(
    storage: Storage, now: datetime
) -> None:
    def begun(charge_point_id: str, number: str, minutes: int, *, over: bool) -> Transaction:
        return Transaction(
            charge_point_id=charge_point_id,
            id=number,
            connector_number=1,
            id_tag="CARD",
            start_at=now + minutes * MINUTE,
            meter_start_wh=0,
            accepted=True,
            stop_at=now + 60 * MINUTE if over else None,
        )

    def unit(tx: Tx) -> None:
        tx.transactions.add(begun("CP1", "1", 0, over=True))
        tx.transactions.add(begun("CP1", "2", 5, over=False))
        tx.transactions.add(begun("CP2", "3", 5, over=True))
        tx.transactions.add(begun("CP2", "4", 7, over=True))

    await storage.transact(unit)

    async def ids(**selection: object) -> list[str]:
        wanted = Selection(**selection)  # type: ignore[arg-type]
        return [t.id for t in await storage.read(lambda tx: tx.listings.transactions(wanted, 9))]

    assert await ids() == ["4", "3", "2", "1"]
    assert await ids(before=(now + 5 * MINUTE, "CP2", "3")) == ["2", "1"]
    assert await ids(charge_point_id="CP2") == ["4", "3"]
    assert await ids(running=True) == ["2"]
    assert await ids(running=False, charge_point_id="CP1") == ["1"]
    assert len(await storage.read(lambda tx: tx.listings.transactions(Selection(), 2))) == 2


@pytest.mark.parametrize(
    ("state", "over"),
    [(State.CHARGING, False), (State.DUE, False), (State.SETTLED, True), (State.ABANDONED, True)],
)
async def test_a_session_that_has_not_ended_is_found(
    storage: Storage, stored: Callable[..., Awaitable[Session]], state: State, over: bool
) -> None:
    session = await stored("x", charge_point_id="CP1", state=state)
    found = await storage.read(lambda tx: tx.listings.unfinished("CP1"))
    assert found == (None if over else session.id)
    assert await storage.read(lambda tx: tx.listings.unfinished("CP2")) is None


async def test_a_removed_charge_point_takes_its_connectors_along(storage: Storage) -> None:
    await storage.transact(lambda tx: tx.stations.remove("CP1"))
    left = await storage.read(lambda tx: [p.id for p in tx.stations.charge_points()])
    assert left == ["CP2", "CP3"]
    assert await storage.read(lambda tx: tx.stations.connectors("CP1")) == []
