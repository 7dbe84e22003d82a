"""``python -m simulators.charge_point`` as a process of its own."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the command a hundred times as fast as life; it never outlives the test."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.charge_point", *arguments),
        env=os.environ | {"CLOCK_EPOCH": str(time.time()), "CLOCK_SPEED": "100"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_command_runs_charge_points_that_can_be_controlled(central: Any) -> None:
    """Several ids, the environment's clock, a readable line per event, a quiet end at SIGTERM."""
    async with command(
        *("--url", central.url, "--id", "CP A", "--id", "CP2", "--connectors", "2"),
        *("--control-port", "0", "--power-kw", "7.4", "--sample-interval", "60", "--seed", "3"),
    ) as process:
        assert process.stdout
        while "control on" not in (line := (await process.stdout.readline()).decode()):
            assert line
        await central.wait_for("StatusNotification", count=2, connector_id=2)
        assert {path for path, _, _ in central.handshakes} == {"/ocpp/CP%20A", "/ocpp/CP2"}
        async with aiohttp.ClientSession(line.split()[-1]) as session:
            await session.post("/CP2/1/plug")
            await session.post("/CP2/1/swipe", json={"id_tag": "CARD"})
            sample = await central.wait_for("MeterValues", count=2, connector_id=1)
        sampled = sample["meter_value"][0]["sampled_value"]
        assert [value["value"] for value in sampled if value["unit"] == "W"] == ["7400"]
        process.send_signal(signal.SIGTERM)
        output, errors = await process.communicate()
        assert process.returncode == 0
        assert b"CP2/1 starts for CARD" in output
        assert errors == b""


async def test_a_meter_that_signs_says_its_key_the_same_each_time(central: Any) -> None:
    said = []
    for _ in range(2):
        async with command(
            *("--url", central.url, "--id", "CP1", "--seed", "3", "--sign"),
        ) as process:
            assert process.stdout
            said.append((await process.stdout.readline()).decode())
    assert said[0] == said[1]
    assert said[0].startswith("CP1 meter_public_key 3059")
