"""What operators ask of charge points, and what these say, is remembered."""

from dataclasses import replace
from datetime import datetime, timedelta

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.charging_profile import ChargingProfile
from irve_bridge.domain.reservation import Reservation
from irve_bridge.service.ports import Asked, Storage, Stranger, Tx
from irve_bridge.storage.operations import EVENTS_KEPT, FORGOTTEN_MOST
from irve_bridge.storage.strangers import STRANGERS_KEPT

MINUTE = timedelta(minutes=1)


async def test_a_command_is_written_before_its_answer(storage: Storage, now: datetime) -> None:
    def unit(tx: Tx) -> list[Asked]:
        first = tx.commands.add("CP1", "Reset", {"type": "Soft"}, now)
        second = tx.commands.add("CP1", "ClearCache", {}, now)
        tx.commands.add("CP2", "ClearCache", {}, now)
        third = tx.commands.add("CP1", "GetLocalListVersion", {}, now)
        tx.commands.conclude(second, {"status": "Accepted"}, None, now + MINUTE)
        tx.commands.conclude(third, None, "offline", now)
        assert first < second < third
        assert tx.commands.of("CP1", 1, before=second)[0].id == first
        return tx.commands.of("CP1", 10)

    third, second, first = await storage.transact(unit)
    assert (first.payload, first.answer, first.error, first.answered_at) == (
        {"type": "Soft"},
        None,
        None,
        None,
    )
    assert (second.answer, second.answered_at) == ({"status": "Accepted"}, now + MINUTE)
    assert (third.action, third.error) == ("GetLocalListVersion", "offline")


async def test_the_oldest_commands_are_forgotten_a_batch_at_a_time(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> list[int]:
        assert tx.commands.oldest_at() is None
        for number in range(FORGOTTEN_MOST + 2):
            tx.commands.add("CP1", "ClearCache", {}, now + number * MINUTE)
        assert tx.commands.oldest_at() == now
        left = []
        for moment in (now, now + FORGOTTEN_MOST * MINUTE, now + 99 * FORGOTTEN_MOST * MINUTE):
            tx.commands.forget_before(moment)
            left.append(len(tx.commands.of("CP1", 2 * FORGOTTEN_MOST)))
        return left

    assert await storage.transact(unit) == [FORGOTTEN_MOST + 2, 2, 0]


async def test_the_newest_events_of_each_charge_point_are_kept(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> None:
        tx.station_events.add("CP2", "SignCertificate", {"csr": "…"}, now)
        for number in range(EVENTS_KEPT + 5):
            tx.station_events.add("CP1", "FirmwareStatusNotification", {"n": number}, now)

    await storage.transact(unit)
    kept = await storage.read(lambda tx: tx.station_events.of("CP1", 1000))
    assert [event.details["n"] for event in kept] == list(range(EVENTS_KEPT + 4, 4, -1))
    older = await storage.read(lambda tx: tx.station_events.of("CP1", 2, before=kept[1].id))
    assert older == kept[2:4]
    (other,) = await storage.read(lambda tx: tx.station_events.of("CP2", 10))
    assert (other.kind, other.details, other.at) == ("SignCertificate", {"csr": "…"}, now)


async def test_a_reservation_stands_until_it_expires_or_is_removed(
    storage: Storage, now: datetime
) -> None:
    mine = Reservation(
        charge_point_id="CP1",
        id=7,
        connector_number=1,
        id_tag="TAG",
        made_at=now,
        expires_at=now + 10 * MINUTE,
        session_id="s-1",
    )
    moved = replace(mine, connector_number=2, parent_id_tag="FLEET")
    other = replace(mine, charge_point_id="CP2")
    short = replace(mine, id=8, expires_at=now + MINUTE)

    def unit(tx: Tx) -> None:
        for each in (mine, moved, other, short):
            tx.reservations.put(each)
        listed = tx.reservations.standing
        assert listed(now, 10) == [moved, short, other]
        assert listed(now, 10, "CP1") == [moved, short]
        assert listed(now, 10, after=("CP1", 7)) == [short, other]
        assert listed(now, 1) == [moved]
        assert listed(now + 2 * MINUTE, 10) == [moved, other]
        tx.reservations.put(replace(moved, id=9, made_at=now + 2 * MINUTE))
        assert tx.reservations.get("CP1", 8) is None
        tx.reservations.remove("CP1", 7)
        assert tx.reservations.get("CP1", 7) is None
        assert tx.reservations.get("CP2", 7) == other

    await storage.transact(unit)


async def test_profiles_are_kept_as_they_were_sent(storage: Storage, now: datetime) -> None:
    sent = {"chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}]}}
    mine = ChargingProfile(
        charge_point_id="CP1",
        connector_number=1,
        id=3,
        purpose="TxDefaultProfile",
        stack_level=0,
        profile=sent,
        set_at=now,
    )
    whole, other = replace(mine, connector_number=0, id=4), replace(mine, charge_point_id="CP2")
    changed = replace(mine, stack_level=2)

    def unit(tx: Tx) -> None:
        for each in (mine, whole, other, changed):
            tx.charging_profiles.put(each)
        assert tx.charging_profiles.of("CP1") == [whole, changed]
        assert tx.charging_profiles.page(2) == [whole, changed]
        assert tx.charging_profiles.page(2, after=("CP1", 1, 3)) == [other]
        tx.charging_profiles.remove(changed)
        assert tx.charging_profiles.of("CP1") == [whole]

    await storage.transact(unit)


async def test_strangers_are_those_last_seen_until_they_are_registered(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> list[Stranger]:
        tx.strangers.seen("NEW", "192.0.2.1", "Charger/1", now)
        tx.strangers.seen("NEW", "192.0.2.2", "Charger/2", now + MINUTE)
        tx.strangers.seen("OLD", "192.0.2.3", "", now)
        known = ChargePoint(id="OLD", name="", operator_name="", operator_phone="")
        tx.stations.put(known)
        return tx.strangers.page(10)

    assert await storage.transact(unit) == [
        Stranger(
            charge_point_id="NEW",
            first_at=now,
            last_at=now + MINUTE,
            address="192.0.2.2",
            agent="Charger/2",
        )
    ]
    assert await storage.read(lambda tx: tx.strangers.page(10, after="NEW")) == []


async def test_a_crowd_of_strangers_is_not_kept(storage: Storage, now: datetime) -> None:
    def unit(tx: Tx) -> None:
        for number in range(STRANGERS_KEPT + 3):
            tx.strangers.seen(f"S{number:05}", "", "", now + number * MINUTE)

    await storage.transact(unit)
    kept = await storage.read(lambda tx: tx.strangers.page(5000))
    assert len(kept) == STRANGERS_KEPT
    assert kept[0].charge_point_id == "S00003"
