"""What a campaign is against: one bridge on a file, or several on PostgreSQL and NATS."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, create_engine

from irve_bridge.storage.urls import parsed
from tests.chaos import killing
from tests.cluster.nodes import Cluster, Node, cluster
from tests.integration.world import World, world

MIGRATION_KILLS = 2
REST_S, REST_S_MOST = 2.0, 8.0
PATIENT = {"idle_end_s": "4800"}
"""The clock is fast, outages are not: a queue needs this much of fast time to drain."""
AWAY_S_MOST = 5.0
"""How long a node is cut off, which is longer than it may be silent."""


@dataclass(frozen=True, slots=True)
class Prey:
    """How it is reached, hunted and ended, and what its books say."""

    w: World
    books: Engine
    hunt: Callable[[int, Random], Awaitable[None]]
    end: Callable[[], Awaitable[None]]


@asynccontextmanager
async def alone(folder: Path, seed: int, **options: Any) -> AsyncIterator[Prey]:
    """Give one bridge, whose database was made under fire."""
    await killing.kill_migrations(folder, Random(seed), MIGRATION_KILLS)
    async with world(folder, process=True, **options) as w:
        engine = create_engine(f"sqlite:///{folder / 'bridge.db'}")
        yield Prey(w, engine, lambda kills, dice: killing.kill(w, kills, dice), w.end_process)


@asynccontextmanager
async def several(folder: Path, nodes: int, seed: int, **options: Any) -> AsyncIterator[Prey]:
    """Give several nodes."""
    async with cluster(folder, nodes, seed=seed, **options | PATIENT) as made:
        await made.start()
        engine = create_engine(parsed(made.database.url))
        yield Prey(
            made.w, engine, lambda kills, dice: _hunt(made, kills, dice), lambda: _end_all(made)
        )


async def _hunt(made: Cluster, kills: int, dice: Random) -> None:
    """Kill one node after the other, while what they stand on fails; all is well in the end."""
    undermining = asyncio.create_task(_undermine(made, dice))
    tasks = [undermining, *(asyncio.create_task(node.supervise()) for node in made.nodes)]
    try:
        while made.w.kills < kills:
            assert not undermining.done(), undermining.exception()
            node = dice.choice(made.nodes)
            if dice.random() >= killing.DURING_START:
                await node.answers(made.w.http)
            await asyncio.sleep(min(dice.expovariate(1 / killing.LIVES_S), killing.LIVES_S_MOST))
            by = signal.SIGTERM if dice.random() < killing.DURING_START else signal.SIGKILL
            if by is signal.SIGTERM and node.is_cut:
                continue  # it could hand nothing over
            await node.end(by)
            made.w.kills += 1
        undermining.cancel()
        await asyncio.wait({undermining})
        for node in made.nodes:
            await node.answers(made.w.http)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _undermine(made: Cluster, dice: Random) -> None:
    """Restart the database and NATS, and cut nodes from each."""
    while True:
        await asyncio.sleep(dice.uniform(REST_S, REST_S_MOST))
        match dice.choice(["database", "nats", "cut from database", "cut from nats"]):
            case "database":
                await asyncio.to_thread(made.database.restart)
            case "nats":
                await asyncio.to_thread(made.nats.kill)
                try:
                    await asyncio.sleep(dice.uniform(0, AWAY_S_MOST))
                finally:
                    await asyncio.to_thread(made.nats.start)
            case what:
                await _cut(dice.choice(made.nodes), what, dice.uniform(0, AWAY_S_MOST))


async def _cut(node: Node, what: str, for_s: float) -> None:
    wire = node.to_database if what == "cut from database" else node.to_nats
    wire.cut()
    try:
        await asyncio.sleep(for_s)
    finally:
        wire.mend()


async def _end_all(made: Cluster) -> None:
    for node in made.nodes:
        ended = await node.end(signal.SIGTERM)
        assert ended == 0, f"node {node.number} ended with {ended}"
