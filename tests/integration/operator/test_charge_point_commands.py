"""`irve-bridge charge-points`: lists from the database, everything else by the running bridge."""

import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.integration.world import World, world

ENTRY = """
name: Quai Neuf
address: 3 quai Neuf
city: Nantes
latitude: 47.2
longitude: -1.55
connectors: [{number: 1, evse_id: FR*EXA*E0009*1, power_kw: 22, tariff: ac}]
"""
TAG = "04A2B3C4D5E6F7"
RESERVATION = {
    "connectorId": 2,
    "expiryDate": "2099-03-01T10:00:00Z",
    "idTag": "CARD",
    "reservationId": 7,
}


async def say(w: World, *words: str) -> str:
    status, said = await w.command("charge-points", *words)
    assert status == 0, said
    return said


async def test_an_operator_asks_and_looks(tmp_path: Path) -> None:
    async with world(tmp_path, speed=1, columns="300") as w, w.charge_point() as point:
        await point.wait_until_online()
        assert "Simulated" in await say(w, "list")
        assert "CP1" not in await say(w, "list", "--offline")
        answer = await say(w, "send", "CP1", "GetLocalListVersion")
        assert json.loads(answer) == {"listVersion": 0}
        await say(w, "send", "CP1", "ReserveNow", json.dumps(RESERVATION))
        reserved = await say(w, "reservations")
        assert "CP1/2" in reserved
        assert "CARD" in reserved
        shown = json.loads(await say(w, "show", "CP1"))
        assert [each["action"] for each in shown["commands"]] == [
            "ReserveNow",
            "GetLocalListVersion",
        ]
        profile = {
            "chargingProfileId": 3,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
            },
        }
        payload = {"connectorId": 1, "csChargingProfiles": profile}
        await say(w, "send", "CP1", "SetChargingProfile", json.dumps(payload))
        assert "TxDefaultProfile" in await say(w, "profiles")


async def test_a_new_key_is_taken_and_nobody_sees_it(tmp_path: Path) -> None:
    async with world(tmp_path, speed=1) as w, w.charge_point() as point:
        await point.wait_until_online()
        assert await say(w, "rotate-key", "CP1") == "CP1 answered Accepted."
        (command,) = json.loads(await say(w, "show", "CP1"))["commands"]
        assert command["payload"] == {"key": "AuthorizationKey", "value": "***"}
        assert w.bridge
        stored = await w.bridge.storage.read(lambda tx: tx.stations.charge_point("CP1"))
        assert stored
        assert stored.password_hash


async def test_an_operator_registers_and_forgets(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(ENTRY)
    async with world(tmp_path, speed=1) as w:
        assert "+ charge point NEW" in await say(w, "put", "NEW", str(file))
        assert "Nothing to change." in await say(w, "put", "NEW", str(file), "--replaced")
        assert "NEW" in await say(w, "list")
        assert "forgotten" in await say(w, "remove", "NEW")
        assert "NEW" not in await say(w, "list")


async def test_transactions_are_listed_as_they_ran(tmp_path: Path) -> None:
    """Whoever charged: here an own customer, whose tag came by the command line."""
    async with world(tmp_path, columns="300") as w, w.charge_point() as point:
        await point.wait_until_online()
        assert (await w.command("id-tags", "put", TAG))[0] == 0
        await point.plug(1)
        assert await point.swipe(1, TAG)
        await point.wait_for_energy(1, 500)
        running = await say(w, "transactions", "--of", "CP1", "--running")
        assert (TAG in running, "runs" in running) == (True, True)
        assert TAG not in await say(w, "transactions", "--of", "CP2")
        await point.unplug(1)
        stopped = await point.wait_for_stop()
        (row,) = (line for line in (await say(w, "transactions")).splitlines() if TAG in line)
        assert stopped.reason
        assert {"CP1/1", stopped.reason.value, str(stopped.meter_wh)} <= set(row.split())
        assert TAG not in await say(w, "transactions", "--running")


async def test_who_knocked_and_is_not_registered_is_listed(tmp_path: Path) -> None:
    async with world(tmp_path, speed=1, columns="300", list_strangers="true") as w:
        url = f"ws://127.0.0.1:{w.environment['OCPP_PORT']}/ocpp/NEW"
        with pytest.raises(InvalidStatus, match="404"):
            await connect(url, user_agent_header="Charger/1.0")
        (row,) = (line for line in (await say(w, "strangers")).splitlines() if "NEW" in line)
        assert {"127.0.0.1", "Charger/1.0"} <= set(row.split())


async def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    async with world(tmp_path, speed=1) as w:
        for words, says in (
            (("send", "CP3", "ClearCache"), "offline: The charge point is not connected."),
            (("send", "CP1", "Reset", "{"), "The payload is no JSON"),
            (("remove", "CP9"), "unknown_charge_point"),
        ):
            status, said = await w.command("charge-points", *words, errors=True)
            assert (status, said.count("\n")) == (1, 0)
            assert says in said
        for changes, says in (
            ({"WEB_PORT": "1"}, "is it running?"),
            ({"CSMS_API_KEY": ""}, "CSMS_API_KEY is not set"),
        ):
            w.environment |= changes
            status, said = await w.command("charge-points", "show", "CP1", errors=True)
            assert status == 1
            assert says in said
