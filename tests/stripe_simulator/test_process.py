"""The simulator as its own process."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stripe
from aiohttp import ClientSession

from simulators.stripe.__main__ import arguments


@asynccontextmanager
async def simulator(*options: str) -> AsyncIterator[ClientSession]:
    """Run the simulator as a process and yield a way to ask it."""
    command = (sys.executable, "-u", "-m", "simulators.stripe", "--port", "0", *options)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found
        async with ClientSession(found[0]) as http:
            yield http
    finally:
        process.terminate()
        await process.communicate()


async def test_it_serves_on_this_machine() -> None:
    async with simulator() as http:
        async with http.get("/_sim/ledger") as answer:
            assert await answer.json() == []
        async with http.post("/_sim/clock", json={"advance_s": 1}) as answer:
            assert answer.status == 409, "real time is not moved"


async def test_a_manual_clock_is_moved_from_outside() -> None:
    """Keys are forgotten and sessions expire when the test says so."""
    key = {"Authorization": "Bearer sk_test_1", "Idempotency-Key": "key"}
    async with simulator("--manual-clock") as http:

        async def customer() -> Any:
            async with http.post("/v1/customers", headers=key) as answer:
                return await answer.json()

        first = await customer()
        assert await customer() == first
        async with http.post("/_sim/clock", json={"advance_s": 24 * 3600}) as answer:
            assert (await answer.json())["timestamp"] >= first["created"] + 24 * 3600
        other = await customer()
        assert other["id"] != first["id"]
        assert other["created"] == first["created"] + 24 * 3600


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_it_refuses_to_be_reached_from_elsewhere(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(["--host", host])
    assert ended.value.code == 2
    assert "--host" in capsys.readouterr().err


def test_the_sdk_speaks_the_version_that_is_simulated() -> None:
    assert stripe.api_version >= "2026-10-28.endive"
