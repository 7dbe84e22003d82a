"""Styles, script, icons and manifests: read and compressed once, never changed at their address.

The address holds a digest of the content, so that a browser that has a file never asks again.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aiohttp import web

from irve_bridge.i18n import N_, Language, languages

TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
PACKED = frozenset({"png"})
"""What is compressed already."""
FOREVER = "public, max-age=31536000, immutable"
NAME = N_("Charge your car")
ICONS = {"icon-192.png": "any", "icon-512.png": "any", "icon-maskable-512.png": "maskable"}
"""The manifest's icons and what each is for (https://www.w3.org/TR/appmanifest/#icons-member)."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served; `packed` is its gzip, None where that is not smaller."""

    content: bytes
    packed: bytes | None
    content_type: str
    url: str


ASSETS = web.AppKey("assets", dict[str, Asset])


@cache
def load_assets() -> dict[str, Asset]:
    """Return every file of `static/` by its name, and a manifest for each language."""
    folder = files("irve_bridge.web") / "static"
    assets = {each.name: _asset(each.name, each.read_bytes()) for each in folder.iterdir()}
    for words in languages().values():
        name = f"{words.code}.webmanifest"
        assets[name] = _asset(name, _manifest(words, assets))
    return assets


async def serve(request: web.Request) -> web.Response:
    """Answer GET /static/{name}."""
    asset = request.app[ASSETS].get(_unversioned(request.match_info["name"]))
    if asset is None or asset.url != request.path:
        raise web.HTTPNotFound
    packed = asset.packed if "gzip" in request.headers.get("Accept-Encoding", "") else None
    response = web.Response(body=packed or asset.content, content_type=asset.content_type)
    response.headers["Cache-Control"] = FOREVER
    if asset.packed:
        response.charset = "utf-8"
        response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _unversioned(name: str) -> str:
    """Return `app.css` for `app.0123456789ab.css`."""
    stem, _, extension = name.rpartition(".")
    return f"{stem.rpartition('.')[0]}.{extension}"


def _asset(name: str, content: bytes) -> Asset:
    version = hashlib.sha256(content).hexdigest()[:12]
    stem, _, extension = name.rpartition(".")
    packed = None if extension in PACKED else gzip.compress(content, mtime=0)
    return Asset(content, packed, TYPES[extension], f"/static/{stem}.{version}.{extension}")


def _manifest(words: Language, assets: dict[str, Asset]) -> bytes:
    """Return what a telephone keeps of us on its first screen.

    A browser's window with its address bar: a driver must see where they are about to pay.
    """
    manifest = {
        "name": words.text(NAME),
        "lang": words.code,
        "start_url": "/",
        "display": "browser",
        "background_color": "#f8fafc",
        "theme_color": "#047857",
        "icons": list(_icons(assets)),
    }
    return json.dumps(manifest).encode()


def _icons(assets: dict[str, Asset]) -> Iterator[dict[str, str]]:
    for name, purpose in ICONS.items():
        size = name.rpartition("-")[2].removesuffix(".png")
        asset = assets[name]
        yield {
            "src": asset.url,
            "sizes": f"{size}x{size}",
            "type": asset.content_type,
            "purpose": purpose,
        }
