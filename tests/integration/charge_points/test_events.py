"""What a charge point tells of itself is kept before it is confirmed."""

import asyncio
import json
from typing import Any

import pytest

from irve_bridge.charge_points.v16.answers import SHOWN_MOST
from irve_bridge.charge_points.v16.recent import FRAME_BYTES, FRAMES_KEPT
from irve_bridge.service.commands import Call, Recent
from irve_bridge.service.ports import StationEvent
from irve_bridge.storage.operations import DETAILS_BYTES

KEY = "00ff10ee" * 4
STAMP = "2026-03-01T10:00:00Z"
TOLD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("FirmwareStatusNotification", {"status": "Installed"}, {}),
    ("DiagnosticsStatusNotification", {"status": "Uploading"}, {}),
    ("LogStatusNotification", {"status": "Uploaded", "requestId": 4}, {}),
    ("SignedFirmwareStatusNotification", {"status": "Downloaded", "requestId": 5}, {}),
    (
        "SecurityEventNotification",
        {"type": "StartupOfTheDevice", "timestamp": STAMP, "techInfo": "power"},
        {},
    ),
    ("SignCertificate", {"csr": "-----BEGIN CERTIFICATE REQUEST-----"}, {"status": "Accepted"}),
    (
        "DataTransfer",
        {"vendorId": "org.example", "messageId": "M", "data": "{}"},
        {"status": "UnknownVendorId"},
    ),
    ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "iccid": "8933"}, {}),
    (
        "StatusNotification",
        {
            "connectorId": 1,
            "errorCode": "GroundFailure",
            "status": "Faulted",
            "info": "relay 2",
            "vendorErrorCode": "E17",
        },
        {},
    ),
]


async def kept(house: Any, charge_point_id: str = "CP1") -> list[StationEvent]:
    found: list[StationEvent] = await house.storage.read(
        lambda tx: tx.station_events.of(charge_point_id, 100)
    )
    return found


@pytest.mark.parametrize(("action", "told", "answer"), TOLD, ids=[action for action, *_ in TOLD])
async def test_it_is_kept_as_it_was_told(
    house: Any, raw: Any, action: str, told: dict[str, Any], answer: dict[str, Any]
) -> None:
    confirmed = await raw.confirmed(action, told)
    assert confirmed.items() >= answer.items()
    (event,) = await kept(house)
    assert (event.kind, event.details) == (action, told)
    assert await kept(house, "CP2") == []


async def test_a_start_or_stop_of_which_nothing_can_be_made_is_shown_once(
    house: Any, raw: Any
) -> None:
    """It may be energy that nobody pays: whoever looks at the charge point sees it."""
    stop = {"transactionId": 7, "meterStop": 900, "timestamp": STAMP, "idTag": "CARD"}
    unread = {"meterStop": 3}
    for action, payload in (
        ("StopTransaction", stop),
        ("StopTransaction", unread),
        ("MeterValues", {"connectorId": 1}),
    ):
        for _ in range(2):
            await raw.confirmed(action, payload)
    second, first = await kept(house)
    assert (first.kind, second.kind) == ("StopTransaction", "StopTransaction")
    assert "no transaction" in first.details["note"]
    assert first.details.items() >= {"id_tag": "CARD", "meter_stop_wh": 900}.items()
    assert "transactionId" in second.details["note"]
    assert json.loads(second.details["payload"]) == unread


async def test_of_what_is_endless_the_beginning_is_kept(house: Any, raw: Any) -> None:
    """Two hundred such messages would else be a disk's worth, and no page that a browser shows."""
    await raw.confirmed("DataTransfer", {"vendorId": "org.example", "data": "x" * 900_000})
    (event,) = await kept(house)
    assert event.details["cut_off"].startswith('{"vendorId":"org.example"')
    assert len(event.details["cut_off"]) == DETAILS_BYTES
    boot = {"chargePointVendor": "V" * 300_000, "chargePointModel": "M", "firmwareVersion": "F"}
    await raw.confirmed("BootNotification", boot)
    status = {"connectorId": 1, "errorCode": "E" * 300_000, "status": "Faulted"}
    await raw.confirmed("StatusNotification", status)
    point, connector = await house.storage.read(
        lambda tx: (tx.stations.charge_point("CP1"), tx.stations.connector("CP1", 1))
    )
    assert (point.vendor, point.model, point.firmware) == ("V" * SHOWN_MOST, "M", "F")
    assert connector.error_code == "E" * SHOWN_MOST


async def test_what_cannot_be_kept_is_not_confirmed(house: Any, raw: Any) -> None:
    assert await raw.alive()
    await house.storage.close()
    kind, _, code, *_ = await raw.call("FirmwareStatusNotification", {"status": "Installed"})
    assert (kind, code) == (4, "InternalError")


async def test_what_is_said_just_before_the_end_is_heard(house: Any, raw: Any) -> None:
    """Nobody is left to be told so: it is said again, and known already."""
    assert await raw.alive()
    for number, status in enumerate(("Downloading", "Downloaded", "Installing")):
        await raw.send([2, f"last-{number}", "FirmwareStatusNotification", {"status": status}])
    await raw.socket.close()
    await house.disconnected()
    told = [event.details["status"] for event in await kept(house)]
    assert told == ["Installing", "Downloaded", "Downloading"]


async def test_an_answer_just_before_the_end_is_heard(house: Any, raw: Any) -> None:
    assert await raw.alive()
    asked = asyncio.create_task(house.command(Call("Reset", {"type": "Soft"})))
    unique_id, *_ = await raw.next_call()
    await raw.send([2, "last", "FirmwareStatusNotification", {"status": "Installed"}])
    await raw.send([3, unique_id, {"status": "Accepted"}])
    await raw.socket.close()
    assert (await asked).accepted


@pytest.mark.parametrize("connector_id", [0, 1])
async def test_an_error_is_kept_when_it_comes_and_when_it_goes(
    house: Any, raw: Any, connector_id: int
) -> None:
    """Be it one connector's or the whole charge point's."""

    async def report(error_code: str, status: str) -> None:
        said = {"connectorId": connector_id, "errorCode": error_code, "status": status}
        await raw.confirmed("StatusNotification", said)

    for status in ("Available", "Unavailable"):
        await report("NoError", status)
    for _ in range(2):
        await report("OverVoltage", "Faulted")
    await report("NoError", "Available")
    told = [event.details["errorCode"] for event in await kept(house)]
    assert told == ["NoError", "OverVoltage"]


async def test_the_last_frames_of_both_sides_are_told(house: Any, raw: Any) -> None:
    await raw.confirmed("Heartbeat", {})
    answer = await house.command(Recent())
    heard, said = answer.payload["messages"]
    assert (heard["sent_by"], json.loads(heard["frame"])) == (
        "charge_point",
        [2, "1", "Heartbeat", {}],
    )
    assert (said["sent_by"], json.loads(said["frame"])[:2]) == ("bridge", [3, "1"])
    assert heard["at"] <= said["at"]


async def test_the_last_frames_are_few_and_short(house: Any, raw: Any) -> None:
    for _ in range(FRAMES_KEPT):
        await raw.call("DataTransfer", {"vendorId": "x", "data": "y" * 9000})
    messages = (await house.command(Recent())).payload["messages"]
    assert len(messages) == FRAMES_KEPT
    assert max(len(message["frame"]) for message in messages) == FRAME_BYTES


async def test_the_last_frames_show_no_secret(house: Any, raw: Any) -> None:
    assert await raw.alive()
    key = {"key": "AuthorizationKey", "value": KEY}
    for action, payload, said in (
        ("ChangeConfiguration", key, {"status": "Accepted"}),
        ("GetConfiguration", {}, {"configurationKey": [key | {"readonly": False}]}),
        ("GetDiagnostics", {"location": "ftp://me:hunter2@example.org/"}, {}),
    ):
        asked = asyncio.create_task(house.command(Call(action, payload)))
        unique_id, *_ = await raw.next_call()
        await raw.send([3, unique_id, said])
        await asked
    frames = json.dumps((await house.command(Recent())).payload)
    assert frames.count("***") == 3
    assert KEY not in frames
    assert "hunter2" not in frames
