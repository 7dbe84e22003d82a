"""Faults of everybody the bridge talks to over HTTP: Stripe, its webhooks, the CSMS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from aiohttp import web

from tests.integration.world import World, served

FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 429},
    {"status": 409},
    {"status": 500},
    {"status": 500, "effect": "after"},
    {"status": None},
    {"status": None, "effect": "after"},
    {"status": 200, "delay_s": 0.4},
    {"status": 200, "effect": "after", "delay_s": 0.4},
)
STRIPE_CHANGES_S = 0.25
POST_CHANGES_S = 0.8
CSMS_CHANGES_S = 1.0
HANGS_S = 1.5


async def over_stripe(w: World, dice: Random) -> None:
    """Let a few calls fail, each time others; none in the end."""
    try:
        while True:
            struck = dice.sample(FAULTS, dice.randint(0, 3))
            anywhere = [{"method": "*", "path": "/v1/*", **fault} for fault in struck]
            await w.stripe("POST", "/_sim/faults", body=anywhere)
            await asyncio.sleep(dice.uniform(0, 2 * STRIPE_CHANGES_S))
    finally:
        await w.stripe("POST", "/_sim/faults", body=[])


async def over_the_post(w: World, dice: Random, nowhere: str) -> None:
    """Lose webhooks, or keep them and deliver them late, in the wrong order and twice."""
    try:
        while True:
            match dice.choices(["fair", "late", "lost"], [5, 3, 1])[0]:
                case "late":
                    await w.stripe("POST", "/_sim/webhooks", mode="hold")
                    await asyncio.sleep(dice.uniform(0, POST_CHANGES_S))
                    order = dice.choice(["as_is", "reverse"])
                    copies = dice.randint(1, 2)
                    await w.stripe("POST", "/_sim/webhooks/release", order=order, copies=copies)
                    await w.stripe("POST", "/_sim/webhooks", mode="deliver")
                case "lost":
                    await _deliver_to(w, nowhere)
                    await asyncio.sleep(dice.uniform(0, POST_CHANGES_S))
                    await _deliver_to(w, f"{w.url}/webhook")
            await asyncio.sleep(dice.uniform(0, 2 * POST_CHANGES_S))
    finally:
        await _deliver_to(w, f"{w.url}/webhook")
        await w.stripe("POST", "/_sim/webhooks", mode="deliver")


async def over_the_csms(w: World, dice: Random) -> None:
    """Have it fail, or hang before or after it took a callback."""

    async def hang(_method: str, _path: str) -> None:
        await asyncio.sleep(dice.uniform(0, HANGS_S))

    async def serve(_method: str, _path: str) -> None:
        return

    try:
        while True:
            w.before_csms = hang if dice.random() < 0.2 else serve
            w.after_csms = hang if dice.random() < 0.2 else serve
            w.inbox.fail(dice.choice([429, 500, 503]), dice.choice([0, 0, 1, 3]))
            await asyncio.sleep(dice.uniform(0, 2 * CSMS_CHANGES_S))
    finally:
        w.before_csms = w.after_csms = serve
        w.inbox.fail(500, 0)


@asynccontextmanager
async def black_hole() -> AsyncIterator[str]:
    """Give an address that takes whatever is posted there, and forgets it."""

    async def swallow(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_post("/", swallow)
    async with served(app) as url:
        yield f"{url}/"


async def _deliver_to(w: World, url: str) -> None:
    secret = w.environment["STRIPE_WEBHOOK_SECRET"]
    await w.stripe("POST", "/_sim/webhook_endpoints", url=url, secret=secret)
