"""The load generator, a process of its own: takes a command a line, answers a line of JSON each.

`python -m tests.bench.door.load CORE`: `connect`, `guests`, `start`, `go_on`, `saturate`, `pace`,
`stops` and `hold`, as `Load` says.
"""

import asyncio
import base64
import gc
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import psutil
import uvloop
from picows import ws_connect

from tests.bench.door import frames
from tests.bench.door.charger import Charger, Meter, Tally

OPENING_MOST = 32
TICK_S = 0.001
PATIENCE_S = 300.0


class Usage:
    """What was used since: the server's processor time, this process's own, and time itself."""

    def __init__(self, server: psutil.Process) -> None:
        self._server = server
        self._begun = self._now()

    def _now(self) -> tuple[float, float, float]:
        used = self._server.cpu_times()
        return used.user + used.system, time.process_time(), time.perf_counter()

    def spent(self) -> dict[str, float]:
        """Return seconds, and how much of its core this process took."""
        server_s, own_s, wall_s = (
            now - then for now, then in zip(self._now(), self._begun, strict=True)
        )
        return {"server_s": server_s, "wall_s": wall_s, "generator_load": own_s / wall_s}


class Load:
    """Charge points on one server."""

    def __init__(self) -> None:
        self._chargers: list[Charger] = []
        self._meter, self._tally = Meter(), Tally()

    async def connect(
        self, port: int, pid: int, ids: Sequence[str], password: str
    ) -> dict[str, Any]:
        """Connect and boot; the statuses are told as well."""
        self._server = psutil.Process(pid)
        usage, opening = Usage(self._server), asyncio.Semaphore(OPENING_MOST)
        self._chargers = [Charger(id_, self._meter, self._tally) for id_ in ids]
        await asyncio.gather(*(self._open(c, port, password, opening) for c in self._chargers))
        gc.freeze()
        return usage.spent() | self._heard()

    async def _open(
        self, charger: Charger, port: int, password: str, opening: asyncio.Semaphore
    ) -> None:
        credentials = base64.b64encode(f"{charger.id}:{password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {credentials}",
            "Sec-WebSocket-Protocol": "ocpp1.6",
        }
        url = f"ws://127.0.0.1:{port}/ocpp/{charger.id}"
        async with opening:
            await ws_connect(
                lambda: charger, url, extra_headers=headers, websocket_handshake_timeout=60
            )
            await charger.begin()

    async def guests(self, chargers: int) -> dict[str, Any]:
        """Wait until so many were asked to start for a guest."""
        waited = self._chargers[:chargers]
        async with asyncio.timeout(PATIENCE_S):
            while not all(charger.guest_tag for charger in waited):
                await asyncio.sleep(0.05)
        return {}

    async def start(self) -> dict[str, Any]:
        """Begin a transaction at each."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(charger.start() for charger in self._chargers))
        return self._heard()

    async def go_on(self, rate: float) -> dict[str, Any]:
        """Say of each that its charge goes on, so many a second: the first reading costs a fact."""
        turns, said = cycle(self._chargers), cycle(frames.running())
        seconds = 2 * len(self._chargers) / rate
        await self._paced(rate, seconds, lambda: next(turns).say(next(said)))
        await self._quiet()
        return self._heard()

    async def saturate(self, warm_s: float, seconds: float) -> dict[str, Any]:
        """Have everybody say the next thing as soon as the last one is answered."""
        for charger in self._chargers:
            charger.keep_on(busy=True)
        await asyncio.sleep(warm_s)
        usage, before = Usage(self._server), self._tally.answered
        await asyncio.sleep(seconds)
        spent, answered = usage.spent(), self._tally.answered - before
        for charger in self._chargers:
            charger.keep_on(busy=False)
        await self._quiet()
        return spent | self._heard() | {"answered": answered}

    async def pace(
        self, rate: float, seconds: float, *, warm_s: float = 1.0, running: bool = False
    ) -> dict[str, Any]:
        """Say so many things a second, whoever still waits; return the latencies.

        `running` is of charges that go on, else of the mix, which begins with a charge.
        """
        turns, said = cycle(self._chargers), cycle(frames.running() if running else [None])
        await self._paced(rate, warm_s, lambda: next(turns).say(next(said)))
        latencies_s: list[float] = []
        self._tally.latencies_s = latencies_s
        usage = Usage(self._server)
        await self._paced(rate, seconds, lambda: next(turns).say(next(said)))
        spent = usage.spent()
        await self._quiet()
        self._tally.latencies_s = None
        return spent | self._heard() | quantiles_ms(latencies_s)

    async def stops(self, rate: float) -> dict[str, Any]:
        """End everybody's charge, so many a second; return when each was told."""
        turns = iter(self._chargers)
        usage = Usage(self._server)
        await self._paced(rate, len(self._chargers) / rate, lambda: next(turns).stop())
        spent = usage.spent()
        await self._quiet()
        stopped_at_s = {charger.id: charger.stopped_at_s for charger in self._chargers}
        return spent | self._heard() | {"stopped_at_s": stopped_at_s}

    async def hold(self, seconds: float, heartbeat_s: float) -> dict[str, Any]:
        """Keep all connections for a while, with a heartbeat each so often."""
        turns = cycle(self._chargers)
        latencies_s: list[float] = []
        self._tally.latencies_s = latencies_s
        usage, before = Usage(self._server), self._tally.answered
        rate = len(self._chargers) / heartbeat_s
        await self._paced(rate, seconds, lambda: next(turns).say(frames.HEARTBEAT))
        spent = usage.spent()
        await self._quiet()
        self._tally.latencies_s = None
        answered = self._tally.answered - before
        return spent | self._heard() | quantiles_ms(latencies_s) | {"answered": answered}

    async def _paced(self, rate: float, seconds: float, act: Callable[[], None]) -> None:
        begun_s, acted, most = time.perf_counter(), 0, round(rate * seconds)
        while acted < most:
            due = min(int((time.perf_counter() - begun_s) * rate) + 1, most)
            for _ in range(due - acted):
                act()
            acted = due
            await asyncio.sleep(TICK_S)

    async def _quiet(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not all(charger.idle for charger in self._chargers):
                await asyncio.sleep(0.01)

    def _heard(self) -> dict[str, Any]:
        tally = self._tally
        return {"wrong": tally.wrong, "lost": tally.lost, "first_wrong": tally.first_wrong}


def quantiles_ms(latencies_s: list[float]) -> dict[str, float]:
    """Return median and 99th percentile in milliseconds."""
    cut = statistics.quantiles(latencies_s, n=100)
    return {"p50_ms": cut[49] * 1000, "p99_ms": cut[98] * 1000}


async def serve() -> None:
    """Do what is commanded until the input ends."""
    load = Load()
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        answer = await getattr(load, command.pop("do"))(**command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(serve())
