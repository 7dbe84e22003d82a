"""Whatever is sent to the API, it answers as its OpenAPI document says.

HYPOTHESIS_PROFILE=long tries longer.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from simulators.charge_point import ChargePoint
from tests.integration.world import ROOT, World, world

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
EXAMPLES = 500 if LONG else 4
TAG = "04AB12CD"
RESERVATION = {
    "connectorId": 1,
    "expiryDate": "2100-01-01T00:00:00Z",
    "idTag": TAG,
    "reservationId": 7,
}
PROFILE = {
    "connectorId": 0,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
        },
    },
}


async def test_any_request_is_answered_as_the_document_says(tmp_path: Path) -> None:
    """No request finds a 500, a status or a shape that is not told, or a door without its key."""
    async with (
        world(tmp_path, throttle_per_minute="1000000", list_strangers="true") as w,
        w.charge_point() as cp,
    ):
        charged = await _lived(w, cp)
        configuration = tmp_path / "schemathesis.toml"
        configuration.write_text(f"{CONFIGURATION.read_text()}\n{_known(charged)}")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "schemathesis.cli", "--config-file", str(configuration)),
            *("run", f"{w.url}/api/openapi.json", "--max-examples", str(EXAMPLES)),
            cwd=ROOT,
            env=os.environ | {"CSMS_API_KEY": w.api_key, "DRIVER_TOKEN": charged["token"]},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


async def _lived(w: World, cp: ChargePoint) -> dict[str, Any]:
    """Let there be one of everything; returns the session that is paid and over."""
    await cp.wait_until_online()
    opened = await w.open("fixed", amount=1000)
    await w.pay(opened)
    await cp.plug(1)
    await cp.wait_for_energy(1, 1000)
    await cp.unplug(1)
    charged = await w.final(opened["session_id"])
    # This one goes on, so that nobody can remove its charge point.
    going_on = await w.open("dynamic", connector=2)
    await w.pay(going_on)
    await cp.plug(2)
    await cp.wait_for_energy(2, 1)
    await cp.wait_for_status(1, "Available")
    commands = f"/api/charge-points/{cp.id}/commands"
    for action, payload in (("ReserveNow", RESERVATION), ("SetChargingProfile", PROFILE)):
        status, answer = await w.api("POST", f"{commands}/{action}", payload)
        assert (status, answer["status"]) == (200, "Accepted"), answer
    assert (await w.api("PUT", f"/api/id-tags/{TAG}", {"name": "Flotte"}))[0] == 200
    async with w.charge_point("STRANGER"):
        await w.eventually(lambda: _listed(w, "strangers"))
    return charged | {"token": opened["token"]}


async def _listed(w: World, what: str) -> bool:
    _, answer = await w.api("GET", f"/api/{what}")
    return bool(answer[what])


def _known(session: dict[str, Any]) -> str:
    """Return what is there, as dictionaries from which values are drawn."""
    known = {
        "sessions": [session["session_id"]],
        "charge_points": ["CP1", "CP2"],
        "connectors": [1, 2],
        "transactions": [session["transaction_id"]],
        "tariffs": ["ac"],
        "id_tags": [TAG],
    }
    lines = (f"{name} = {{ values = {json.dumps(values)} }}" for name, values in known.items())
    return "\n".join(("[dictionaries]", *lines, ""))
