"""Webhooks: signed, unordered, repeated until they are taken (https://docs.stripe.com/webhooks)."""

import asyncio
import json
from dataclasses import dataclass, field
from random import Random

import aiohttp
import stripe

from simulators.stripe.store import Account
from simulators.stripe.wire import Object

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 2.0
TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks go and the secret that signs them."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Weather:
    """A storm's dice: which events are lost, sent twice, or late and so out of order."""

    dice: Random
    lose: float
    duplicate: float
    delay_s_most: float

    def delays_s(self) -> list[float]:
        """Return when an event is sent, in seconds from now: not at all, once, or twice."""
        if self.dice.random() < self.lose:
            return []
        copies = 2 if self.dice.random() < self.duplicate else 1
        return [self.dice.uniform(0, self.delay_s_most) for _ in range(copies)]


@dataclass(eq=False)
class Webhooks:
    """Delivers every event to one endpoint, or keeps them until they are released."""

    endpoint: Endpoint | None = None
    holding: bool = False
    weather: Weather | None = None
    held: list[Object] = field(default_factory=list)
    _deliveries: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    def publish(self, _account: Account, event: Object) -> None:
        """Send a new event on its way."""
        if self.endpoint is None:
            return
        event["pending_webhooks"] = 1
        if self.holding:
            self.held.append(event)
            return
        for delay_s in self.weather.delays_s() if self.weather else [0.0]:
            self.deliver(event, delay_s)

    def deliver(self, event: Object, delay_s: float = 0.0) -> None:
        """Deliver an event in the background, again and again until it is taken."""
        task = asyncio.create_task(self._deliver(event, delay_s))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    def release(self, *, reverse: bool, copies: int) -> int:
        """Deliver what was held, in another order or several times; return how many."""
        events, self.held = self.held, []
        for event in reversed(events) if reverse else events:
            for _ in range(copies):
                self.deliver(event)
        return len(events) * copies

    async def close(self) -> None:
        """Give up what is undelivered."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _deliver(self, event: Object, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        delay_s = FIRST_RETRY_S
        while not await self._taken(event):
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, LONGEST_RETRY_S)
        event["pending_webhooks"] = 0

    async def _taken(self, event: Object) -> bool:
        """Post an event once, signed with real time, and tell whether it was answered 2xx."""
        endpoint = self.endpoint
        if endpoint is None:
            return True
        body = json.dumps(event, indent=2)
        signature = stripe.WebhookSignature.generate_signature_header(body, endpoint.secret)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        self._session = self._session or aiohttp.ClientSession(timeout=TIMEOUT)
        try:
            async with self._session.post(
                endpoint.url, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return answer.ok and answer.status < 300  # noqa: PLR2004 - a redirect is no 2xx
        except (aiohttp.ClientError, TimeoutError):
            return False
