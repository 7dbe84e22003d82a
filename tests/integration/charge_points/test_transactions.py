"""A charge point's transactions: recorded once, whatever is repeated or malformed."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain.intents import Do, Kind, Lane
from irve_bridge.domain.session import State
from irve_bridge.service.ports import Tx
from irve_bridge.service.presume import RUNNING_MOST

AT = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T11:00:00Z"
START = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": AT}
STOP = {"idTag": "TAG1", "meterStop": 6000, "timestamp": LATER}
ENERGY = {"timestamp": "2026-03-01T10:30:00Z", "sampledValue": [{"value": "2500"}]}
SOMEWHAT_LATER = {"timestamp": "2026-03-01T10:15:00Z", "sampledValue": [{"value": "2500"}]}


@pytest.fixture
def database(storage: Any, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The database as another process sees it."""
    with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as connection:
        yield connection


def count(database: sqlite3.Connection, table: str) -> int:
    number: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


async def test_a_charge_is_metered_and_ended(house: Any, raw: Any) -> None:
    """Start, meter values and stop move the session of the tag to its bill."""
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    id_ = start["transactionId"]
    assert start["idTagInfo"] == {"status": "Accepted"}
    charging = await house.session(session)
    assert (charging.state, charging.transaction_id) == (State.CHARGING, str(id_))

    values = {"connectorId": 1, "transactionId": id_, "meterValue": [ENERGY]}
    assert await raw.confirmed("MeterValues", values) == {}
    assert house.meters.live(charging, house.clock.now()).energy_wh == 1500

    assert await raw.confirmed("StopTransaction", STOP | {"transactionId": id_}) == {}
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 5000)


async def test_a_tag_of_no_session_is_not_accepted(raw: Any) -> None:
    start = await raw.confirmed("StartTransaction", START)
    assert start["idTagInfo"] == {"status": "Invalid"}
    assert start["transactionId"] > 0


async def test_a_start_whose_tag_holds_a_nul_is_kept_as_every_database_can(
    raw: Any, database: sqlite3.Connection
) -> None:
    start = await raw.confirmed("StartTransaction", START | {"idTag": "TAG\0"})
    rows = database.execute("SELECT id, id_tag FROM transactions").fetchall()
    assert rows == [(str(start["transactionId"]), "TAG\ufffd")]


async def test_authorize_knows_only_tags_of_sessions(house: Any, raw: Any) -> None:
    await house.secure("ABCD")
    known = await raw.confirmed("Authorize", {"idTag": "abcd"})
    assert known == {"idTagInfo": {"status": "Accepted"}}
    unknown = await raw.confirmed("Authorize", {"idTag": "OTHER"})
    assert unknown == {"idTagInfo": {"status": "Invalid"}}


@pytest.mark.parametrize("timestamp", ["", "yesterday", "1970-01-01T00:03:00Z"])
async def test_a_repeated_start_without_a_clock_gets_the_same_transaction(
    house: Any, raw: Any, timestamp: str
) -> None:
    """A clock that was never set says nothing about when: the rest tells a repeat."""
    session = await house.secure()
    first = await raw.confirmed("StartTransaction", START | {"timestamp": timestamp})
    assert first["idTagInfo"] == {"status": "Accepted"}
    again = await raw.confirmed("StartTransaction", START | {"timestamp": timestamp})
    assert again == first
    started_at = (await house.session(session)).started_at
    assert abs((house.clock.now() - started_at).total_seconds()) < 60


@pytest.mark.parametrize(
    "oddity",
    [
        {"meterStart": "1000"},
        {"meterStart": 1000.0},
        {"connectorId": "1"},
        {"vendorSays": "hello"},
        {"reservationId": None},
        {"timestamp": None},
        {"timestamp": 1772359200},
    ],
)
async def test_a_start_that_fails_validation_still_starts(
    house: Any, raw: Any, oddity: dict[str, Any]
) -> None:
    """A CALLERROR would lose the revenue: what can be understood is recorded."""
    session = await house.secure()
    answer = await raw.confirmed("StartTransaction", START | oddity)
    assert answer["idTagInfo"] == {"status": "Accepted"}
    assert (await house.session(session)).state is State.CHARGING


@pytest.mark.parametrize(
    "payload",
    [
        {**START, "idTag": None},
        {"idTag": "TAG1"},
        {**START, "meterStart": 10**30},
        [],
        None,
        "text",
    ],
)
async def test_a_start_that_cannot_be_read_is_kept_whole_and_confirmed(
    raw: Any, database: sqlite3.Connection, payload: Any
) -> None:
    """It gets an id of its own and its tag is not honoured; a repeat is kept once."""
    first = await raw.confirmed("StartTransaction", payload)
    assert first["idTagInfo"] == {"status": "Invalid"}
    assert first["transactionId"] > 0
    await raw.confirmed("StartTransaction", payload)
    assert count(database, "inbox") == 1


@pytest.mark.parametrize(
    "oddity",
    [
        {"reason": "Tired"},
        {"transactionData": [{"timestamp": AT}, ENERGY, 7]},
        {"idTag": 12},
        {"extra": {}},
        {"meterStop": "6000"},
        {"timestamp": "2026-03-01 11:00:00"},
    ],
)
async def test_a_stop_that_fails_validation_still_stops(
    house: Any, raw: Any, oddity: dict[str, Any]
) -> None:
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    stop = STOP | {"transactionId": start["transactionId"]} | oddity
    assert await raw.confirmed("StopTransaction", stop) == {}
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 5000)


async def test_a_stop_with_an_id_made_up_ends_the_transaction_of_its_tag(
    house: Any, raw: Any
) -> None:
    session = await house.secure()
    await raw.confirmed("StartTransaction", START)
    assert await raw.confirmed("StopTransaction", STOP | {"transactionId": "offline-6"}) == {}
    assert (await house.session(session)).state is State.SETTLING


async def test_a_stop_that_names_its_tag_and_a_wrong_register_goes_to_a_person(
    house: Any, raw: Any
) -> None:
    """Its id was never learnt, and its register lies below the first: the charge is over still."""
    session = await house.secure()
    await raw.confirmed("StartTransaction", START)
    below = {"transactionId": -1, "idTag": session.id_tag, "meterStop": START["meterStart"] - 1}
    assert await raw.confirmed("StopTransaction", STOP | below) == {}
    assert (await house.session(session)).state is State.REVIEW


async def test_a_stop_with_its_tag_and_not_its_id_goes_to_a_person_once_the_id_was_used(
    house: Any, raw: Any
) -> None:
    """It may be of another charge: nothing is billed by it, and nothing is forgotten."""
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    values = {"connectorId": 1, "transactionId": start["transactionId"], "meterValue": [ENERGY]}
    await raw.confirmed("MeterValues", values)
    nameless = {"transactionId": -1, "idTag": session.id_tag}
    assert await raw.confirmed("StopTransaction", STOP | nameless) == {}
    review = await house.session(session)
    assert (review.state, review.decided_minor) == (State.REVIEW, None)


async def test_a_stop_that_names_a_tag_ends_nobody_else_s_charge(house: Any, raw: Any) -> None:
    """The only charge whose id was never used is not meant where another's tag is named."""
    one, other = await house.secure(), await house.secure("TAG2", 2)
    start = await raw.confirmed("StartTransaction", START)
    values = {"connectorId": 1, "transactionId": start["transactionId"], "meterValue": [ENERGY]}
    await raw.confirmed("MeterValues", values)
    await raw.confirmed("StartTransaction", START | {"connectorId": 2, "idTag": other.id_tag})
    nameless = {"transactionId": -1, "idTag": one.id_tag}
    assert await raw.confirmed("StopTransaction", STOP | nameless) == {}
    assert (await house.session(other)).state is State.CHARGING


async def test_a_stop_without_its_register_is_looked_at_by_a_person(house: Any, raw: Any) -> None:
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    stop = {"transactionId": start["transactionId"], "timestamp": LATER}
    assert await raw.confirmed("StopTransaction", stop) == {}
    assert (await house.session(session)).state is State.REVIEW


async def test_a_stop_that_cannot_be_read_is_kept_whole_and_confirmed(
    raw: Any, database: sqlite3.Connection
) -> None:
    assert await raw.confirmed("StopTransaction", {"meterStop": 3}) == {}
    assert count(database, "inbox") == 1


async def test_a_new_start_on_its_connector_ends_a_charge_at_its_last_reading(
    house: Any, raw: Any
) -> None:
    """Its stop was lost; told after all, it makes nothing cost more."""
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    values = {
        "connectorId": 1,
        "transactionId": start["transactionId"],
        "meterValue": [SOMEWHAT_LATER],
    }
    await raw.confirmed("MeterValues", values)
    elsewhere = {"connectorId": 2, "idTag": "BADGE", "timestamp": LATER}
    await raw.confirmed("StartTransaction", START | elsewhere)
    earlier = {"idTag": "BADGE", "timestamp": "2026-03-01T09:00:00Z", "meterStart": 900}
    await raw.confirmed("StartTransaction", START | earlier)
    assert (await house.session(session)).state is State.CHARGING

    answer = await raw.confirmed("StartTransaction", START | elsewhere | {"connectorId": 1})
    assert answer["idTagInfo"] == {"status": "Invalid"}
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh, ended.end_presumed) == (State.SETTLING, 1500, True)
    stop = STOP | {"transactionId": start["transactionId"]}
    for meter_stop in (6000, 1200):
        await raw.confirmed("StopTransaction", stop | {"meterStop": meter_stop})
        heard = replace(ended, end_presumed=False, version=ended.version + 1)
        assert await house.session(session) == heard


async def test_of_endless_starts_the_oldest_are_over_and_no_guest_s(house: Any, raw: Any) -> None:
    """A charge point that tells of starts only makes nobody wait for its ever longer list."""
    session = await house.secure()
    guest = await raw.confirmed("StartTransaction", START)

    def strays(tx: Tx) -> None:
        known = tx.transactions.get("CP1", str(guest["transactionId"]))
        assert known
        for number in range(RUNNING_MOST):
            stray = {"id": f"stray-{number}", "connector_number": 10 + number}
            tx.transactions.add(replace(known, **stray, id_tag="STRAY", session_id=None))

    await house.storage.transact(strays)
    await raw.confirmed("StartTransaction", START | {"connectorId": 9, "idTag": "STRAY"})
    running = await house.storage.read(lambda tx: tx.transactions.running("CP1"))
    assert len(running) == 1 + RUNNING_MOST
    assert "stray-0" not in {transaction.id for transaction in running}
    assert (await house.session(session)).state is State.CHARGING


async def test_a_start_repeated_with_another_moment_is_the_same(house: Any, raw: Any) -> None:
    """A tag is of one session: the charge goes on, and nothing is stopped."""
    session = await house.secure()
    first = await raw.confirmed("StartTransaction", START)
    charging = await house.session(session)
    anew = START | {"idTag": "tag1", "timestamp": SOMEWHAT_LATER["timestamp"]}
    assert await raw.confirmed("StartTransaction", anew) == first
    assert await house.session(session) == charging
    running = await house.storage.read(lambda tx: tx.transactions.running("CP1"))
    assert [t.id for t in running] == [str(first["transactionId"])]
    assert not await house.storage.read(lambda tx: tx.intents.pending(session.id, "remote_stop"))


async def test_a_start_on_a_used_tag_with_another_register_is_another(house: Any, raw: Any) -> None:
    """It ends what ran there, is recorded without being accepted, and is stopped."""
    session = await house.secure()
    first = await raw.confirmed("StartTransaction", START)
    await raw.confirmed("MeterValues", {"connectorId": 1, "meterValue": [SOMEWHAT_LATER]})
    other = START | {"timestamp": LATER, "meterStart": 2500}
    second = await raw.confirmed("StartTransaction", other)
    assert second["idTagInfo"] == {"status": "Invalid"}
    assert second["transactionId"] != first["transactionId"]
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 1500)
    assert await house.storage.read(lambda tx: tx.intents.pending(session.id, "remote_stop"))


@pytest.mark.parametrize("id_", ["its id", -1, "offline-6"])
async def test_a_stop_after_all_is_known_by_its_id_or_its_tag(
    house: Any, raw: Any, id_: Any
) -> None:
    """It says less than was read last: that much is billed, once."""
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    await raw.confirmed("MeterValues", {"connectorId": 1, "meterValue": [SOMEWHAT_LATER]})
    await raw.confirmed("StartTransaction", START | {"idTag": "BADGE", "timestamp": LATER})
    named = start["transactionId"] if id_ == "its id" else id_
    stop = STOP | {"transactionId": named, "meterStop": 2000}
    for _ in range(2):
        assert await raw.confirmed("StopTransaction", stop) == {}
        lowered = await house.session(session)
        assert (lowered.energy_wh, lowered.decided_minor) == (1000, 40)
    assert await raw.confirmed("StopTransaction", stop | {"meterStop": 1500}) == {}
    assert await house.session(session) == lowered


async def test_a_later_reading_of_a_charge_that_was_ended_adds_nothing(
    house: Any, raw: Any
) -> None:
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    values = {
        "connectorId": 1,
        "transactionId": start["transactionId"],
        "meterValue": [SOMEWHAT_LATER],
    }
    await raw.confirmed("MeterValues", values)
    await raw.confirmed("StartTransaction", START | {"idTag": "BADGE", "timestamp": LATER})
    ended = await house.session(session)
    more = {"timestamp": LATER, "sampledValue": [{"value": "9000"}]}
    await raw.confirmed("MeterValues", values | {"meterValue": [more]})
    await raw.confirmed("StopTransaction", STOP | {"transactionId": start["transactionId"]})
    heard = replace(ended, end_presumed=False, version=ended.version + 1)
    assert await house.session(session) == heard


async def test_a_charge_that_goes_on_after_its_end_was_presumed_is_asked_to_stop_once(
    house: Any, raw: Any
) -> None:
    """Whatever is read after that asks for nothing more, and costs nothing."""
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    values = {"connectorId": 1, "transactionId": start["transactionId"]}
    await raw.confirmed("MeterValues", values | {"meterValue": [SOMEWHAT_LATER]})
    await raw.confirmed("StartTransaction", START | {"idTag": "BADGE", "timestamp": LATER})
    ended = await house.session(session)

    def asked(tx: Tx) -> list[Any]:
        waiting = tx.intents.next_due([Lane.CHARGER], house.clock.now(), 9)
        return [(due.intent.do, dict(due.intent.parameters)) for due in waiting]

    await raw.confirmed(
        "MeterValues", values | {"meterValue": [SOMEWHAT_LATER | {"timestamp": LATER}]}
    )
    assert await house.storage.read(asked) == []
    for more in ("2600", "2700"):
        grown = {"timestamp": LATER, "sampledValue": [{"value": more}]}
        await raw.confirmed("MeterValues", values | {"meterValue": [grown]})
        stop = (Do.REFUSE, {"transaction_id": str(start["transactionId"])})
        assert await house.storage.read(asked) == [stop]
    unfinished = await house.storage.read(lambda tx: tx.intents.unfinished(session.id))
    assert [intent.kind for intent in unfinished].count(Kind.REMOTE_STOP) == 1
    assert await house.session(session) == ended


async def test_meter_values_that_say_nothing_readable_show_that_the_charge_goes_on(
    house: Any, raw: Any
) -> None:
    await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    (running,) = await house.storage.read(lambda tx: tx.transactions.running("CP1"))
    before = house.clock.now()
    nothing = {"timestamp": LATER, "sampledValue": [{"value": "n/a"}]}
    unnamed = {"connectorId": 1, "meterValue": [nothing]}
    await raw.confirmed("MeterValues", unnamed)
    assert not house.meters.named_since(running, before)
    await raw.confirmed("MeterValues", unnamed | {"transactionId": start["transactionId"]})
    assert house.meters.named_since(running, before)


async def test_meter_values_keep_what_is_readable(house: Any, raw: Any) -> None:
    """One odd sample costs that sample, not the message; 1.25 kWh are 1245 Wh or more."""
    session = await house.secure()
    await raw.confirmed("StartTransaction", START)
    samples = [
        {"value": "50", "measurand": "Colour"},
        {"value": 1.25, "unit": "kWh", "context": "Whenever"},
    ]
    values = {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": samples}]}
    assert await raw.confirmed("MeterValues", values) == {}
    charging = await house.session(session)
    assert house.meters.live(charging, house.clock.now()).energy_wh == 245


async def test_meter_values_that_cannot_be_read_are_kept_whole_and_confirmed(
    raw: Any, database: sqlite3.Connection
) -> None:
    assert await raw.confirmed("MeterValues", {"connectorId": 1}) == {}
    assert count(database, "inbox") == 1


async def test_an_endless_id_is_not_kept_with_each_reading(
    raw: Any, database: sqlite3.Connection
) -> None:
    """Of one frame that names it once nobody's disk is full."""
    values = {"connectorId": 1, "transactionId": "9" * 256, "meterValue": [ENERGY, SOMEWHAT_LATER]}
    assert await raw.confirmed("MeterValues", values) == {}
    kept = database.execute("SELECT transaction_id FROM readings").fetchall()
    assert kept == [("",), ("",)]


async def test_a_start_is_confirmed_only_once_it_is_committed(
    house: Any, raw: Any, database: sqlite3.Connection, open_socket: Callable[..., Any]
) -> None:
    """While another process holds the database, the bridge hears others but confirms nothing."""
    await house.secure()
    async with open_socket("CP2") as other:
        assert await other.alive()
        database.execute("BEGIN IMMEDIATE")
        await raw.send([2, "a", "StartTransaction", START])
        for _ in range(20):
            assert await other.alive()
        assert raw.silent
        database.execute("COMMIT")
        kind, id_, answer = await raw.reply()
    assert (kind, id_, answer["idTagInfo"]) == (3, "a", {"status": "Accepted"})
    assert count(database, "transactions") == 1


@pytest.mark.parametrize(
    ("table", "action", "payload"),
    [
        ("transactions", "StartTransaction", START),
        ("transactions", "StopTransaction", STOP | {"transactionId": 1}),
        ("readings", "MeterValues", {"connectorId": 1, "meterValue": [ENERGY]}),
    ],
)
async def test_what_cannot_be_stored_is_refused_so_that_it_is_sent_again(
    raw: Any, database: sqlite3.Connection, table: str, action: str, payload: dict[str, Any]
) -> None:
    """Until then the charge point has not told everything: that it seems idle proves nothing."""
    database.execute(f"ALTER TABLE {table} RENAME TO away")
    kind, _, code, *_ = await raw.call(action, payload)
    assert (kind, code) == (4, "InternalError")
    (behind_at,) = database.execute(
        "SELECT behind_at FROM charge_points WHERE id = 'CP1'"
    ).fetchone()
    assert behind_at is not None
    database.execute(f"ALTER TABLE away RENAME TO {table}")
    await raw.confirmed(action, payload)


@pytest.mark.parametrize("oddity", [{}, {"vendorSays": "hello"}])
@pytest.mark.parametrize("damage", ["tariff = '{}'", "state = 'nowhere'", "opened_at = 'once'"])
async def test_what_no_rule_can_decide_is_kept_whole_and_confirmed(
    house: Any, raw: Any, database: sqlite3.Connection, damage: str, oddity: dict[str, Any]
) -> None:
    """A CALLERROR would have it sent some times more, and then be lost."""
    await house.secure()
    database.execute(f"UPDATE sessions SET {damage}")
    answer = await raw.confirmed("StartTransaction", START | oddity)
    assert answer["idTagInfo"] == {"status": "Invalid"}
    assert count(database, "inbox") == 1


async def test_plugging_in_sends_a_lost_start_again(house: Any, raw: Any) -> None:
    """Available, then Preparing, while the session waits: RemoteStart is wanted anew."""
    session = await house.secure()
    status = {"connectorId": 1, "errorCode": "NoError"}

    def pending(tx: Any) -> bool:
        found: bool = tx.intents.pending(session.id, Kind.REMOTE_START)
        return found

    await raw.confirmed("StatusNotification", status | {"status": "Available"})
    assert not await house.storage.read(pending)
    await raw.confirmed("StatusNotification", status | {"status": "Preparing"})
    assert await house.storage.read(pending)


async def test_a_stop_whose_start_was_lost_goes_to_a_person(house: Any, raw: Any) -> None:
    """Nobody can say what was used: neither billed nor given away."""
    session = await house.secure()
    stop = STOP | {"transactionId": -1, "idTag": session.id_tag}
    assert await raw.confirmed("StopTransaction", stop) == {}
    review = await house.session(session)
    assert (review.state, review.decided_minor) == (State.REVIEW, None)


@pytest.mark.parametrize("id_", [-1, 0, 987_654])
async def test_a_stop_of_something_else_ends_no_charge(house: Any, raw: Any, id_: int) -> None:
    """Once the charge point has named the transaction, it will name it at the stop."""
    session = await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    values = {"connectorId": 1, "transactionId": start["transactionId"], "meterValue": [ENERGY]}
    await raw.confirmed("MeterValues", values)
    foreign = {"transactionId": id_, "meterStop": 987_654, "timestamp": LATER}
    assert await raw.confirmed("StopTransaction", foreign) == {}
    assert (await house.session(session)).state is State.CHARGING


async def test_a_clock_gone_wild_stops_nothing(house: Any, raw: Any) -> None:
    """A start and a reading of the year 9999 count as now, before and after a restart."""
    session = await house.secure()
    far = "9999-12-31T23:00:00Z"
    start = await raw.confirmed("StartTransaction", START | {"timestamp": far})
    meter_value = [{"timestamp": far, "sampledValue": [{"value": "1500"}]}]
    values = {"connectorId": 1, "transactionId": start["transactionId"], "meterValue": meter_value}
    assert await raw.confirmed("MeterValues", values) == {}
    charging = await house.session(session)
    assert house.meters.live(charging, house.clock.now()).energy_wh == 500
    await house.meters.rebuild()
    assert house.meters.live(charging, house.clock.now()).energy_wh == 500


async def test_a_pause_of_less_than_a_second_is_over_when_it_is_over(house: Any, raw: Any) -> None:
    """Charge points say seconds: the same status again within one is no repeat of the first."""
    await house.secure()
    start = await raw.confirmed("StartTransaction", START)
    for status in ("Charging", "SuspendedEV", "Charging"):
        told = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": LATER}
        await raw.confirmed("StatusNotification", told)
    id_ = str(start["transactionId"])
    readings = await house.storage.read(lambda tx: tx.transactions.readings("CP1", id_))
    assert [r.activity.value for r in readings] == ["charging", "suspended_ev", "charging"]
