"""Two nodes behind the proxy, of which one is stopped: nobody is turned away meanwhile."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from simulators.charge_point import ChargePoint
from tests import command_line
from tests.haproxy import Ports, haproxy, papers
from tests.integration.world import ROOT, World, world
from tests.nats_server import nats_server
from tests.ports import free_port

PATIENCE_S = 30.0


@asynccontextmanager
async def another_node(w: World) -> AsyncIterator[tuple[command_line.Running, Ports]]:
    """A second process on the same database and bus."""
    ports = Ports(str(free_port()), str(free_port()))
    own = {"WEB_PORT": ports.web, "OCPP_PORT": ports.ocpp}
    process = await command_line.begin(("serve",), os.environ | w.environment | own, ROOT)
    try:
        yield process, ports
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(http: aiohttp.ClientSession, url: str) -> None:
    """Return once an address answers well."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(url) as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.05)


async def holds(http: aiohttp.ClientSession, node: Ports) -> bool:
    """Return whether a node has the charge point's socket."""
    async with http.get(f"http://127.0.0.1:{node.web}/metrics") as metrics:
        return "irve_bridge_connected_charge_points 1.0" in await metrics.text()


async def ask_on(http: aiohttp.ClientSession, url: str, until: asyncio.Event) -> list[int]:
    """Ask again and again until an event; return the statuses."""
    statuses = []
    while not until.is_set():
        async with http.get(url) as answer:
            statuses.append(answer.status)
    return statuses


async def test_a_node_is_replaced_and_nobody_is_turned_away(
    tmp_path: Path, postgres_url: str
) -> None:
    """Pages are answered throughout, and the charge point goes on at the other node."""
    authority = papers(tmp_path / "tls")
    tls = ssl.create_default_context(cafile=authority.file)
    with nats_server() as nats:
        shared = {
            "database_url": postgres_url,
            "nats_url": nats.url,
            "trusted_proxies": "1",
            "ocpp_trusted_proxies": "127.0.0.1",
        }
        async with (
            world(tmp_path, process=True, **shared) as w,
            another_node(w) as (second, second_ports),
            haproxy(
                authority,
                [Ports(w.environment["WEB_PORT"], w.environment["OCPP_PORT"]), second_ports],
            ) as proxy,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as http,
            ChargePoint(proxy.charge_points, "CP1", tls=tls, connectors=2, clock=w.clock) as cp,
        ):
            page = f"{proxy.pages}/s/CP1/1"
            await answers(http, f"http://127.0.0.1:{second_ports.web}/readyz")
            await answers(http, page)
            await cp.wait_until_online()
            gone = asyncio.Event()
            asking = asyncio.create_task(ask_on(http, page, gone))
            first_ports = Ports(w.environment["WEB_PORT"], w.environment["OCPP_PORT"])
            if await holds(http, second_ports):
                second.terminate()
                assert await second.wait() == 0
                other = first_ports
            else:
                await w.end_process()
                other = second_ports
            async with asyncio.timeout(PATIENCE_S):
                while not await holds(http, other):
                    await asyncio.sleep(0.05)
            assert cp.is_online
            gone.set()
            statuses = await asking
            assert set(statuses) == {200}, statuses
