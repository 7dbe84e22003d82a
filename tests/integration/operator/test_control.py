"""The operator asks charge points by the API, and gets what they say or why nothing came."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ocpp.messages import Call, CallResult, validate_payload
from websockets.asyncio.client import connect

from irve_bridge.domain.configuration import KEYS_MOST, ConfigurationKey
from irve_bridge.service.control import ACTIONS
from irve_bridge.service.ports import Asked
from irve_bridge.web.cursors import cursor
from tests.integration.charge_points.conftest import RawChargePoint
from tests.integration.operator.calls import CALLS, profile
from tests.integration.world import World, world

KEY = "00ff10ee" * 4
Answering = dict[str, Any] | list[Any]


class Desk:
    """The operator before one bridge, and a charge point whose answers the test writes."""

    def __init__(self, made: World, raw: RawChargePoint | None) -> None:
        self.world = made
        self._raw = raw

    @property
    def raw(self) -> RawChargePoint:
        assert self._raw
        return self._raw

    async def http(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        headers["authorization"] = f"Bearer {self.world.api_key}"
        url = self.world.url + path
        async with self.world.http.request(method, url, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Any:
        status, found = await self.http("GET", path)
        assert status == 200, found
        return found

    async def send(
        self, action: str, payload: Any, to: str = "CP1", **headers: str
    ) -> tuple[int, Any]:
        """Ask as the operator does; the charge point does not answer."""
        path = f"/api/charge-points/{to}/commands/{action}"
        return await self.http("POST", path, payload, **headers)

    async def ask(self, action: str, payload: Any, answer: Answering) -> tuple[int, Any]:
        """Ask; the charge point answers with a payload, or with a whole frame's rest."""
        asked = asyncio.create_task(self.send(action, payload))
        unique_id, *call = await self.raw.next_call()
        assert call == [action, payload]
        rest = [3, unique_id, answer] if isinstance(answer, dict) else [4, unique_id, *answer]
        await self.raw.send(rest)
        return await asked

    async def audit(self) -> list[Asked]:
        assert self.world.bridge
        found: list[Asked] = await self.world.bridge.storage.read(
            lambda tx: tx.commands.of("CP1", 100)
        )
        return found


@asynccontextmanager
async def at_the_desk(folder: Path, **settings: str) -> AsyncIterator[Desk]:
    async with world(folder, speed=1, **settings) as made:
        # Whose configuration is known is not asked for it: no other call comes between.
        known = ConfigurationKey(key="NumberOfConnectors", value="2", read_at=made.clock.now())
        assert made.bridge
        await made.bridge.storage.transact(lambda tx: tx.configuration.put("CP1", known))
        url = f"ws://127.0.0.1:{made.environment['OCPP_PORT']}/ocpp/CP1"
        async with connect(url, subprotocols=["ocpp1.6"], compression=None) as socket:  # type: ignore[list-item]
            raw = RawChargePoint(socket)
            reading = asyncio.create_task(raw.read())
            desk = Desk(made, raw)
            while not (await desk.get("/api/charge-points/CP1"))["online"]:
                await asyncio.sleep(0.01)
            yield desk
            reading.cancel()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_the_desk(tmp_path) as made:
        yield made


def test_every_action_has_an_example() -> None:
    assert tuple(CALLS) == ACTIONS


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_examples_are_as_the_schemas_want_them(action: str) -> None:
    payload, answer = CALLS[action]
    await validate_payload(Call("1", action, payload), "1.6")
    await validate_payload(CallResult("1", answer, action), "1.6")


async def test_every_action_travels_and_its_answer_comes_back(desk: Desk) -> None:
    for action, (payload, answer) in CALLS.items():
        status, told = await desk.ask(action, payload, answer)
        assert (status, told) == (200, {"status": answer.get("status"), "answer": answer})
    audit = await desk.audit()
    assert [(a.action, a.payload, a.answer, a.error) for a in reversed(audit)] == [
        (action, payload, answer, None) for action, (payload, answer) in CALLS.items()
    ]
    assert all(a.answered_at and a.answered_at >= a.at for a in audit)
    listed = await desk.get("/api/charge-points/CP1/commands?limit=2")
    assert [each["action"] for each in listed["commands"]] == ["UpdateFirmware", "UnlockConnector"]
    more = await desk.get(f"/api/charge-points/CP1/commands?limit=1&after={listed['next']}")
    assert [each["action"] for each in more["commands"]] == ["TriggerMessage"]


async def test_a_whole_charge_point_answers_every_action(tmp_path: Path) -> None:
    """What it tells afterwards, as it was asked to, is kept."""
    async with world(tmp_path, speed=1) as made, made.charge_point("CP2") as point:
        await point.wait_until_online()
        desk = Desk(made, None)
        for action in sorted(CALLS, key=lambda action: action == "Reset"):
            status, told = await desk.send(action, CALLS[action][0], to="CP2")
            assert status == 200, (action, told)
            await validate_payload(CallResult("1", told["answer"], action), "1.6")
        wanted = {
            "BootNotification",
            "DiagnosticsStatusNotification",
            "FirmwareStatusNotification",
            "LogStatusNotification",
            "SignCertificate",
            "SignedFirmwareStatusNotification",
        }

        async def told_all() -> bool:
            listed = await desk.get("/api/charge-points/CP2/events")
            return {event["kind"] for event in listed["events"]} >= wanted

        await made.eventually(told_all)


async def test_a_callerror_is_told_with_its_code(desk: Desk) -> None:
    status, told = await desk.ask("ClearCache", {}, ["NotSupported", "no cache", {}])
    assert status == 502
    assert told["error"]["code"] == "call_error"
    assert told["error"]["call_error"] == "NotSupported"
    assert "NotSupported: no cache" in told["error"]["message"]
    (asked,) = await desk.audit()
    assert (asked.answer, asked.error) == (None, "NotSupported")


async def test_a_payload_that_its_schema_forbids_is_not_sent(desk: Desk) -> None:
    status, told = await desk.send("Reset", {"type": "Gently"})
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert told["error"]["message"] == "type: 'Gently' is not one of ['Hard', 'Soft']"
    assert desk.raw.calls.empty()
    assert await desk.audit() == []


async def test_what_is_too_long_is_not_told_back_whole(desk: Desk) -> None:
    payload = {"key": "Banner", "value": "x" * 10_000}
    status, told = await desk.send("ChangeConfiguration", payload)
    assert (status, told["error"]["code"]) == (422, "invalid")
    message = told["error"]["message"]
    assert message.startswith("value: 'xxx")
    assert message.endswith("is too long")
    assert len(message) < 300


@pytest.mark.parametrize(
    ("action", "payload", "says"),
    [
        ("Reset", {"type": "Gently"}, "type: 'Gently' is not one of"),
        ("Reset", {}, "'type' is a required property"),
        ("UnlockConnector", {"connectorId": 2**31}, "32 bits"),
        ("ReserveNow", CALLS["ReserveNow"][0] | {"expiryDate": "soon"}, "expiryDate: soon"),
    ],
)
async def test_what_is_wrong_with_a_command_is_told_before_who_is_offline(
    desk: Desk, action: str, payload: Any, says: str
) -> None:
    """Whoever writes it need not wait for the charge point to learn that."""
    status, told = await desk.send(action, payload, to="CP3")
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert says in told["error"]["message"]


@pytest.mark.parametrize("moment", ["soon", "9999-12-31T23:59:59-12:00"])
async def test_a_reservation_without_a_moment_is_not_sent(desk: Desk, moment: str) -> None:
    payload = CALLS["ReserveNow"][0] | {"expiryDate": moment}
    status, told = await desk.send("ReserveNow", payload)
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert "expiryDate" in told["error"]["message"]


async def test_a_number_that_nobody_can_store_is_not_sent(desk: Desk) -> None:
    status, told = await desk.send("UnlockConnector", {"connectorId": 10**30})
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert await desk.audit() == []


async def test_who_is_not_connected_is_offline(desk: Desk) -> None:
    status, told = await desk.send("ClearCache", {}, to="CP3")
    assert (status, told["error"]["code"]) == (409, "offline")
    shown = await desk.get("/api/charge-points/CP3")
    assert [asked["error"] for asked in shown["commands"]] == ["offline"]
    assert shown["messages"] == []


TIMES = {"command_timeout_s": "0.2", "csms_authorize_timeout_s": "0.1"}


async def test_what_may_have_arrived_is_not_sent_again_under_its_key(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "reset-1"}
    async with at_the_desk(tmp_path, **TIMES) as desk:
        first = await desk.send("Reset", {"type": "Hard"}, **key)
        assert (first[0], first[1]["error"]["code"]) == (504, "timeout")
        assert await desk.send("Reset", {"type": "Hard"}, **key) == first
        assert len(await desk.audit()) == 1


async def test_silence_is_a_timeout(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, **TIMES) as desk:
        status, told = await desk.send("ClearCache", {})
        assert (status, told["error"]["code"]) == (504, "timeout")
        assert "may have arrived" in told["error"]["message"]
        assert [asked.error for asked in await desk.audit()] == ["timeout"]


async def test_what_nobody_can_ask_is_told_with_what_can(desk: Desk) -> None:
    status, told = await desk.send("MakeCoffee", {})
    assert (status, told["error"]["code"]) == (404, "unknown_action")
    assert "UnlockConnector" in told["error"]["message"]
    status, told = await desk.send("BootNotification", {})
    assert (status, told["error"]["code"]) == (404, "unknown_action")
    status, told = await desk.send("ClearCache", {}, to="CP9")
    assert (status, told["error"]["code"]) == (404, "unknown_charge_point")
    status, told = await desk.send("ClearCache", ["no", "object"])
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert await desk.audit() == []


async def test_every_route_wants_the_csms_s_key(desk: Desk) -> None:
    for method, path in (
        ("POST", "/api/charge-points/CP1/commands/Reset"),
        ("GET", "/api/charge-points"),
        ("GET", "/api/charge-points/CP1"),
        ("GET", "/api/charge-points/CP1/events"),
        ("GET", "/api/charge-points/CP1/commands"),
        ("GET", "/api/transactions"),
        ("GET", "/api/transactions/CP1/1"),
        ("GET", "/api/reservations"),
        ("GET", "/api/charging-profiles"),
        ("GET", "/api/strangers"),
    ):
        async with desk.world.http.request(method, desk.world.url + path) as response:
            assert response.status == 401, path


async def test_no_secret_is_written_down(desk: Desk) -> None:
    key = {"key": "AuthorizationKey", "value": KEY}
    diagnostics = {"location": "ftp://me:hunter2@example.org/"}
    told = {"configurationKey": [key | {"readonly": False}]}
    await desk.ask("ChangeConfiguration", key, {"status": "NotSupported"})
    _, answered = await desk.ask("GetConfiguration", {}, told)
    assert answered["answer"] == told
    await desk.ask("GetDiagnostics", diagnostics, {"fileName": "d.zip"})
    shown = str(await desk.get("/api/charge-points/CP1")) + str(await desk.audit())
    assert KEY not in shown
    assert "hunter2" not in shown
    assert "ftp://me:***@example.org/" in shown


async def test_a_connector_of_a_guest_is_not_given_away(desk: Desk) -> None:
    await desk.raw.confirmed(
        "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    )
    await desk.world.open("dynamic", connector=1)
    reserve = CALLS["ReserveNow"][0] | {"connectorId": 1}
    for action, payload in (
        ("RemoteStartTransaction", {"connectorId": 1, "idTag": "CARD"}),
        ("RemoteStartTransaction", {"idTag": "CARD"}),
        ("RemoteStartTransaction", {"connectorId": 0, "idTag": "CARD"}),
        ("ReserveNow", reserve),
        ("ReserveNow", reserve | {"connectorId": 0}),
    ):
        status, told = await desk.send(action, payload)
        assert (status, told["error"]["code"]) == (409, "connector_busy")
    assert await desk.audit() == []
    start, accepted = CALLS["RemoteStartTransaction"]
    assert start["connectorId"] == 2
    assert (await desk.ask("RemoteStartTransaction", start, accepted))[0] == 200


async def reservations(desk: Desk) -> list[int]:
    listed = await desk.get("/api/reservations?charge_point_id=CP1")
    return [each["id"] for each in listed["reservations"]]


async def test_a_reservation_is_listed_until_it_is_cancelled(desk: Desk) -> None:
    payload, accepted = CALLS["ReserveNow"]
    await desk.ask("ReserveNow", payload, {"status": "Occupied"})
    assert await reservations(desk) == []
    await desk.ask("ReserveNow", payload, accepted)
    (listed,) = (await desk.get("/api/charge-points/CP1"))["reservations"]
    assert (listed["id"], listed["connector_id"], listed["id_tag"]) == (7, 2, "CARD")
    await desk.ask("CancelReservation", {"reservationId": 7}, {"status": "Rejected"})
    assert await reservations(desk) == [7]
    await desk.ask("CancelReservation", {"reservationId": 7}, accepted)
    assert await reservations(desk) == []


async def test_reservations_are_listed_a_page_at_a_time_whatever_their_ids(desk: Desk) -> None:
    """OCPP's are integers: some systems count down."""
    payload, accepted = CALLS["ReserveNow"]
    for number in (-7, -5):
        await desk.ask("ReserveNow", payload | {"reservationId": number}, accepted)
    first = await desk.get("/api/reservations?limit=1")
    rest = await desk.get(f"/api/reservations?limit=1&after={first['next']}")
    assert [each["id"] for page in (first, rest) for each in page["reservations"]] == [-7, -5]


async def test_a_reservation_ends_with_the_start_that_names_it(desk: Desk) -> None:
    payload, accepted = CALLS["ReserveNow"]
    for number in (7, 8):
        await desk.ask("ReserveNow", payload | {"reservationId": number}, accepted)
    await begin(desk, reservationId=7)
    assert await reservations(desk) == [8]


async def test_a_reservation_that_expired_is_not_listed(desk: Desk) -> None:
    payload, accepted = CALLS["ReserveNow"]
    await desk.ask("ReserveNow", payload | {"expiryDate": "2020-01-01T00:00:00Z"}, accepted)
    assert await reservations(desk) == []


async def begin(desk: Desk, **more: Any) -> int:
    start = {
        "connectorId": 2,
        "idTag": "CARD",
        "meterStart": 0,
        "timestamp": "2026-03-01T10:00:00Z",
    }
    told = await desk.raw.confirmed("StartTransaction", start | more)
    number: int = told["transactionId"]
    return number


async def profiles(desk: Desk) -> list[tuple[int, int]]:
    listed = await desk.get("/api/charging-profiles")
    return [(each["connector_id"], each["id"]) for each in listed["charging_profiles"]]


@pytest.fixture
def put(desk: Desk) -> Callable[..., Awaitable[None]]:
    async def set_(connector: int, *told: Any, status: str = "Accepted") -> None:
        payload = {"connectorId": connector, "csChargingProfiles": profile(*told)}
        await desk.ask("SetChargingProfile", payload, {"status": status})

    return set_


async def test_profiles_replace_each_other_as_at_the_charge_point(desk: Desk, put: Any) -> None:
    """OCPP 1.6 ed. 2 §5.16.4."""
    await put(0, 1, "ChargePointMaxProfile", 0)
    await put(1, 2)
    await put(2, 3)
    await put(2, 4, "TxDefaultProfile", 1)
    await put(2, 9, "TxDefaultProfile", 2, status="Rejected")
    assert await profiles(desk) == [(0, 1), (1, 2), (2, 3), (2, 4)]
    await put(2, 5)
    await put(1, 4)
    assert await profiles(desk) == [(0, 1), (1, 4), (2, 5)]
    (shown, *_) = (await desk.get("/api/charge-points/CP1"))["charging_profiles"]
    assert shown["profile"] == profile(1, "ChargePointMaxProfile", 0)


@pytest.mark.parametrize(
    ("clearing", "left"),
    [
        ({"id": 3}, [(0, 1), (1, 2), (2, 4)]),
        ({"connectorId": 2}, [(0, 1), (1, 2)]),
        ({"connectorId": 0}, [(1, 2), (2, 3), (2, 4)]),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, [(0, 1), (2, 4)]),
        ({}, []),
    ],
)
async def test_profiles_are_cleared_by_what_they_are(
    desk: Desk, put: Any, clearing: dict[str, Any], left: list[tuple[int, int]]
) -> None:
    await put(0, 1, "ChargePointMaxProfile", 0)
    await put(1, 2)
    await put(2, 3)
    await put(2, 4, "TxDefaultProfile", 1)
    await desk.ask("ClearChargingProfile", clearing, {"status": "Accepted"})
    assert await profiles(desk) == left


async def test_a_profile_of_one_transaction_ends_with_it(desk: Desk, put: Any) -> None:
    """OCPP 1.6 ed. 2 §3.13.1."""
    start = {"connectorId": 2, "idTag": "CARD", "chargingProfile": profile(6, "TxProfile")}
    await desk.ask("RemoteStartTransaction", start, {"status": "Accepted"})
    await put(2, 3)
    number = await begin(desk)
    assert await profiles(desk) == [(2, 3), (2, 6)]
    stop = {"transactionId": number, "meterStop": 5, "timestamp": "2026-03-01T11:00:00Z"}
    await desk.raw.confirmed("StopTransaction", stop)
    assert await profiles(desk) == [(2, 3)]


async def test_of_endless_keys_the_first_are_remembered_and_nobody_waits(desk: Desk) -> None:
    """What one charge point answers keeps no other from being heard."""
    for name in ("a", "b"):
        keys = [{"key": f"{name}{number}", "readonly": True} for number in range(2 * KEYS_MOST)]
        await desk.ask("GetConfiguration", {}, {"configurationKey": keys})
    shown = (await desk.get("/api/charge-points/CP1"))["configuration"]
    assert len(shown) == KEYS_MOST


async def test_what_it_is_set_to_is_remembered(desk: Desk) -> None:
    told = {"key": "ConnectionTimeOut", "readonly": False, "value": "60"}
    await desk.ask("GetConfiguration", {}, {"configurationKey": [told, {"key": 5}]})
    for value, status in (("90", "Accepted"), ("95", "RebootRequired"), ("99", "Rejected")):
        payload = {"key": "connectiontimeout", "value": value}
        await desk.ask("ChangeConfiguration", payload, {"status": status})
    secret = {"key": "AuthorizationKey", "value": KEY}
    await desk.ask("GetConfiguration", {}, {"configurationKey": [secret | {"readonly": False}]})
    kept = (await desk.get("/api/charge-points/CP1"))["configuration"]
    assert {key["key"]: key["value"] for key in kept} == {
        "AuthorizationKey": "***",
        "ConnectionTimeOut": "95",
        "NumberOfConnectors": "2",
    }


async def test_what_a_list_lacks_stays_known_until_it_holds_it(desk: Desk) -> None:
    """A charge point was found not to take power; somebody else made it."""
    assert desk.world.bridge
    at = desk.world.clock.now()
    lacking = ConfigurationKey(
        key="MeterValuesSampledData", value="SoC", read_at=at, missing=("Power.Active.Import",)
    )
    await desk.world.bridge.storage.transact(lambda tx: tx.configuration.put("CP1", lacking))

    async def missing() -> list[str]:
        kept = (await desk.get("/api/charge-points/CP1"))["configuration"]
        (found,) = (key["missing"] for key in kept if key["key"] == "MeterValuesSampledData")
        return list(found)

    told = {"key": "MeterValuesSampledData", "readonly": False, "value": "SoC"}
    await desk.ask("GetConfiguration", {}, {"configurationKey": [told]})
    assert await missing() == ["Power.Active.Import"]
    change = {"key": "MeterValuesSampledData", "value": "SoC,Power.Active.Import"}
    await desk.ask("ChangeConfiguration", change, {"status": "Accepted"})
    assert await missing() == []


async def test_a_charge_point_is_shown_with_what_it_says(desk: Desk) -> None:
    boot = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1.2"}
    await desk.raw.confirmed("BootNotification", boot)
    await desk.raw.confirmed("FirmwareStatusNotification", {"status": "Installed"})
    number = await begin(desk)
    shown = await desk.get("/api/charge-points/CP1")
    assert (shown["vendor"], shown["model"], shown["firmware"]) == ("V", "M", "1.2")
    assert shown["online"] is True
    assert [c["number"] for c in shown["connectors"]] == [1, 2]
    assert shown["connectors"][0]["power_w"] > 0
    kinds = [event["kind"] for event in shown["events"]]
    assert kinds == ["FirmwareStatusNotification", "BootNotification"]
    assert [each["transaction_id"] for each in shown["running"]] == [str(number)]
    assert "StartTransaction" in str(shown["messages"])
    assert shown["last_seen_at"] >= shown["connected_at"]
    assert shown["registered"]["operator"]["name"]
    assert "password_hash" not in str(shown)
    (newest,) = (await desk.get("/api/charge-points/CP1/events?limit=1"))["events"]
    assert newest["details"] == {"status": "Installed"}


async def test_charge_points_are_listed_a_page_at_a_time(desk: Desk) -> None:
    first = await desk.get("/api/charge-points?limit=2")
    assert [each["id"] for each in first["charge_points"]] == ["CP1", "CP2"]
    rest = await desk.get(f"/api/charge-points?limit=2&after={first['next']}")
    assert [each["id"] for each in rest["charge_points"]] == ["CP3"]
    assert rest["next"] is None
    online = await desk.get("/api/charge-points?online=true")
    assert [each["id"] for each in online["charge_points"]] == ["CP1"]


async def test_every_transaction_is_listed_guest_or_not(desk: Desk) -> None:
    first = await begin(desk)
    stop = {"transactionId": first, "meterStop": 900, "timestamp": "2026-03-01T11:00:00Z"}
    await desk.raw.confirmed("StopTransaction", stop | {"reason": "EVDisconnected"})
    second = await begin(desk, timestamp="2026-03-01T12:00:00Z", meterStart=900)
    sample = {"timestamp": "2026-03-01T12:10:00Z", "sampledValue": [{"value": "1100"}]}
    meter = {"connectorId": 2, "transactionId": second, "meterValue": [sample]}
    await desk.raw.confirmed("MeterValues", meter)
    page = await desk.get("/api/transactions?limit=1")
    (latest,) = page["transactions"]
    assert (latest["transaction_id"], latest["stopped_at"]) == (str(second), None)
    page = await desk.get(f"/api/transactions?limit=1&after={page['next']}")
    (older,) = page["transactions"]
    assert older["reason"] == "EVDisconnected"
    assert (older["meter_start_wh"], older["meter_stop_wh"], older["id_tag"]) == (0, 900, "CARD")
    assert (await desk.get(f"/api/transactions?limit=1&after={page['next']}"))["next"] is None
    running = await desk.get("/api/transactions?running=true&charge_point_id=CP1")
    assert [each["transaction_id"] for each in running["transactions"]] == [str(second)]
    whole = await desk.get(f"/api/transactions/CP1/{second}")
    assert [reading["register_wh"] for reading in whole["readings"]] == [1100]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/charge-points/CP9", "unknown_charge_point"),
        ("/api/charge-points/CP9/events", "unknown_charge_point"),
        ("/api/charge-points/CP9/commands", "unknown_charge_point"),
        ("/api/transactions/CP1/9", "unknown_transaction"),
        ("/api/transactions?after=nowhere", "invalid"),
        ("/api/reservations?after=WyJhIl0", "invalid"),
        (f"/api/reservations?after={cursor('CP1', 10**30)}", "invalid"),
        (f"/api/transactions?after={cursor('2026-03-01T10:00:00', 'CP1', '1')}", "invalid"),
        (f"/api/transactions?after={cursor('9999-12-31T23:59:59-12:00', 'CP1', '1')}", "invalid"),
        ("/api/charge-points/CP1/events?after=99999999999999999999", "invalid"),
        ("/api/charge-points?colour=red", "invalid"),
    ],
)
async def test_what_is_not_there_is_named(desk: Desk, path: str, code: str) -> None:
    status, told = await desk.http("GET", path)
    assert (status, told["error"]["code"]) == (422 if code == "invalid" else 404, code)
