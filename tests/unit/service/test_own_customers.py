"""What a transaction without a session leaves: one CDR that holds, and only what is true of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.domain.intents import Lane
from irve_bridge.service import transactions
from irve_bridge.service.handle import Work
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests.unit.domain.sessions import NOW, tariff

POLICY = Policy(callbacks=True)
HOUR = timedelta(hours=1)
STARTED = facts.TransactionStarted(
    at=NOW,
    charge_point_id="CP1",
    connector_number=1,
    id_tag="Badge",
    meter_start_wh=1000,
    started_at=NOW,
)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:///{tmp_path / 'bridge.db'}") as storage:
        await storage.transact(_register)
        yield storage


def _register(tx: Tx) -> None:
    tx.stations.put(tariff())
    tx.stations.put(ChargePoint(id="CP1", name="CP1", operator_name="O", operator_phone="1"))
    outlet = Connector(charge_point_id="CP1", number=1, evse_id="E", power_w=22_000, tariff_id="T")
    tx.stations.put(outlet)
    tx.id_tags.put(IdTag(id_tag="BADGE"))


async def start(storage: Storage, **changes: Any) -> str:
    fact = replace(STARTED, **changes)
    reply = await storage.transact(
        lambda tx: transactions.started(Work(tx, POLICY, OcmfVerifier()), fact)
    )
    return reply.transaction_id


async def stop(storage: Storage, id_: str, meter_stop_wh: int, after: timedelta = HOUR) -> None:
    at = NOW + after
    fact = facts.TransactionStopped(
        at=at,
        charge_point_id="CP1",
        transaction_id=id_,
        meter_stop_wh=meter_stop_wh,
        stopped_at=at,
    )
    await storage.transact(lambda tx: transactions.stopped(Work(tx, POLICY, OcmfVerifier()), fact))


async def told(storage: Storage) -> list[dict[str, Any]]:
    """Return the CDRs that the CSMS is told, in their order."""

    def unit(tx: Tx) -> list[dict[str, Any]]:
        found = []
        while due := tx.intents.next_due([Lane.CSMS], NOW + 9 * HOUR, 1):
            found.append(due[0].intent.parameters["data"])
            tx.intents.finish(due[0].id, "done", None, NOW)
        return found

    return await storage.transact(unit)


async def test_a_stop_is_told_once_however_often_it_is_repeated(storage: Storage) -> None:
    id_ = await start(storage)
    await stop(storage, id_, 6000)
    await stop(storage, id_, 6000)
    (data,) = await told(storage)
    assert data["cdr"]["total_energy"] == 5
    assert data["cdr"]["id"] == f"{id_}-1"


async def test_an_end_that_was_presumed_is_credited_by_the_stop_that_comes_after_all(
    storage: Storage,
) -> None:
    """Something else starts there: the first is over at its last reading, and says more later."""
    id_ = await start(storage)
    await start(storage, id_tag="Other", started_at=NOW + HOUR, at=NOW + HOUR)
    (presumed,) = await told(storage)
    await stop(storage, id_, 6000)
    credited, corrected = await told(storage)
    assert presumed["cdr"]["total_energy"] == 0
    assert credited["cdr"]["credit_reference_id"] == presumed["cdr"]["id"]
    assert corrected["cdr"]["total_energy"] == 5
    assert [each["sequence"] for each in (presumed, credited, corrected)] == [1, 2, 3]


async def test_energy_of_a_tag_that_was_not_let_in_is_told_with_nothing_to_pay(
    storage: Storage,
) -> None:
    id_ = await start(storage, id_tag="Stranger")
    await stop(storage, id_, 6000)
    (data,) = await told(storage)
    assert (data["amount"], data["cdr"]["total_energy"]) == (0, 5)
    assert "not accepted" in data["cdr"]["remark"]


async def test_a_tag_that_was_not_let_in_and_used_nothing_is_no_charge(storage: Storage) -> None:
    await stop(storage, await start(storage, id_tag="Stranger"), 1000)
    assert await told(storage) == []


async def test_what_is_doubtful_is_said_of_the_charge(storage: Storage) -> None:
    await stop(storage, await start(storage), 500)
    (data,) = await told(storage)
    assert data["cdr"]["total_energy"] == 0
    assert "below the first" in data["cdr"]["remark"]


async def test_a_charge_at_a_connector_nobody_registered_has_no_price_and_no_cdr(
    storage: Storage,
) -> None:
    await stop(storage, await start(storage, connector_number=7), 6000)
    assert await told(storage) == []


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (IdTag(id_tag="BADGE"), IdTagStatus.ACCEPTED),
        (IdTag(id_tag="BADGE", expires_at=NOW + HOUR), IdTagStatus.ACCEPTED),
        (IdTag(id_tag="BADGE", expires_at=NOW), IdTagStatus.EXPIRED),
        (IdTag(id_tag="BADGE", status=IdTagStatus.BLOCKED, expires_at=NOW), IdTagStatus.BLOCKED),
    ],
)
def test_a_tag_is_worth_what_the_list_says_until_its_date(
    tag: IdTag, expected: IdTagStatus
) -> None:
    assert tag.at(NOW).status is expected
