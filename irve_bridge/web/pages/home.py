"""What this is, for somebody who came without a code."""

from aiohttp import web

from irve_bridge.web.rendering import render


async def home(request: web.Request) -> web.Response:
    """Answer GET /."""
    return render(request, "home.html", {})
