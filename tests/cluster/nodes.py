"""Several bridges on one PostgreSQL and one NATS, each on wires of its own, behind a balancer."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import make_url

from tests import command_line, postgres
from tests.cluster.wires import Wire, wire
from tests.integration.world import PATIENCE_S, ROOT, World, world
from tests.nats_server import NatsServer, nats_server
from tests.ports import free_port

LEASE_S = "3"


@dataclass(eq=False)
class Node:
    """One bridge process, by what it is reached and what it reaches."""

    number: int
    environment: dict[str, str]
    to_database: Wire
    to_nats: Wire
    process: command_line.Running | None = None

    @property
    def web_port(self) -> int:
        return int(self.environment["WEB_PORT"])

    @property
    def is_cut(self) -> bool:
        """Whether it cannot reach something."""
        return self.to_database.is_cut or self.to_nats.is_cut

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    async def spawn(self) -> None:
        """Start the process; it does not answer yet."""
        environment = os.environ | self.environment
        self.process = await command_line.begin(("serve",), environment, ROOT)

    async def supervise(self) -> None:
        """Start it again whenever it ends, as systemd or Docker does, until cancelled."""
        while True:
            assert self.process is not None
            await self.process.wait()
            await self.spawn()

    async def end(self, by: signal.Signals) -> int:
        """Return the exit status, once it has ended by this signal or before."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(by)
        return await self.process.wait()

    async def answers(self, http: aiohttp.ClientSession) -> None:
        """Return once it answers, and its storage does."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.05)


@dataclass(eq=False)
class Cluster:
    """All of them; `w` reaches any, as through a balancer."""

    w: World
    database: postgres.OwnServer
    nats: NatsServer
    nodes: list[Node] = field(default_factory=list)

    async def start(self) -> None:
        """Start all and return once they answer."""
        for node in self.nodes:
            await node.spawn()
        for node in self.nodes:
            await node.answers(self.w.http)

    async def restart(self, node: Node, by: signal.Signals = signal.SIGTERM) -> int:
        """End a node and start it again; return its exit status once it answers."""
        ended = await node.end(by)
        await node.spawn()
        await node.answers(self.w.http)
        return ended

    def _url_over(self, to_database: Wire) -> str:
        parts = make_url(self.database.url)
        over = parts.set(host="127.0.0.1", port=to_database.port).difference_update_query(["host"])
        return over.render_as_string(hide_password=False)


@asynccontextmanager
async def cluster(
    folder: Path, nodes: int, *, seed: int = 0, **options: object
) -> AsyncIterator[Cluster]:
    """Make a world of several nodes, none of which is started; `options` as of `world`."""
    async with AsyncExitStack() as stack:
        database = stack.enter_context(postgres.own_server())
        nats = stack.enter_context(nats_server())
        given: dict[str, object] = {"node_lease_s": LEASE_S, "database_url": database.url} | options
        w = await stack.enter_async_context(world(folder, process=None, **given))  # type: ignore[arg-type]  # whatever it takes
        made = Cluster(w, database, nats)
        for number in range(nodes):
            to_database = await stack.enter_async_context(wire(database.socket, seed=seed))
            to_nats = await stack.enter_async_context(wire(nats.port, seed=seed))
            own = {
                "WEB_PORT": str(free_port()),
                "OCPP_PORT": str(free_port()),
                "DATABASE_URL": made._url_over(to_database),
                "NATS_URL": f"nats://127.0.0.1:{to_nats.port}",
                "LOG_FILE": str(folder / f"node{number}.log"),
            }
            made.nodes.append(Node(number, w.environment | own, to_database, to_nats))
        for name in ("WEB_PORT", "OCPP_PORT"):
            ports = [int(node.environment[name]) for node in made.nodes]
            here = int(w.environment[name])
            await stack.enter_async_context(wire(*ports, port=here, seed=seed))
        stack.push_async_callback(_end_all, made.nodes)
        yield made


async def _end_all(nodes: Sequence[Node]) -> None:
    for node in nodes:
        if node.process is not None and node.process.returncode is None:
            node.process.kill()
            await node.process.wait()
