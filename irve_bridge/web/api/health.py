"""Is the process alive, can it work, and how is it doing?"""

import asyncio
from collections.abc import AsyncIterator

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


async def alive(_: web.Request) -> web.Response:
    """Answer GET /healthz: the process serves."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer GET /readyz: the storage answers too."""
    storage = request.app[CONTEXT].storage
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await storage.read(lambda tx: tx.replies.get(""))
    except Exception as error:
        log.warning("not_ready", exc_info=True)
        raise RequestRefused(503, "not_ready", "The storage does not answer.") from error
    return web.json_response({"status": "ready"})


async def expose_metrics(app: web.Application) -> AsyncIterator[None]:
    """Keep the metrics in the registry while the application runs."""
    with exposed(app[CONTEXT].registry):
        yield


async def metrics(request: web.Request) -> web.Response:
    """Answer GET /metrics for Prometheus."""
    await request.app[GAUGES].refresh()
    exposition = generate_latest(request.app[CONTEXT].registry)
    return web.Response(body=exposition, headers={"Content-Type": CONTENT_TYPE_LATEST})
