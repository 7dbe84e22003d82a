"""What charge points tell of transactions, frame by frame."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import Session, State

AT = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T11:00:00Z"
DAYS_LATER = "2026-03-04T10:00:00Z"
START = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": AT}
STOP = {"idTag": "TAG1", "meterStop": 6000, "timestamp": LATER}


def values(id_: Any, register_wh: int, at: str = "2026-03-01T10:30:00Z", **more: Any) -> Any:
    sample = {"value": str(register_wh)} | more
    return {
        "connectorId": 1,
        "transactionId": id_,
        "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
    }


async def begin(raw: Any, **differs: Any) -> int:
    """Start a transaction and return its id."""
    start = await raw.confirmed("StartTransaction", START | differs)
    assert start["idTagInfo"] == {"status": "Accepted"}
    id_: int = start["transactionId"]
    return id_


def shown_wh(house: Any, session: Session) -> int:
    energy_wh: int = house.meters.live(session, house.clock.now()).energy_wh
    return energy_wh


async def test_everest_libocpp_298_retries_use_a_new_message_id(house: Any, raw: Any) -> None:
    """What is told is known by its content (https://github.com/EVerest/libocpp/issues/298)."""
    session = await house.secure()
    id_ = await begin(raw)
    assert await begin(raw) == id_
    for _ in range(2):
        assert await raw.confirmed("MeterValues", values(id_, 2500)) == {}
        assert shown_wh(house, await house.session(session)) == 1500
    await raw.confirmed("StopTransaction", STOP | {"transactionId": id_})
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 5000)
    assert await raw.confirmed("StopTransaction", STOP | {"transactionId": id_}) == {}
    assert await house.session(session) == ended


async def test_mobilityhouse_ocpp_186_start_resent_with_its_original_timestamp_after_link_loss(
    house: Any, raw: Any, open_socket: Callable[..., Any]
) -> None:
    """ABB: the same transaction, on whatever socket.

    https://github.com/mobilityhouse/ocpp/issues/186
    """
    session = await house.secure()
    id_ = await begin(raw)
    charging = await house.session(session)
    async with open_socket() as again:
        assert await begin(again) == id_
    assert await house.session(session) == charging


async def test_matth_x_microocpp_237_start_repeated(house: Any, raw: Any) -> None:
    """Any other answer than Accepted ends the charge at once.

    https://github.com/matth-x/MicroOcpp/issues/237
    """
    session = await house.secure()
    first = await raw.confirmed("StartTransaction", START)
    assert first["idTagInfo"] == {"status": "Accepted"}
    assert await raw.confirmed("StartTransaction", START) == first
    assert (await house.session(session)).state is State.CHARGING


async def test_everest_libocpp_495_transaction_id_minus_1_offline(house: Any, raw: Any) -> None:
    """It never learnt its id: the tag tells whose stop it is (OCPP 1.6 errata 3.18).

    https://github.com/EVerest/libocpp/issues/495
    """
    session = await house.secure()
    await begin(raw)
    assert await raw.confirmed("StopTransaction", STOP | {"transactionId": -1}) == {}
    assert (await house.session(session)).state is State.SETTLING


async def test_woopstar_hsem_907_id_0_treated_as_unset(house: Any, raw: Any) -> None:
    """None is given out, and a stop that says 0 names none.

    https://github.com/woopstar/hsem/pull/907
    """
    session = await house.secure()
    assert await begin(raw) > 0
    refused = await raw.confirmed("StartTransaction", START | {"connectorId": 2, "idTag": "BADGE"})
    assert refused["transactionId"] > 0
    await raw.confirmed("StopTransaction", STOP | {"transactionId": 0})
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 5000)


async def test_lbbrhzn_ocpp_2123_ids_collide_and_the_connector_of_an_unknown_stop_is_guessed(
    house: Any, raw: Any
) -> None:
    """Two that start in the same second have ids of their own; a stop of neither ends neither.

    https://github.com/lbbrhzn/ocpp/issues/2123
    """
    one, other = await house.secure(), await house.secure("TAG2", 2)
    assert await begin(raw) != await begin(raw, connectorId=2, idTag="TAG2")
    unknown = {"transactionId": 1772359200, "meterStop": 6000, "timestamp": LATER}
    assert await raw.confirmed("StopTransaction", unknown) == {}
    for session in (one, other):
        assert (await house.session(session)).state is State.CHARGING


async def test_evcc_io_evcc_13990_old_stop_delivered_days_later(house: Any, raw: Any) -> None:
    """It is of the old charge, which costs no more for it; who charges now goes on.

    https://github.com/evcc-io/evcc/pull/13990
    """
    before = await house.secure()
    id_ = await begin(raw)
    await raw.confirmed("MeterValues", values(id_, 2500))
    now = await house.secure("TAG2", 2)
    await begin(raw, idTag="TAG2", timestamp=DAYS_LATER, meterStart=6000)
    ended = await house.session(before)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 1500)
    assert await raw.confirmed("StopTransaction", STOP | {"transactionId": id_}) == {}
    assert (await house.session(before)).decided_minor == ended.decided_minor
    assert (await house.session(now)).state is State.CHARGING


async def test_evcc_io_evcc_15752_1970_timestamps_offline_ids_and_preparing_timeout(
    house: Any, raw: Any
) -> None:
    """EN+: told offline, by a clock not set; who plugs in again is started again.

    https://github.com/evcc-io/evcc/issues/15752
    """
    session = await house.secure()
    await raw.send([2, "offline-5", "MeterValues", values(None, 0, "1970-01-01T00:00:32Z")])
    assert await raw.reply() == [3, "offline-5", {}]
    for status in ("Preparing", "Available", "Preparing"):
        told = {"connectorId": 1, "errorCode": "NoError", "status": status}
        await raw.confirmed("StatusNotification", told)
    wanted = await house.storage.read(lambda tx: tx.intents.pending(session.id, Kind.REMOTE_START))
    assert wanted
    never_set = START | {"timestamp": "1970-01-01T00:03:00Z"}
    await raw.send([2, "offline-6", "StartTransaction", never_set])
    kind, id_, start = await raw.reply()
    assert (kind, id_, start["idTagInfo"]) == (3, "offline-6", {"status": "Accepted"})
    started_at = (await house.session(session)).started_at
    assert abs(house.clock.now() - started_at) < timedelta(minutes=1)


async def test_lbbrhzn_ocpp_1576_unit_hz(house: Any, raw: Any) -> None:
    """No unit of OCPP 1.6: that sample is left out, the rest is read.

    https://github.com/lbbrhzn/ocpp/issues/1576
    """
    session = await house.secure()
    id_ = await begin(raw)
    told = values(id_, 2500)
    frequency = {"value": "50", "measurand": "Frequency", "unit": "Hz"}
    told["meterValue"][0]["sampledValue"].insert(0, frequency)
    assert await raw.confirmed("MeterValues", told) == {}
    assert shown_wh(house, await house.session(session)) == 1500


@pytest.mark.parametrize("context", ["Transaction.Begin", "Whenever"])
async def test_lbbrhzn_ocpp_361_wrong_context_and_old_queue_flood(
    house: Any, raw: Any, context: str
) -> None:
    """Alfen: all of it is confirmed at once, and moves no other charge.

    https://github.com/lbbrhzn/ocpp/issues/361
    """
    await house.secure()
    old_id = await begin(raw)
    await raw.confirmed("StopTransaction", STOP | {"transactionId": old_id})
    session = await house.secure("TAG2", 2)
    id_ = await begin(raw, idTag="TAG2", meterStart=6000, timestamp=LATER)
    for number in range(100):
        told = values(old_id, 7000 + number, context=context)
        await raw.send([2, f"old-{number}", "MeterValues", told])
    for number in range(100):
        assert await raw.reply() == [3, f"old-{number}", {}]
    assert shown_wh(house, await house.session(session)) == 0
    told = values(id_, 6700, at="2026-03-01T11:30:00Z", context=context)
    assert await raw.confirmed("MeterValues", told) == {}
    assert shown_wh(house, await house.session(session)) == 700
