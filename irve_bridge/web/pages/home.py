"""What this is, for somebody who came without a code."""

from aiohttp import web

from irve_bridge.web.context import CONTEXT
from irve_bridge.web.rendering import render


async def home(request: web.Request) -> web.Response:
    """Answer GET /."""
    context = request.app[CONTEXT]
    stations = await context.views.stations() if context.settings.list_stations else []
    return render(request, "home.html", {"stations": stations})
