"""What was acknowledged is there after the process is killed at any instruction."""

import asyncio
import os
import sys
from datetime import datetime

import pytest

from irve_bridge.domain.facts import ChargePointConnected
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.storage import open_storage

WRITER = """
import asyncio, itertools, sys
from datetime import UTC, datetime
from irve_bridge.domain.facts import ChargePointConnected
from irve_bridge.domain.metering import Reading
from irve_bridge.service.ports import TakenReading
from irve_bridge.storage import open_storage

NOW = datetime.now(UTC)

async def write(storage, name):
    for n in itertools.count():
        key = f"{name}-{n}"
        fact = ChargePointConnected(at=NOW, charge_point_id=key)
        await storage.transact(lambda tx: tx.inbox.put(key, fact))
        await storage.add_readings([TakenReading("CP1", key, Reading(at=NOW, register_wh=n))])
        print(key, flush=True)

async def main():
    async with open_storage(sys.argv[1]) as storage:
        await asyncio.gather(*(write(storage, name) for name in "abcdefgh"))

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 200])
async def test_everything_acknowledged_survives_a_kill(
    url: str, now: datetime, acknowledged: int
) -> None:
    keys = await killed_after(acknowledged, url)
    assert len(keys) >= acknowledged
    async with open_storage(url) as storage:
        assert await missing(storage, keys, now) == []


async def killed_after(acknowledged: int, url: str) -> list[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert writer.stdout is not None
    lines = [await writer.stdout.readline() for _ in range(acknowledged)]
    writer.kill()
    rest = await writer.stdout.read()
    await writer.wait()
    whole = [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    return [line.decode().strip() for line in (*lines, *whole)]


async def missing(storage: Storage, keys: list[str], at: datetime) -> list[str]:
    def look(tx: Tx) -> list[str]:
        fact = ChargePointConnected(at=at, charge_point_id="CP1")
        return [
            key
            for key in keys
            if tx.inbox.put(key, fact) or len(tx.transactions.readings("CP1", key)) != 1
        ]

    return await storage.transact(look)
