"""The simulator as its own process."""

import asyncio
import re
import sys

import pytest
import stripe
from aiohttp import ClientSession

from simulators.stripe.__main__ import arguments


async def test_it_serves_on_this_machine() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        "-m",
        "simulators.stripe",
        "--port",
        "0",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(10):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found
        async with ClientSession(found[0]) as http, http.get("/_sim/ledger") as answer:
            assert await answer.json() == []
    finally:
        process.terminate()
        await process.communicate()


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
