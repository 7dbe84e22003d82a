"""A whole world for one test: bridge, Stripe, CSMS and charge points over real sockets.

The bridge runs in the test's own event loop, or as a process that can be killed at any instant.
Everything shares one clock that runs fast; the simulators answer for what really happened.
"""

import asyncio
import base64
import contextlib
import json
import os
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import stripe
from aiohttp import web
from prometheus_client import CollectorRegistry

from irve_bridge import stations
from irve_bridge.bootstrap import Bridge, offline_reconciler, running
from irve_bridge.domain.intents import Kind
from irve_bridge.service.reconcile import Finding
from irve_bridge.settings import load
from irve_bridge.storage import open_storage
from simulators import csms, pricing
from simulators.charge_point import ChargePoint, Transaction
from simulators.clock import Clock
from simulators.csms.app import AUTHORIZE_PATH, CALLBACK_PATH
from simulators.csms.inbox import Inbox
from simulators.stripe.app import create_app
from tests import command_line
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
STATIONS = ROOT / "config" / "stations.yaml"
SPEED = 100.0
PATIENCE_S = 40.0
PAUSE_S = 0.06
CARD = "4242424242424242"
FINAL = frozenset({"settled", "released", "abandoned", "due", "review", "written_off"})
Hook = Callable[[str, str], Awaitable[None]]


async def nothing(_method: str, _path: str) -> None:
    """The hook of a world in which nothing special happens."""


def link(back: str) -> str:
    """Return the driver's page, which the way back from the checkout leads to."""
    return back.removesuffix("/return")


def checkout_id(opened: dict[str, Any]) -> str:
    found = re.search(r"cs_test_\w+", opened["url"])
    assert found is not None
    return found[0]


@dataclass
class World:
    """Where everything is, and how a test acts in it."""

    environment: dict[str, str]
    http: aiohttp.ClientSession
    clock: Clock
    stripe_url: str
    inbox: Inbox
    secret: str
    api_key: str
    before_stripe: Hook = nothing
    after_stripe: Hook = nothing
    before_csms: Hook = nothing
    after_csms: Hook = nothing
    kills: int = 0
    process: command_line.Running | None = None
    bridge: Bridge | None = None
    asked_of_stripe: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.environment["BASE_URL"]

    def charge_point(self, charge_point_id: str = "CP1", **options: Any) -> ChargePoint:
        port = self.environment["OCPP_PORT"]
        url = f"ws://127.0.0.1:{port}/ocpp"
        known: dict[str, Any] = {"connectors": 2, "clock": self.clock} | options
        return ChargePoint(url, charge_point_id, **known)

    # As a driver

    async def open(self, plan: str, connector: int = 1, **choice: Any) -> dict[str, Any]:
        """Choose a plan; returns session_id and the checkout's url."""
        body = {"payment_type": plan, "charge_point_id": "CP1", "connector_id": connector}
        status, answer = await self.post("/api/create-payment", body | choice)
        assert status == 201, answer
        opened: dict[str, Any] = answer
        return opened

    async def pay(self, opened: dict[str, Any], card: str = CARD, **form: Any) -> str:
        """Pay at the checkout; returns where Stripe sends the driver next."""
        path = f"/_sim/checkout/{checkout_id(opened)}/pay"
        paid = await self.stripe("POST", path, card=card, **form)
        return str(paid["redirect_url"])

    async def checkout(self, opened: dict[str, Any]) -> dict[str, Any]:
        """Return the Checkout Session as Stripe has it."""
        url = f"{self.stripe_url}/v1/checkout/sessions/{checkout_id(opened)}"
        key = self.environment["STRIPE_SECRET_KEY"]
        async with self.http.get(url, headers={"authorization": f"Bearer {key}"}) as response:
            found: dict[str, Any] = await response.json()
            return found

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Return once something of another party holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                await asyncio.sleep(PAUSE_S)

    async def page(self, url: str) -> str:
        async with self.http.get(url) as response:
            return await response.text()

    async def stop(self, back: str) -> None:
        """Press the stop button of the driver's page."""
        async with self.http.post(f"{link(back)}/stop") as response:
            response.raise_for_status()

    # As the CSMS

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
        async with self.http.post(self.url + path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call the API with the CSMS's key; returns status and document, None for an empty one."""
        headers = {"authorization": f"Bearer {self.api_key}"}
        async with self.http.request(
            method, self.url + path, json=body, headers=headers
        ) as response:
            return response.status, await response.json() if await response.read() else None

    async def session(self, session_id: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.api_key}"}
        async with self.http.get(f"{self.url}/api/sessions/{session_id}", headers=headers) as found:
            if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                found.raise_for_status()
            answer: dict[str, Any] = await found.json()
            return answer

    async def until(self, session_id: str, *states: str) -> dict[str, Any]:
        """Return the session once it is in one of these states, whatever happens to the bridge."""
        session: dict[str, Any] = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    with contextlib.suppress(aiohttp.ClientError):
                        session = await self.session(session_id)
                        if session.get("status") in states:
                            return session
                    await asyncio.sleep(PAUSE_S)
        except TimeoutError:
            raise AssertionError(f"never {states}: {session}") from None

    async def observed(self, session_id: str) -> None:
        """Return once no look at Stripe's payments of the session is under way."""
        assert self.bridge is not None
        storage = self.bridge.storage

        async def so() -> bool:
            left = await storage.read(lambda tx: tx.intents.unfinished(session_id))
            return Kind.OBSERVE not in {intent.kind for intent in left}

        await self.eventually(so)

    async def final(self, session_id: str) -> dict[str, Any]:
        return await self.until(session_id, *FINAL)

    # As Stripe, or whoever claims to be

    async def webhook(self, event: dict[str, Any]) -> None:
        """Deliver an event with a good signature."""
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, self.secret)
        headers = {"Stripe-Signature": signature}
        async with self.http.post(f"{self.url}/webhook", data=body, headers=headers) as response:
            response.raise_for_status()

    # As the operator

    async def reconcile(
        self, back: timedelta = timedelta(days=1), since: datetime | None = None
    ) -> list[Finding]:
        """Compare everything with Stripe, as the command line does beside the running bridge.

        Either of what happened in the time `back`, or of what did since a moment.
        """
        file = Path(self.environment["LOG_FILE"]).with_name("reconcile.env")
        file.write_text("\n".join(f"{name}='{text}'" for name, text in self.environment.items()))
        now = self.clock.now()
        async with offline_reconciler(load(str(file))) as reconciler:
            return await reconciler.run(since or now - back, now)

    async def command(self, *words: str, errors: bool = False, typed: str = "") -> tuple[int, str]:
        """Run one command beside the bridge; returns its exit status and what it said."""
        environment = os.environ | self.environment
        ended = await asyncio.to_thread(command_line.run, words, environment, ROOT, typed)
        return ended.returncode, (ended.stdout + (ended.stderr if errors else "")).strip()

    # As the audit

    async def stripe_api(
        self, method: str, path: str, account: str = "", **form: str
    ) -> dict[str, Any]:
        """Do something at Stripe by hand, as in the account's dashboard."""
        headers = {"authorization": f"Bearer {self.environment['STRIPE_SECRET_KEY']}"}
        headers |= {"stripe-account": account} if account else {}
        url = f"{self.stripe_url}/v1/{path}"
        async with self.http.request(method, url, data=form or None, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer

    async def stripe(self, method: str, path: str, **body: Any) -> Any:
        payload = body.get("body", body) if method == "POST" else None
        async with self.http.request(method, self.stripe_url + path, json=payload) as response:
            response.raise_for_status()
            return await response.json()

    async def card(self, session_id: str) -> dict[str, int]:
        """Return what the session's card lived through, in minor units."""
        lines = await self.stripe("GET", "/_sim/ledger")
        mine = [line for line in lines if line["metadata"].get("session_id") == session_id]
        kinds = ("charged", "refunded", "released", "held")
        return {kind: sum(line[f"{kind}_minor"] for line in mine) for kind in kinds}

    async def told(self, session_id: str, last: str) -> list[str]:
        """Return the types the CSMS was told, in order, once the last one has come."""
        await self.inbox.wait_for(last, session_id=session_id, timeout_s=PATIENCE_S)
        return [callback.type for callback in self.inbox.received(session_id=session_id)]

    def cost(self, transaction: Transaction) -> int:
        """Return what the charge point's own meter says it costs."""
        figures = transaction.as_json()
        tariff = pricing.load(ROOT / "config" / "tariffs")["ac"]
        return pricing.expected_minor(
            tariff, figures["energy_wh"], figures["charging_s"], figures["suspended_ev_s"]
        )

    # The bridge as a process

    async def start_process(self) -> None:
        await self.spawn()
        await self.answers()

    async def spawn(self) -> None:
        """Start the process; it does not answer yet."""
        environment = os.environ | self.environment
        self.process = await command_line.begin(("serve",), environment, ROOT)

    async def kill(self) -> None:
        """SIGKILL, then start it again: nothing of the old process finishes anything."""
        await self.end_process(signal.SIGKILL)
        self.kills += 1
        await self.start_process()

    async def end_process(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Return once the process has ended by this signal.

        Raises:
            AssertionError: it had ended by itself, or ended otherwise than the signal makes it.
        """
        assert self.process is not None
        assert self.process.returncode is None, f"it ended by itself: {self.process.returncode}"
        self.process.send_signal(by)
        ended = await self.process.wait()
        assert ended == (0 if by is signal.SIGTERM else -by), f"it ended with {ended}"

    async def answers(self) -> None:
        """Return once the bridge answers and its storage does."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with self.http.get(f"{self.url}/readyz") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def world(
    folder: Path,
    *,
    process: bool | None = False,
    speed: float = SPEED,
    stations_file: Path = STATIONS,
    **settings: str,
) -> AsyncIterator[World]:
    """Make a world; with `process` the bridge is one that can be killed, None makes no bridge."""
    async with AsyncExitStack() as stack:
        epoch_s = time.time()
        clock = Clock(epoch_s, speed)
        callback_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        web_port, api_key, secret = free_port(), secrets.token_hex(16), "whsec_world"
        made: list[World] = []
        receiver = csms.create_app(callback_secret)
        receiver.middlewares.append(_csms_hooks(made))
        csms_url = await stack.enter_async_context(served(receiver))
        stripe = create_app(
            clock=clock, webhook_url=f"http://127.0.0.1:{web_port}/webhook", webhook_secret=secret
        )
        stripe.middlewares.insert(0, _stripe_hooks(made))
        stripe_url = await stack.enter_async_context(served(stripe))
        environment = {
            "STRIPE_SECRET_KEY": "sk_test_world",
            "STRIPE_WEBHOOK_SECRET": secret,
            "STRIPE_API_BASE": stripe_url,
            "BASE_URL": f"http://127.0.0.1:{web_port}",
            "WEB_PORT": str(web_port),
            "OCPP_PORT": str(free_port()),
            "CSMS_NOTIFICATION_URL": f"{csms_url}{CALLBACK_PATH}",
            "CSMS_NOTIFICATION_SECRET": callback_secret,
            "CSMS_AUTHORIZE_URL": f"{csms_url}{AUTHORIZE_PATH}",
            "CSMS_API_KEY": api_key,
            "DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}",
            "LOG_FILE": str(folder / "app.log"),
            "CLOCK_EPOCH": str(epoch_s),
            "CLOCK_SPEED": str(speed),
            "METER_INTERVAL_S": "10",
            "START_WITHIN_S": "1800",  # a busy machine takes three seconds, and those are 300
            "RECONCILE_EVERY_S": str(100 * 365 * 86_400),  # who tests it says when
            "THROTTLE_PER_MINUTE": "1000",
        } | {name.upper(): value for name, value in settings.items()}
        http = await stack.enter_async_context(aiohttp.ClientSession())
        inbox = receiver[csms.INBOX]
        made.append(
            World(environment, http, clock, stripe_url, inbox, secret=secret, api_key=api_key)
        )
        await asyncio.to_thread(_make_database, environment["DATABASE_URL"], stations_file)
        if process:
            await made[0].start_process()
            stack.push_async_callback(_end, made[0])
        elif process is not None:
            settings_file = folder / ".env"
            settings_file.write_text("\n".join(f"{n}='{v}'" for n, v in environment.items()))
            loaded = load(str(settings_file))
            made[0].bridge = await stack.enter_async_context(running(loaded, CollectorRegistry()))
        yield made[0]


def _stripe_hooks(made: list[World]) -> Any:
    @web.middleware
    async def around(request: web.Request, handler: Any) -> web.StreamResponse:
        api = request.path.startswith("/v1/")
        if api:
            made[0].asked_of_stripe.append(request.path)
            await made[0].before_stripe(request.method, request.path)
        response: web.StreamResponse = await handler(request)
        if api:
            await made[0].after_stripe(request.method, request.path)
        return response

    return around


def _csms_hooks(made: list[World]) -> Any:
    @web.middleware
    async def around(request: web.Request, handler: Any) -> web.StreamResponse:
        await made[0].before_csms(request.method, request.path)
        response: web.StreamResponse = await handler(request)
        await made[0].after_csms(request.method, request.path)
        return response

    return around


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free port; yields its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _make_database(url: str, stations_file: Path) -> None:
    """Register the stations; the usual ones in a file are quicker to copy than to make anew."""
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite" and stations_file == STATIONS and not Path(path).exists():
        Path(path).write_bytes(_usual_database())
    else:
        asyncio.run(_register(url, stations_file))


@cache
def _usual_database() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bridge.db"
        asyncio.run(_register(f"sqlite:///{file}", STATIONS))
        return file.read_bytes()


async def _register(database_url: str, stations_file: Path) -> None:
    wanted = stations.read(stations_file)
    async with open_storage(database_url) as storage:
        await storage.transact(
            lambda tx: stations.apply(list(stations.differences(wanted, tx.stations)), tx.stations)
        )


async def _end(made: World) -> None:
    if made.process is not None and made.process.returncode is None:
        made.process.terminate()
        await made.process.wait()
