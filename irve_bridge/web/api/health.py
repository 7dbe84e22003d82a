"""Is the process alive, can it work, and how is it doing?"""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal, TypedDict

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from irve_bridge.service.gauges import Gauges
from irve_bridge.telemetry.metrics import exposed
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.refusals import RequestRefused

READY_WITHIN_S = 2.0
GAUGES = web.AppKey("gauges", Gauges)
log = structlog.get_logger()


class Health(TypedDict):
    """That all is well."""

    status: Literal["ok", "ready"]


async def alive(_: web.Request) -> web.Response:
    """Answer GET /healthz: the process serves."""
    return web.json_response(Health(status="ok"))


async def ready(request: web.Request) -> web.Response:
    """Answer GET /readyz: the storage answers too, and counts this node among the living."""
    context = request.app[CONTEXT]
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            living = await context.storage.read(lambda tx: tx.nodes.living())
    except Exception as error:
        log.warning("not_ready", exc_info=True)
        raise RequestRefused(503, "not_ready", "The storage does not answer.") from error
    if context.node_id not in living:
        raise RequestRefused(503, "not_ready", "The others took this node for dead.")
    return web.json_response(Health(status="ready"))


async def expose_metrics(app: web.Application) -> AsyncIterator[None]:
    """Keep the metrics in the registry while the application runs."""
    with exposed(app[CONTEXT].registry):
        yield


async def metrics(request: web.Request) -> web.Response:
    """Answer GET /metrics for Prometheus."""
    await request.app[GAUGES].refresh()
    exposition = generate_latest(request.app[CONTEXT].registry)
    return web.Response(body=exposition, headers={"Content-Type": CONTENT_TYPE_LATEST})
