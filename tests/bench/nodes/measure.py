"""What is measured: the cost of a message as charge points grow, what one and two nodes take."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from tests.bench.door.contestants import Served
from tests.bench.door.load import quantiles_ms
from tests.bench.door.parts import Generator, generator
from tests.bench.nodes.fleet import Fleet

RATE, PACED_S = 800.0, 8.0
BUSY, WARM_S, SATURATED_S = 100, 1.5, 6.0
Say = Callable[[str], None]


async def cost_by_charge_points(fleet: Fleet, ids: Sequence[str], count: int) -> dict[str, float]:
    """Return what a message of charges that go on costs one node, and its database."""
    async with fleet.serve(1) as (served,), generator() as load:
        await _connect(load, served, ids[:count], fleet)
        await load.do("start")
        await load.do("go_on", rate=RATE)
        before_s = fleet.database_s()
        heard = await load.do("pace", rate=RATE, seconds=PACED_S, warm_s=0.0, running=True)
        database_s = fleet.database_s() - before_s
    messages = RATE * PACED_S
    return {
        "charge_points": count,
        "us_per_message": 1e6 * heard["server_s"] / messages,
        "database_us_per_message": 1e6 * database_s / messages,
        "p50_ms": heard["p50_ms"],
        "p99_ms": heard["p99_ms"],
        "wrong_or_lost": heard["wrong"] + heard["lost"],
    }


async def most_messages(fleet: Fleet, ids: Sequence[str], nodes: int) -> dict[str, float]:
    """Return how many messages a second nodes on one core answer, each as soon as the last."""
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(fleet.serve(nodes))
        loads = [await stack.enter_async_context(generator()) for _ in served]
        for number, (each, load) in enumerate(zip(served, loads, strict=True)):
            await _connect(load, each, ids[number:BUSY:nodes], fleet)
            await load.do("start")
        saturate = {"warm_s": WARM_S, "seconds": SATURATED_S}
        heard = await asyncio.gather(*(load.do("saturate", **saturate) for load in loads))
    answered = sum(each["answered"] for each in heard)
    return {
        "nodes": nodes,
        "messages_per_s": answered / SATURATED_S,
        "messages_per_cpu_s": answered / sum(each["server_s"] for each in heard),
        "wrong_or_lost": sum(each["wrong"] + each["lost"] for each in heard),
    }


async def paid_sessions(fleet: Fleet, ids: Sequence[str], nodes: int) -> dict[str, Any]:
    """Return how many guests a second are let in, started, stopped and charged."""
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(fleet.serve(nodes))
        loads = [await stack.enter_async_context(generator()) for _ in served]
        parts = [ids[number::nodes] for number in range(nodes)]
        for each, load, part in zip(served, loads, parts, strict=True):
            await _connect(load, each, part, fleet)
        began_s = time.monotonic()
        sessions = await fleet.of.open_all(ids)
        for load, part in zip(loads, parts, strict=True):
            await load.do("guests", chargers=len(part))
            await load.do("start")
        begun_s = time.monotonic()
        stops = [load.do("stops", rate=len(ids)) for load in loads]  # as quickly as they come
        heard = await asyncio.gather(*stops)
        await fleet.of.asked_for(sessions.values())
        ended_s = time.monotonic()
    told = {id_: at_s for each in heard for id_, at_s in each["stopped_at_s"].items()}
    waited_s = [fleet.of.asked_at_s[sessions[id_]] - at_s for id_, at_s in told.items()]
    return {
        "nodes": nodes,
        "opened_and_started_per_s": len(ids) / (begun_s - began_s),
        "stopped_and_charged_per_s": len(ids) / (ended_s - begun_s),
        "sessions_per_s": len(ids) / (ended_s - began_s),
        "stop_to_charge": quantiles_ms(waited_s),
    }


async def _connect(load: Generator, served: Served, ids: Sequence[str], fleet: Fleet) -> None:
    password = fleet.of.password
    await load.do("connect", port=served.port, pid=served.pid, ids=list(ids), password=password)
