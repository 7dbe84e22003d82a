"""What a transaction without a session leaves: one CDR that holds, and only what is true of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.id_tag import Authorization, IdTag, IdTagStatus
from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import State
from irve_bridge.service import transactions
from irve_bridge.service.handle import Work
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import NOW, session, tariff

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
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
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


async def stop(
    storage: Storage,
    id_: str,
    meter_stop_wh: int,
    after: timedelta = HOUR,
    id_tag: str | None = None,
) -> None:
    at = NOW + after
    fact = facts.TransactionStopped(
        at=at,
        charge_point_id="CP1",
        transaction_id=id_,
        meter_stop_wh=meter_stop_wh,
        stopped_at=at,
        id_tag=id_tag,
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


async def test_a_stop_that_names_only_a_badge_is_of_no_charge_that_was_over_long_before(
    storage: Storage,
) -> None:
    """A badge charges again and again: the start of this charge was lost, the meter went on."""
    await start(storage)
    other = await start(storage, id_tag="Other", started_at=NOW + HOUR, at=NOW + HOUR)
    await stop(storage, other, 1000, 2 * HOUR)
    (presumed,) = await told(storage)
    await stop(storage, "-1", 90_000, 8 * HOUR, id_tag="Badge")
    assert await told(storage) == []
    assert presumed["cdr"]["total_energy"] == 0


async def test_a_stop_that_names_only_a_badge_is_of_its_charge_where_nothing_began_since(
    storage: Storage,
) -> None:
    await start(storage)
    await start(storage, id_tag="Other", started_at=NOW + 2 * HOUR, at=NOW + 2 * HOUR)
    await told(storage)
    await stop(storage, "-1", 6000, HOUR, id_tag="Badge")
    _, corrected = await told(storage)
    assert corrected["cdr"]["total_energy"] == 5


async def test_a_clock_that_was_set_while_it_charged_makes_no_charge_of_years(
    storage: Storage,
) -> None:
    """No payment says when it began at the earliest: before that the clock had never been set."""
    await stop(storage, await start(storage, started_at=NOW - timedelta(days=3650)), 6000)
    (data,) = await told(storage)
    assert (data["cdr"]["total_energy"], data["cdr"]["total_time"]) == (5, 1)


async def test_a_tag_is_worth_what_it_was_when_the_charge_began(storage: Storage) -> None:
    """A charge point that was offline tells it late."""
    lapsed = IdTag(id_tag="BADGE", expires_at=NOW + HOUR)
    await storage.transact(lambda tx: tx.id_tags.put(lapsed))
    await stop(storage, await start(storage, at=NOW + 2 * HOUR), 6000)
    (data,) = await told(storage)
    assert data["amount"] > 0


async def test_a_repeated_start_is_answered_with_its_group_again(storage: Storage) -> None:
    """Without it the others of the group cannot stop the charge."""
    member = IdTag(id_tag="BADGE", parent_id_tag="FLEET")
    await storage.transact(lambda tx: tx.id_tags.put(member))

    def unit(tx: Tx) -> list[str | None]:
        work = Work(tx, POLICY, OcmfVerifier())
        replies = [transactions.started(work, STARTED) for _ in range(2)]
        return [reply.authorization.parent_id_tag for reply in replies]

    assert await storage.transact(unit) == ["FLEET", "FLEET"]


async def test_energy_on_the_used_tag_of_a_guest_is_not_told_as_an_own_customer_s(
    storage: Storage,
) -> None:
    guest = session(state=State.RELEASED)
    await storage.transact(lambda tx: tx.sessions.add(guest, NOW))
    await stop(storage, await start(storage, id_tag=guest.id_tag), 6000)
    (data,) = await told(storage)
    assert (data["amount"], data["cdr"]["cdr_token"]["type"]) == (0, "AD_HOC_USER")


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


async def test_a_charge_costs_what_it_cost_when_it_began(storage: Storage) -> None:
    """A new price holds for new charges, and for no correction of an old one."""
    id_ = await start(storage)
    await storage.transact(lambda tx: tx.stations.put(tariff(ENERGY="2.00")))
    await start(storage, id_tag="Other", started_at=NOW + HOUR, at=NOW + HOUR)
    await told(storage)
    await stop(storage, id_, 6000)
    _, corrected = await told(storage)
    assert corrected["amount"] == 300
    await stop(storage, await start(storage, at=NOW + HOUR, started_at=NOW + HOUR), 6000, 2 * HOUR)
    (newer,) = await told(storage)
    assert newer["amount"] == 1200


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


async def test_who_was_let_in_may_start_though_the_csms_fails_in_between(storage: Storage) -> None:
    """Once: what the CSMS would say of another charge is not known."""

    class Csms:
        said: Authorization | None = Authorization(status=IdTagStatus.ACCEPTED)

        async def ask(self, charge_point_id: str, id_tag: str) -> Authorization | None:
            return self.said

    csms = Csms()
    doorkeeper = Doorkeeper(storage, csms)
    assert await doorkeeper.ask("CP1", "Known") == csms.said
    was, csms.said = csms.said, None
    assert await doorkeeper.ask("CP1", "Unknown") is None
    assert await doorkeeper.ask("CP2", "known") is None
    assert await doorkeeper.ask("CP1", "known") == was
    assert await doorkeeper.ask("CP1", "known") is None
