"""Nodes on PostgreSQL and NATS, all on one core; the database and the load are on the other."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests import postgres
from tests.bench.door.contestants import BRIDGE, Bridge, Served, bridge
from tests.bench.door.parts import LOAD_CORE, free_port, listening, server
from tests.nats_server import NatsServer, nats_server

TEMPLATE = "irve_bridge_applied"


@dataclass(frozen=True, slots=True)
class Fleet:
    """Where nodes are started, each time with nothing in the database but the stations."""

    folder: Path
    of: Bridge
    database: postgres.OwnServer
    nats: NatsServer

    async def register(self, ids: Sequence[str]) -> None:
        """Apply the stations once; each start begins with a copy of that database."""
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        await self.of.apply(ids, DATABASE_URL=self._url(TEMPLATE))

    def _url(self, database: str) -> str:
        return make_url(self.database.url).set(database=database).render_as_string(False)

    @contextmanager
    def _copy(self) -> Iterator[str]:
        name = sql.Identifier(f"irve_bridge_{secrets.token_hex(4)}")
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(TEMPLATE))
            )
            yield self._url(name.as_string().strip('"'))
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    @asynccontextmanager
    async def serve(self, nodes: int) -> AsyncIterator[list[Served]]:
        """Serve while the context is open; the first node takes the API and the webhooks."""
        async with AsyncExitStack() as stack:
            shared = {"DATABASE_URL": stack.enter_context(self._copy())}
            if nodes > 1:
                shared["NATS_URL"] = self.nats.url
            served = []
            for number in range(nodes):
                own = dict(shared)
                if number:
                    own |= {"WEB_PORT": str(free_port()), "OCPP_PORT": str(free_port())}
                    own["LOG_FILE"] = str(self.folder / f"node{number}.log")
                environment = self.of.environment | own
                log, command = self.folder / "nodes.log", (sys.executable, *BRIDGE, "serve")
                process = await stack.enter_async_context(
                    server(log, *command, environment=environment)
                )
                await listening(int(environment["WEB_PORT"]), process)
                served.append(Served(int(environment["OCPP_PORT"]), process.pid))
            yield served

    def database_s(self) -> float:
        """Return the processor time that the database has taken so far."""
        postmaster = psutil.Process(self.database.pid)
        used = [each.cpu_times() for each in (postmaster, *postmaster.children())]
        return sum(each.user + each.system for each in used)


@asynccontextmanager
async def fleet(folder: Path) -> AsyncIterator[Fleet]:
    """Give a fleet whose Stripe is in this process."""
    with postgres.own_server(durable=True) as database, nats_server() as nats:
        psutil.Process(database.pid).cpu_affinity([LOAD_CORE])
        await asyncio.to_thread(database.restart)  # so that all of its processes are there
        async with bridge(folder) as of:
            yield Fleet(folder, of, database, nats)
