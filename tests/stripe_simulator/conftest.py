"""A simulator on a real socket, a webhook receiver beside it, and the real SDK in front."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import stripe
from aiohttp import ClientSession, web

from simulators.clock import Clock
from simulators.stripe.app import create_app
from tests.stripe_simulator.annotations import problems
from tests.stripe_simulator.recording import record_problems

SECRET = "whsec_test"


class MovableClock(Clock):
    """A clock that tests put forward by hand; it also flows."""

    ahead_s = 0.0

    def timestamp(self) -> float:
        return super().timestamp() + type(self).ahead_s


@dataclass
class Receiver:
    """A webhook endpoint that verifies signatures with the SDK."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    refusals: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        stripe.Webhook.construct_event(body, request.headers["Stripe-Signature"], SECRET)
        if self.refusals:
            return web.Response(status=self.refusals.pop())
        event = json.loads(body)
        self.problems.extend(problems(event))
        async with self.arrived:
            self.events.append(event)
            self.arrived.notify_all()
        return web.Response(status=204)

    def types(self, *, about: str | None = None) -> list[str]:
        """Return the types of the events so far, those about one object or all."""
        return [
            event["type"] for event in self.events if about in (None, event["data"]["object"]["id"])
        ]

    async def wait_for(self, kind: str, times: int = 1) -> dict[str, Any]:
        """Return the newest event of a type once it has arrived that many times."""

        def found() -> list[dict[str, Any]]:
            return [event for event in self.events if event["type"] == kind]

        async with asyncio.timeout(30), self.arrived:
            await self.arrived.wait_for(lambda: len(found()) >= times)
        return found()[-1]


@dataclass
class Simulator:
    """The running simulator as tests see it."""

    url: str
    http: ClientSession
    advance: Callable[[float], None]

    async def ledger(self) -> list[dict[str, Any]]:
        async with self.http.get("/_sim/ledger") as answer:
            lines: list[dict[str, Any]] = await answer.json()
            return lines

    async def control(self, path: str, body: Any = None) -> Any:
        async with self.http.post(f"/_sim/{path}", json={} if body is None else body) as answer:
            return await answer.json()

    async def pay(self, session: stripe.checkout.Session, **fields: Any) -> Any:
        return await self.control(f"checkout/{session.id}/pay", fields)


async def _serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/webhook", receiver.take)
    runner, url = await _serve(app)
    receiver.url = f"{url}/webhook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def simulator(receiver: Receiver) -> AsyncIterator[Simulator]:
    """A simulator whose every answer and accepted request is checked as it passes."""
    clock = type("ClockOfOneTest", (MovableClock,), {})()

    def advance(duration_s: float) -> None:
        type(clock).ahead_s += duration_s

    app = create_app(clock=clock, webhook_url=receiver.url, webhook_secret=SECRET)
    found = record_problems(app)
    runner, url = await _serve(app)
    async with ClientSession(url) as http:
        yield Simulator(url, http, advance)
    await runner.cleanup()
    assert found + receiver.problems == [], "the simulator speaks as Stripe does"


ClientFactory = Callable[..., stripe.StripeClient]


@pytest.fixture
async def make_client(simulator: Simulator) -> AsyncIterator[ClientFactory]:
    """Make clients of the real SDK; keyword arguments go to StripeClient."""
    closers: list[Callable[[], Awaitable[None]]] = []

    def make(
        api_key: str = "sk_test_123", *, timeout_s: float = 10, **options: Any
    ) -> stripe.StripeClient:
        http_client = stripe.HTTPXClient(timeout=timeout_s)
        closers.append(http_client.close_async)
        options.setdefault("max_network_retries", 0)
        return stripe.StripeClient(
            api_key,
            base_addresses={"api": simulator.url},
            http_client=http_client,
            **options,
        )

    yield make
    for close in closers:
        await close()


@pytest.fixture
def client(make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch) -> stripe.StripeClient:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    return make_client()
