"""SIGKILL at random instants of the bridge's life, its start-up and its migrations included."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random

from tests.chaos.stations import FILE
from tests.integration.world import ROOT, World

LIVES_S, LIVES_S_MOST = 1.6, 6.0
STARTS_S = 1.3
DURING_START = 0.25


async def kill(w: World, kills: int, dice: Random) -> None:
    """Kill the bridge so many times, starting it again after each; it answers in the end.

    Raises:
        AssertionError: it ended by itself, or does not start any more.
    """
    while w.kills < kills:
        if dice.random() < DURING_START:
            await asyncio.sleep(dice.uniform(0, STARTS_S))
        else:
            await w.answers()
            await asyncio.sleep(min(dice.expovariate(1 / LIVES_S), LIVES_S_MOST))
        await w.end_process(signal.SIGKILL)
        w.kills += 1
        await w.spawn()
    await w.answers()


async def kill_migrations(folder: Path, dice: Random, times: int) -> None:
    """Kill what makes the database as often, so that the bridge finds it half made."""
    environment = {
        "STRIPE_SECRET_KEY": "sk_test_chaos",
        "STRIPE_WEBHOOK_SECRET": "whsec_chaos",
        "BASE_URL": "http://127.0.0.1:8080",
        "DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}",
        "LOG_FILE": "",
    }
    command = ("-m", "irve_bridge", "--env-file", os.devnull, "stations", "apply", str(FILE))
    for _ in range(times):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.sleep(dice.uniform(0.5, STARTS_S))
        if process.returncode is None:
            process.kill()
        await process.wait()
