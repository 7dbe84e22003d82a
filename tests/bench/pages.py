"""Many charging pages open on one node: what they cost the charge points, and the node."""

import asyncio
import resource
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psutil

from tests.bench.door.contest import Say
from tests.bench.door.contestants import Bridge, Served, bridge
from tests.bench.door.parts import Generator, generator

PAGES, IDLE = 2_000, 100
"""Pages, each of a charge of its own; charge points that only say their heartbeats."""
READING_EVERY_S, HEARTBEAT_EVERY_S, SECONDS = 15.0, 1.0, 30.0
SHARE = 4 / 3
"""Of four messages of a charge that goes on three are readings."""
OPENING_MOST = 50


class Pages:
    """Pages that follow their charge, and do nothing with what they hear."""

    def __init__(self, port: int) -> None:
        self.heard = self.heard_bytes = self.lost = 0
        self._port = port
        self._opening = asyncio.Semaphore(OPENING_MOST)
        self._following: list[asyncio.Task[None]] = []

    async def open(self, token: str) -> None:
        """Open one; return once it shows figures."""
        async with self._opening:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            asked = f"GET /c/{token}/events?appearance=charging HTTP/1.1\r\nHost: bench\r\n\r\n"
            writer.write(asked.encode())
            await reader.readuntil(b"event: live")
        self._following.append(asyncio.create_task(self._follow(reader, writer)))

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while heard := await reader.read(2**16):
                self.heard += heard.count(b"event: live")
                self.heard_bytes += len(heard)
        self.lost += 1

    async def close(self) -> None:
        """Leave."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)


async def measure(pages: int, say: Say) -> dict[str, Any]:
    """Return what a heartbeat's answer takes with no page open, and with so many."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    charging = [f"PAGE{number:05}" for number in range(pages)]
    idle = [f"IDLE{number:05}" for number in range(IDLE)]
    with tempfile.TemporaryDirectory(prefix="irve-pages-") as name:
        async with bridge(Path(name)) as ours:
            say(f"registering {pages + IDLE} charge points")
            await ours.register([*charging, *idle])
            async with _charging(ours, charging, idle, say) as (served, loads, tokens):
                without = await _told(loads, pages)
                say(f"no page: {without}")
                return {"pages": pages, "no_page": without} | await _watched(
                    ours, served, loads, tokens
                )


@asynccontextmanager
async def _charging(
    ours: Bridge, charging: Sequence[str], idle: Sequence[str], say: Say
) -> AsyncIterator[tuple[Served, tuple[Generator, Generator], list[str]]]:
    """Have a guest charge at each, and some charge points that do nothing."""
    async with ours.serve() as served, generator() as busy, generator() as quiet:
        for load, ids in ((busy, charging), (quiet, idle)):
            await load.do(
                "connect", port=served.port, pid=served.pid, ids=list(ids), password=ours.password
            )
        say("connected; guests pay")
        await ours.open_all(charging)
        await busy.do("guests", chargers=len(charging))
        await busy.do("start")
        await busy.do("go_on", rate=_rate(len(charging)))
        yield served, (busy, quiet), _tokens(ours)


def _tokens(ours: Bridge) -> list[str]:
    """Return the secrets of the guests' links, which the API tells nobody."""
    with closing(sqlite3.connect(ours.folder / "bridge.db")) as database:
        return [token for (token,) in database.execute("SELECT token FROM sessions")]


def _rate(charges: int) -> float:
    return SHARE * charges / READING_EVERY_S


async def _told(loads: tuple[Generator, Generator], charges: int) -> dict[str, float]:
    """Have all charges go on, and measure the heartbeats of those that do nothing else."""
    busy, quiet = loads
    going_on = {"rate": _rate(charges), "seconds": SECONDS, "warm_s": 0.0, "running": True}
    went_on, held = await asyncio.gather(
        busy.do("pace", **going_on),
        quiet.do("hold", seconds=SECONDS, heartbeat_s=HEARTBEAT_EVERY_S),
    )
    return {
        "heartbeat_p50_ms": held["p50_ms"],
        "heartbeat_p99_ms": held["p99_ms"],
        "cpu": held["server_s"] / held["wall_s"],
        "wrong_or_lost": sum(each["wrong"] + each["lost"] for each in (went_on, held)),
    }


async def _watched(
    ours: Bridge, served: Served, loads: tuple[Generator, Generator], tokens: Sequence[str]
) -> dict[str, Any]:
    """Open every page, and measure again."""
    pages, node = Pages(ours.ports["web"]), psutil.Process(served.pid)
    before_bytes, loop = node.memory_info().rss, asyncio.get_running_loop()
    began_s = loop.time()
    await asyncio.gather(*(pages.open(token) for token in tokens))
    opened_s, heard = loop.time() - began_s, pages.heard
    opened_bytes = node.memory_info().rss
    told = await _told(loads, len(tokens))
    watched_s = loop.time() - began_s - opened_s
    figures = {
        "all_pages": told,
        "opened_in_s": opened_s,
        "kb_per_page": (opened_bytes - before_bytes) / 1024 / len(tokens),
        "updates_per_s": (pages.heard - heard) / watched_s,
        "bytes_per_update": pages.heard_bytes / max(pages.heard, 1),
        "pages_lost": pages.lost,
    }
    await pages.close()
    return figures
