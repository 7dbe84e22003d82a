"""The simulated Stripe as one aiohttp application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from simulators import clock as shared_clock
from simulators.stripe.api import Api
from simulators.stripe.control import Control, invalid_bodies
from simulators.stripe.decrees import Decrees
from simulators.stripe.faults import Faults
from simulators.stripe.idempotency import IdempotencyKeys
from simulators.stripe.pages import Pages
from simulators.stripe.store import Clock, Platform
from simulators.stripe.webhooks import Endpoint, Webhooks

_EXPIRY_INTERVAL_S = 0.5


def create_app(
    *,
    clock: Clock | None = None,
    webhook_url: str | None = None,
    webhook_secret: str = "whsec_simulated",  # noqa: S107 - a simulator's default
    public_url: str | None = None,
) -> web.Application:
    """Return the simulator, its state in memory and its time from ``clock``.

    ``public_url`` is where browsers reach the hosted pages, if not where the API was called.
    """
    clock = clock or shared_clock.shared()
    webhooks = Webhooks(Endpoint(webhook_url, webhook_secret) if webhook_url else None)
    platform = Platform(clock, webhooks.publish)
    faults = Faults()
    app = web.Application(middlewares=[invalid_bodies])
    app.add_routes(Api(platform, IdempotencyKeys(clock), faults, public_url).routes())
    app.add_routes(Pages(platform).routes())
    app.add_routes(Control(platform, webhooks, faults).routes())
    app.add_routes(Decrees(platform).routes())

    async def background(_app: web.Application) -> AsyncIterator[None]:
        expiry = asyncio.create_task(_expire(platform))
        yield
        expiry.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await expiry
        await webhooks.close()

    app.cleanup_ctx.append(background)
    return app


async def _expire(platform: Platform) -> None:
    """Let sessions and holds expire on time, so that their events need no request to happen."""
    while True:
        platform.expire()
        await asyncio.sleep(_EXPIRY_INTERVAL_S)
