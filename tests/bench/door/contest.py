"""The bridge and others under one load, alternating: what messages, waits and sockets cost."""

import asyncio
import random
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench.door.contestants import Bridge, Contestant, Served, bridge, plain_ones
from tests.bench.door.load import quantiles_ms
from tests.bench.door.parts import Generator, generator

GENERATOR_MOST = 0.8
"""A run in which the load generator took more of its core measured the generator."""
BUSY = 0.8
"""Beyond this share of what a server answers in all, a fixed rate measures the queue."""
CONNECTIONS, WARM_S = 100, 1.5
PACED, GUESTS, RATES, PACED_S = 500, 100, (300, 1000, 5000), 8.0
CROWD, ALREADY, SETTLE_S = 1000, 20, 13.0
"""Who connected already does not count, nor do tasks that end in the first seconds."""
HEARTBEAT_S, HOLD_S = 30.0, 60.0
STOP_RATE = 50.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    rounds: int = 3
    seconds: float = 4.0
    hold: int = 1000
    stops: int = 500


@dataclass(slots=True)
class Found:
    """What was measured, by contestant."""

    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Messages per second of processor time, one figure a round; 0 for an invalid one."""
    paced: dict[str, dict[int, dict[str, float] | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    crowd: dict[str, dict[str, float]] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    stops: dict[str, float] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)

    def rate(self, name: str) -> float:
        """Return the median of the valid rounds."""
        return statistics.median([rate for rate in self.rates[name] if rate] or [0.0])

    def ratio(self, name: str) -> float:
        """Return how many times as much the bridge answers, by the median of the rounds."""
        rounds = zip(self.rates["bridge"], self.rates[name], strict=True)
        return statistics.median(
            [ours / theirs for ours, theirs in rounds if ours and theirs] or [0.0]
        )


async def contest(plan: Plan, say: Say) -> Found:
    """Measure everything."""
    found = Found()
    with tempfile.TemporaryDirectory(prefix="irve-bench-") as name:
        async with bridge(Path(name)) as ours:
            ids = [f"BENCH{number:05}" for number in range(_needed(plan))]
            say(f"bridge: registering {len(ids)} charge points")
            await ours.register(ids)
            all_ = [ours, *plain_ones(Path(name))]
            for number in range(plan.rounds):
                for who in random.sample(all_, len(all_)):
                    await _saturate(who, ours.password, ids, plan.seconds, found)
                    say(f"round {number + 1}, {who.name}: {found.rates[who.name][-1]:,.0f}/CPU-s")
            for who in all_:
                await _pace(who, ours.password, ids, found)
                say(f"fixed rates, {who.name}: {dict(found.paced[who.name])}")
            for who in all_:
                found.crowd[who.name] = await _crowd(who, ours.password, ids)
                say(f"connections, {who.name}: {found.crowd[who.name]}")
            found.held = await _hold(ours, ids[: plan.hold])
            say(f"held: {found.held}")
            found.stops = await _stops(ours, ids[: plan.stops])
            say(f"stops: {found.stops}")
    return found


def _needed(plan: Plan) -> int:
    return max(PACED, CROWD + ALREADY, plan.hold, plan.stops)


async def _connected(
    load: Generator, served: Served, ids: Sequence[str], password: str
) -> dict[str, Any]:
    return await load.do("connect", port=served.port, pid=served.pid, ids=ids, password=password)


async def _charging(
    who: Contestant, load: Generator, served: Served, ids: Sequence[str], guests: int, password: str
) -> None:
    await _connected(load, served, ids, password)
    await who.invite(served, ids[:guests], load)
    await load.do("start")


async def _saturate(
    who: Contestant, password: str, ids: Sequence[str], seconds: float, found: Found
) -> None:
    """Let a hundred charge points speak as fast as they are answered."""
    async with who.serve() as served, generator() as load:
        await _charging(who, load, served, ids[:CONNECTIONS], CONNECTIONS, password)
        heard = await load.do("saturate", warm_s=WARM_S, seconds=seconds)
    fault = _fault(heard)
    if fault:
        found.invalid.append(f"{who.name}: {fault}")
    found.rates[who.name].append(0.0 if fault else heard["answered"] / heard["server_s"])


def _fault(heard: dict[str, Any]) -> str | None:
    """Return what makes a run worthless."""
    if heard["generator_load"] > GENERATOR_MOST:
        return f"the load generator took {heard['generator_load']:.2f} of its core"
    if heard["wrong"] or heard["lost"]:
        return f"{heard['wrong']} wrong answers, {heard['lost']} lost: {heard['first_wrong']}"
    return None


async def _pace(who: Contestant, password: str, ids: Sequence[str], found: Found) -> None:
    """Speak at fixed rates, whoever waits."""
    async with who.serve() as served, generator() as load:
        await _charging(who, load, served, ids[:PACED], GUESTS, password)
        for rate in RATES:
            if rate > BUSY * found.rate(who.name):
                found.paced[who.name][rate] = None
                continue
            heard = await load.do("pace", rate=rate, seconds=PACED_S)
            if fault := _fault(heard):
                found.invalid.append(f"{who.name} at {rate}/s: {fault}")
            found.paced[who.name][rate] = {
                "p50_ms": heard["p50_ms"],
                "p99_ms": heard["p99_ms"],
                "cpu": heard["server_s"] / heard["wall_s"],
            }


async def _crowd(who: Contestant, password: str, ids: Sequence[str]) -> dict[str, float]:
    """Connect many and leave them in peace."""
    async with who.serve() as served, generator() as first, generator() as load:
        await _connected(first, served, ids[:ALREADY], password)
        before = psutil.Process(served.pid).memory_info().rss
        crowd = ids[ALREADY : ALREADY + CROWD]
        opened = await _connected(load, served, crowd, password)
        await asyncio.sleep(SETTLE_S)
        after = psutil.Process(served.pid).memory_info().rss
    return {
        "kb_per_connection": (after - before) / 1024 / len(crowd),
        "connections_per_cpu_s": len(crowd) / opened["server_s"],
        "connections_per_s": len(crowd) / opened["wall_s"],
    }


async def _hold(ours: Bridge, ids: Sequence[str]) -> dict[str, float]:
    """Hold as many as one node must."""
    async with ours.serve() as served, generator() as load:
        opened = await _connected(load, served, ids, ours.password)
        held = await load.do("hold", seconds=HOLD_S, heartbeat_s=HEARTBEAT_S)
        rss = psutil.Process(served.pid).memory_info().rss
    return {
        "charge_points": len(ids),
        "connected_in_s": opened["wall_s"],
        "lost": held["lost"],
        "wrong": held["wrong"],
        "heartbeats": held["answered"],
        "heartbeat_p99_ms": held["p99_ms"],
        "cpu": held["server_s"] / held["wall_s"],
        "mb": rss / 2**20,
    }


async def _stops(ours: Bridge, ids: Sequence[str]) -> dict[str, float]:
    """End guests' charges; measure until Stripe is asked for what they owe."""
    async with ours.serve() as served, generator() as load:
        await _connected(load, served, ids, ours.password)
        sessions = await ours.open_all(ids)
        await load.do("guests", chargers=len(ids))
        await load.do("start")
        heard = await load.do("stops", rate=STOP_RATE)
        await ours.asked_for(sessions.values())
    waited_s = [
        ours.asked_at_s[sessions[id_]] - told for id_, told in heard["stopped_at_s"].items()
    ]
    return {**quantiles_ms(waited_s), "stops": len(ids), "cpu": heard["server_s"] / heard["wall_s"]}
