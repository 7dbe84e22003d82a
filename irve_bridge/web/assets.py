"""Styles, script and icon: read once, served under an address that changes with their content."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    content: bytes
    content_type: str
    url: str


ASSETS = web.AppKey("assets", dict[str, Asset])


def load_assets() -> dict[str, Asset]:
    """Return every file of `static/` by its name."""
    folder = files("irve_bridge.web") / "static"
    return {each.name: _load(each.name, each.read_bytes()) for each in folder.iterdir()}


async def serve(request: web.Request) -> web.Response:
    """Answer GET /static/{name}."""
    asset = request.app[ASSETS].get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    response = web.Response(body=asset.content, content_type=asset.content_type, charset="utf-8")
    response.headers["Cache-Control"] = FOREVER
    response.enable_compression()
    return response


def _load(name: str, content: bytes) -> Asset:
    version = hashlib.sha256(content).hexdigest()[:12]
    content_type = TYPES[name.rpartition(".")[2]]
    return Asset(content, content_type, f"/static/{name}?v={version}")
