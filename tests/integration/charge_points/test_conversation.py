"""What a charge point may say, and what nothing it says can break."""

import json
from datetime import datetime
from typing import Any

import pytest

from irve_bridge.charge_points.server import FRAME_BYTES_MAX
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.domain.charge_point import ConnectorStatus

BOOT = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1.2"}


async def test_a_boot_is_accepted_and_noted(house: Any, raw: Any) -> None:
    answer = await raw.confirmed("BootNotification", BOOT)
    assert (answer["status"], answer["interval"]) == ("Accepted", 300)
    assert datetime.fromisoformat(answer["currentTime"]).tzinfo
    point = await house.storage.read(lambda tx: tx.stations.charge_point("CP1"))
    assert (point.vendor, point.model, point.firmware) == ("V", "M", "1.2")


@pytest.mark.parametrize("error", ["NoError", "GroundFailure"])
async def test_a_status_is_noted_whatever_its_error_code(house: Any, raw: Any, error: str) -> None:
    status = {"connectorId": 1, "errorCode": error, "status": "SuspendedEV"}
    assert await raw.confirmed("StatusNotification", status) == {}
    connector = await house.storage.read(lambda tx: tx.stations.connector("CP1", 1))
    assert connector.status is ConnectorStatus.SUSPENDED_EV
    assert connector.error_code == (None if error == "NoError" else error)


@pytest.mark.parametrize("number", [0, 9])
async def test_a_status_of_no_registered_connector_is_confirmed(raw: Any, number: int) -> None:
    status = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
    assert await raw.confirmed("StatusNotification", status) == {}


async def test_an_unknown_vendor_is_named_so(raw: Any) -> None:
    answer = await raw.confirmed("DataTransfer", {"vendorId": "x", "data": "y"})
    assert answer == {"status": "UnknownVendorId"}


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("FirmwareStatusNotification", {"status": "Installed"}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}),
        (
            "SecurityEventNotification",
            {"type": "StartupOfTheDevice", "timestamp": "2026-03-01T10:00:00Z"},
        ),
        ("Heartbeat", None),
    ],
)
async def test_what_needs_no_answer_is_confirmed(raw: Any, action: str, payload: Any) -> None:
    """A payload of null stands for an empty one (OCPP-J 1.6 §4)."""
    kind, *_ = await raw.call(action, payload)
    assert kind == 3


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("MakeCoffee", {}, "NotImplemented"),
        ("ClearCache", {}, "NotSupported"),
        ("BootNotification", {"chargePointVendor": "V"}, "ProtocolError"),
        ("BootNotification", BOOT | {"colour": "red"}, "FormationViolation"),
        ("Authorize", {"idTag": 5}, "TypeConstraintViolation"),
        ("Authorize", {"idTag": "X" * 21}, "TypeConstraintViolation"),
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError", "status": "Asleep"},
            "FormationViolation",
        ),
        ("DataTransfer", {}, "ProtocolError"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_code(
    raw: Any, action: str, payload: Any, code: str
) -> None:
    """OCPP-J 1.6 §4.2.3."""
    kind, _, given, *_ = await raw.call(action, payload)
    assert (kind, given) == (4, code)


@pytest.mark.parametrize("unique_id", ['"a b"', "17", '"' + "x" * 60 + '"', '"\\u00e9"'])
async def test_a_message_id_is_given_back_as_it_came(raw: Any, unique_id: str) -> None:
    await raw.send(f'[2,{unique_id},"Heartbeat",{{}}]')
    assert (await raw.reply())[1] == json.loads(unique_id)


async def test_an_id_that_is_no_utf_8_is_answered_by_a_sound_frame(raw: Any) -> None:
    await raw.send(b'[2,"\xe9","Heartbeat",{}]')
    assert (await raw.reply())[:2] == [3, "\ufffd"]


USELESS = [
    "",
    "not json",
    "{}",
    "[]",
    "null",
    "[2]",
    "[3]",
    '[2,"1"]',
    '[2,"1",["a"],{}]',
    '[3,"nobody asked",{}]',
    '[4,"nobody asked","InternalError","",{}]',
    "[3,{},{}]",
    '[5,"1","Heartbeat",{}]',
    '["2","1","Heartbeat",{}]',
    b"\x00\xff\xfe",
    "[" * 50_000,
    '[2,"1\n","Heartbeat",{}]',
    "[2," + "1" * 50_000 + ',"Heartbeat"',
    '[4,"nobody asked"',
]


@pytest.mark.parametrize("frame", USELESS, ids=lambda frame: repr(frame[:20]))
async def test_the_conversation_survives(raw: Any, frame: str | bytes) -> None:
    await raw.send(frame)
    assert await raw.alive()


STOP = '{"transactionId":7,"meterStop":5,"timestamp":"2026-03-01T10:00:00Z"'
VALUES = '{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T10:00:00Z","sampledValue":['


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"a","Heartbeat",{}]\0',
        '\ufeff[2,"a","Heartbeat",{}]\r\n',
        '[2,"a","Heartbeat"]',
        '[2,"a","StopTransaction",' + STOP + ',"idTag":"line\nbreak"}]',
        b'[2,"a","StopTransaction",' + STOP.encode() + b',"idTag":"Andr\xe9"}]',
        '[2,"a","StopTransaction",' + STOP + ',"transactionData":[{"timest',
        '[2,"a","MeterValues",' + VALUES + '{"value":NaN}]}]}]',
        '[2,"a","MeterValues",' + VALUES + "[" * 50_000,
        '[2,"a","StartTransaction",',
    ],
    ids=lambda frame: repr(frame[-20:]),
)
async def test_unsound_json_is_confirmed_where_it_can_be_read_who_asks(
    raw: Any, frame: str | bytes
) -> None:
    """Firmware cuts off what is too long, prints NaN and the end of C strings."""
    await raw.send(frame)
    assert (await raw.reply())[:2] == [3, "a"]
    assert await raw.alive()


async def test_an_id_that_is_no_number_of_json_is_given_back_as_one(raw: Any) -> None:
    """Firmware fills numbers up with zeros; an answer is JSON all the same."""
    await raw.send('[2,-007,"Heartbeat",{}]')
    kind, id_, answer = await raw.reply()
    assert (kind, id_) == (3, -7)
    assert "currentTime" in answer


@pytest.mark.parametrize("action", ["Heartbeat", "BootNotification", "DataTransfer"])
async def test_what_else_is_unsound_is_refused_at_once(raw: Any, action: str) -> None:
    """Who gets no answer waits for it, and sends nothing meanwhile (OCPP-J 1.6 §4.1.1)."""
    for payload in ("[" * 50_000, '{"vendorId":NaN}]'):
        await raw.send(f'[2,"a","{action}",{payload}')
        assert (await raw.reply())[:3] == [4, "a", "FormationViolation"]


async def test_a_binary_frame_is_read_like_text(raw: Any) -> None:
    await raw.send(b'[2,"b","Heartbeat",{}]')
    assert (await raw.reply())[:2] == [3, "b"]


@pytest.mark.parametrize("settings", [DoorSettings(port=0, invalid_burst=3, invalid_per_s=0)])
@pytest.mark.parametrize(
    "frame",
    ["nonsense", '[3,"nobody asked",{}]', '[2,"1","MakeCoffee",{}]', '[2,"1","StopTransaction",0]'],
)
async def test_a_flood_of_useless_messages_closes_the_socket(open_socket: Any, frame: str) -> None:
    """Each costs as much as many good ones."""
    async with open_socket() as raw:
        assert await raw.alive()
        for _ in range(4):
            await raw.send(frame)
        await raw.socket.wait_closed()
        assert raw.socket.close_code == 1008


@pytest.mark.parametrize("settings", [DoorSettings(port=0, invalid_burst=3, invalid_per_s=0)])
async def test_a_few_useless_messages_are_borne(raw: Any) -> None:
    for _ in range(3):
        await raw.send("nonsense")
    assert await raw.alive()


async def test_a_frame_beyond_the_bound_closes_the_socket(raw: Any) -> None:
    await raw.send("x" * (FRAME_BYTES_MAX + 1))
    await raw.socket.wait_closed()
    assert raw.socket.close_code == 1009


@pytest.mark.parametrize(
    ("message", "status"), [("ConnectorUnplugged", "Accepted"), ("Other", "UnknownMessageId")]
)
async def test_that_a_connector_was_unplugged_is_confirmed(
    raw: Any, message: str, status: str
) -> None:
    """A display that shows costs says so after the stop, and repeats it until it is heard."""
    told = {
        "vendorId": "org.openchargealliance.costmsg",
        "messageId": message,
        "data": '{"transactionId": 1, "timestamp": "2026-03-01T10:00:00Z"}',
    }
    assert await raw.confirmed("DataTransfer", told) == {"status": status}
