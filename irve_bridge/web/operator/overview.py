"""How everything stands."""

from aiohttp import web

from irve_bridge.web.context import CONTEXT
from irve_bridge.web.operator.rendering import presenter_of, render


async def show(request: web.Request) -> web.Response:
    """Answer GET /operator."""
    since = presenter_of(request).day_began()
    view = await request.app[CONTEXT].views.overview(since)
    return render(request, "overview.html", {"view": view})
