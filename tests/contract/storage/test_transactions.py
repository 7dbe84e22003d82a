"""What a charge point metered is kept once, whatever it repeats."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace as changed

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.curve import Sample
from irve_bridge.domain.metering import Activity, Reading
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Storage, TakenReading, Tx
from irve_bridge.storage.transactions import PRESUMED_MOST

STARTED = Transaction(
    charge_point_id="CP1",
    id="1",
    connector_number=1,
    id_tag="AbC",
    start_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
    meter_start_wh=1000,
    accepted=True,
    session_id="s-a",
)
POINT = ChargePoint(id="CP1", name="Quai", operator_name="Port", operator_phone="+33 1")
READING = Reading(at=STARTED.start_at, register_wh=1500, power_w=7000, activity=Activity.CHARGING)


async def test_ids_are_positive_and_count_up_within_31_bits(storage: Storage) -> None:
    first, *others = [
        await storage.transact(lambda tx: tx.transactions.next_id()) for _ in range(3)
    ]
    assert 0 < first < 1_000_001_000
    assert others == [first + 1, first + 2]


async def test_a_node_is_told_what_runs_at_its_charge_points(storage: Storage) -> None:
    stopped = replace(STARTED, id="2", stop_at=STARTED.start_at, meter_stop_wh=1000)
    elsewhere = replace(STARTED, charge_point_id="CP2")

    def unit(tx: Tx) -> None:
        for charge_point_id in ("CP1", "CP2"):
            tx.stations.put(replace(POINT, id=charge_point_id))
        for each in (STARTED, stopped, elsewhere):
            tx.transactions.add(each)
        tx.nodes.take("a" * 16, "CP1")
        assert tx.transactions.running_of("a" * 16) == {("CP1", "1")}
        assert tx.transactions.running_of("b" * 16) == set()

    await storage.transact(unit)


async def test_a_transaction_is_found_by_its_key_and_takes_its_stop(storage: Storage) -> None:
    stop_at = STARTED.start_at + timedelta(hours=1)
    stopped = replace(STARTED, stop_at=stop_at, meter_stop_wh=9000, stop_reason="Local")
    other = replace(STARTED, charge_point_id="CP2")

    def unit(tx: Tx) -> None:
        tx.transactions.add(STARTED)
        tx.transactions.add(other)
        assert tx.transactions.get("CP1", "1") == STARTED
        tx.transactions.save(stopped)
        assert tx.transactions.get("CP1", "1") == stopped
        assert tx.transactions.get("CP2", "1") == other
        assert tx.transactions.get("CP1", "2") is None

    await storage.transact(unit)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"id": "2", "accepted": False, "session_id": None}, True),
        ({"id_tag": "aBc"}, True),
        ({"id_tag": "abd"}, False),
        ({"charge_point_id": "CP2"}, False),
        ({"connector_number": 2}, False),
        ({"start_at": STARTED.start_at + timedelta(seconds=1)}, False),
        ({"meter_start_wh": 1001}, False),
    ],
)
async def test_a_repeated_start_is_known_by_its_content(
    storage: Storage, change: dict[str, object], same: bool
) -> None:
    await storage.transact(lambda tx: tx.transactions.add(STARTED))
    repeated = replace(STARTED, **change)  # type: ignore[arg-type]
    found = await storage.read(lambda tx: tx.transactions.same_start(repeated))
    assert found == (STARTED if same else None)


async def test_the_running_ones_are_listed_oldest_first(storage: Storage) -> None:
    older = replace(STARTED, id="2", start_at=STARTED.start_at - timedelta(hours=1))
    oldest = STARTED.start_at - timedelta(hours=2)
    elsewhere = replace(STARTED, id="3", charge_point_id="CP2", start_at=oldest)
    stopped = replace(STARTED, id="4", stop_at=STARTED.start_at)

    def unit(tx: Tx) -> None:
        for transaction in (STARTED, older, elsewhere, stopped):
            tx.transactions.add(transaction)
        assert tx.transactions.running("CP1") == [older, STARTED]
        assert tx.transactions.running() == [elsewhere, older, STARTED]

    await storage.transact(unit)


async def test_an_end_that_is_presumed_ends_it_but_its_stop_is_still_to_come(
    storage: Storage,
) -> None:
    ended = {"stop_at": STARTED.start_at, "meter_stop_wh": 1000}
    presumed = replace(STARTED, id="2", presumed=True, **ended)  # type: ignore[arg-type]
    stopped = replace(STARTED, id="3", **ended)  # type: ignore[arg-type]
    elsewhere = replace(presumed, charge_point_id="CP2")

    def unit(tx: Tx) -> None:
        for transaction in (STARTED, presumed, stopped, elsewhere):
            tx.transactions.add(transaction)
        assert tx.transactions.running("CP1") == [STARTED]
        assert tx.transactions.unheard("CP1") == [STARTED, presumed]

    await storage.transact(unit)


async def test_of_ends_that_were_presumed_the_last_are_looked_at(storage: Storage) -> None:
    """A charge point that loses its stops for years makes no late one slow to find."""

    def unit(tx: Tx) -> None:
        for number in range(PRESUMED_MOST + 2):
            at = STARTED.start_at + timedelta(minutes=number)
            tx.transactions.add(
                replace(STARTED, id=str(number), start_at=at, stop_at=at, presumed=True)
            )
        found = [transaction.id for transaction in tx.transactions.unheard("CP1")]
        assert found == [str(number) for number in range(2, PRESUMED_MOST + 2)]

    await storage.transact(unit)


async def test_energy_that_no_session_bills_is_found(storage: Storage) -> None:
    """Of the day asked for, with energy, and of nobody's session."""

    def ended(id_: str, **changes: object) -> Transaction:
        stopped = {"stop_at": READING.at, "meter_stop_wh": 2000, "session_id": None}
        return replace(STARTED, id=id_, meter_start_wh=1000, **(stopped | changes))  # type: ignore[arg-type]

    kept = [
        ended("1"),
        ended("2", session_id="ses_1"),
        ended("3", meter_stop_wh=1000),
        ended("4", stop_at=READING.at - timedelta(days=1)),
        ended("5", stop_at=None, meter_stop_wh=None),
    ]
    for transaction in kept:
        await storage.transact(lambda tx, t=transaction: tx.transactions.add(t))
    since, until = READING.at, READING.at + timedelta(hours=1)
    assert await storage.read(lambda tx: tx.transactions.unbilled(since, until)) == kept[:1]


async def test_what_ran_on_is_found_by_when_that_was_heard(storage: Storage) -> None:
    heard_at = READING.at + timedelta(days=3)
    ran_on = replace(STARTED, id="2", start_at=heard_at, ran_on_at=heard_at)
    for transaction in (STARTED, ran_on):
        await storage.transact(lambda tx, t=transaction: tx.transactions.add(t))
    until = heard_at + timedelta(hours=1)
    assert await storage.read(lambda tx: tx.transactions.ran_on(heard_at, until)) == [ran_on]
    assert await storage.read(lambda tx: tx.transactions.ran_on(READING.at, heard_at)) == []


async def test_the_last_transaction_of_a_connector_is_found_running_or_not(
    storage: Storage,
) -> None:
    later = STARTED.start_at + timedelta(hours=1)
    over = replace(STARTED, id="2", start_at=later, stop_at=later, meter_stop_wh=1)
    elsewhere = replace(STARTED, id="3", start_at=later, connector_number=2)
    for transaction in (STARTED, over, elsewhere):
        await storage.transact(lambda tx, t=transaction: tx.transactions.add(t))
    assert await storage.read(lambda tx: tx.transactions.latest_at("CP1", 1)) == over
    assert await storage.read(lambda tx: tx.transactions.latest_at("CP2", 1)) is None


async def test_a_repeated_reading_is_kept_once(storage: Storage) -> None:
    """With values missing too, in one batch and later, and whatever the zone of its moment."""
    bare = Reading(at=READING.at)
    abroad = changed(READING, at=READING.at.astimezone(timezone(timedelta(hours=2))))
    taken = [TakenReading("CP1", "1", reading) for reading in (READING, bare, READING, abroad)]
    await storage.add_readings(taken)
    await storage.add_readings(taken)
    await storage.transact(lambda tx: tx.transactions.add_readings(taken))
    assert await storage.read(lambda tx: tx.transactions.readings("CP1", "1")) == [READING, bare]


@pytest.mark.parametrize(
    "change",
    [
        {"register_wh": 1501},
        {"register_wh": None},
        {"rounding_wh": 500},
        {"power_w": 0},
        {"soc_percent": 50},
        {"activity": Activity.SUSPENDED_EV},
        {"context": "Transaction.End"},
        {"at": READING.at + timedelta(microseconds=1)},
    ],
)
async def test_a_reading_that_differs_is_another_one(
    storage: Storage, change: dict[str, object]
) -> None:
    other = changed(READING, **change)  # type: ignore[arg-type]
    await storage.add_readings([TakenReading("CP1", "1", READING), TakenReading("CP1", "1", other)])
    assert await storage.read(lambda tx: tx.transactions.readings("CP1", "1")) == [READING, other]


async def test_readings_come_back_by_time_and_by_transaction(storage: Storage) -> None:
    moments = [READING.at + timedelta(seconds=s) for s in (30, 10, 20)]
    taken = [TakenReading("CP1", "1", changed(READING, at=at)) for at in moments]
    await storage.add_readings([*taken, TakenReading("CP1", "2", READING)])
    found = await storage.read(lambda tx: tx.transactions.readings("CP1", "1"))
    assert [reading.at for reading in found] == sorted(moments)
    first, *after = found
    assert (
        await storage.read(lambda tx: tx.transactions.readings("CP1", "1", after=first.at)) == after
    )


async def test_no_readings_are_no_work(storage: Storage) -> None:
    await storage.add_readings([])
    assert await storage.read(lambda tx: tx.transactions.readings("CP1", "1")) == []


async def test_a_start_whose_clock_is_not_believed_is_known_again_by_what_it_said(
    storage: Storage,
) -> None:
    """Its moment is when it was first heard of; the same message comes later."""
    said_at = STARTED.start_at + timedelta(hours=2)
    heard = replace(STARTED, start_said_at=said_at)
    await storage.transact(lambda tx: tx.transactions.add(heard))
    again = replace(STARTED, id="", start_at=said_at)
    other = replace(again, start_at=said_at + timedelta(seconds=1))
    assert await storage.read(lambda tx: tx.transactions.same_start(again)) == heard
    assert await storage.read(lambda tx: tx.transactions.same_start(other)) is None


async def test_what_a_clock_showed_is_kept_beside_the_moment(storage: Storage) -> None:
    reading = changed(READING, said_at=READING.at - timedelta(days=9000))
    taken = TakenReading("CP1", "1", reading)
    await storage.add_readings([taken])
    assert await storage.read(lambda tx: tx.transactions.readings("CP1", "1")) == [reading]


async def test_the_last_thing_the_car_did_is_found_from_a_moment_on(storage: Storage) -> None:
    def reading(second: int, activity: Activity | None) -> Reading:
        return Reading(at=STARTED.start_at + timedelta(seconds=second), activity=activity)

    paused = reading(5, Activity.SUSPENDED_EV)
    said = [reading(1, Activity.CHARGING), paused, reading(9, None)]
    taken = [TakenReading("CP1", "1", each) for each in said]
    elsewhere = TakenReading("CP1", "2", reading(7, Activity.CHARGING))

    def unit(tx: Tx) -> None:
        tx.transactions.add_readings([*taken, elsewhere])
        assert tx.transactions.last_activity("CP1", "1", STARTED.start_at) == paused
        assert tx.transactions.last_activity("CP1", "1", paused.at) == paused
        later = paused.at + timedelta(microseconds=1)
        assert tx.transactions.last_activity("CP1", "1", later) is None

    await storage.transact(unit)


async def test_a_long_charge_is_read_in_a_few_stretches(storage: Storage) -> None:
    """Each with its last moment, its mean power and its highest register."""
    second = timedelta(seconds=1)
    said = [
        Reading(at=STARTED.start_at + i * second, register_wh=1_000 + i, power_w=1_000 * (i % 2))
        for i in range(1_000)
    ]
    status = Reading(at=STARTED.start_at + 2_000 * second, activity=Activity.SUSPENDED_EV)
    elsewhere = TakenReading("CP1", "2", said[0])
    taken = [TakenReading("CP1", "1", reading) for reading in (*said, status)]
    await storage.add_readings([*taken, elsewhere])
    found = await storage.read(lambda tx: tx.transactions.samples("CP1", "1", 10))
    assert found == [
        Sample(STARTED.start_at + last * second, 500, 1_000 + last)
        for last in range(99, 1_000, 100)
    ]
    assert len(await storage.read(lambda tx: tx.transactions.samples("CP1", "2", 10))) == 1
    assert await storage.read(lambda tx: tx.transactions.samples("CP1", "3", 10)) == []


async def test_a_stretch_without_a_told_power_has_none(storage: Storage) -> None:
    await storage.add_readings([TakenReading("CP1", "1", Reading(at=READING.at, register_wh=7))])
    found = await storage.read(lambda tx: tx.transactions.samples("CP1", "1", 10))
    assert found == [Sample(READING.at, None, 7)]
