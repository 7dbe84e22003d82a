"""What goes over the wire: counted on a real socket, headers and all."""

import asyncio
import gzip
import json
import re

from aiohttp import web

from irve_bridge.web.callers import COOKIE
from tests.integration.web.conftest import FRENCH_PAGE, House

FIRST_PAGE_MOST = 60_000
BROWSER = FRENCH_PAGE | {"Accept-Encoding": "gzip, deflate, br, zstd"}
LINKED = re.compile(r'(?:href|src)="(/static/[^"]+)"')


async def sent(house: House, path: str, **more: str) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer, byte for byte as a browser receives them."""
    reader, writer = await asyncio.open_connection(house.client.host, house.client.port)
    asked = {"Host": "bridge.example", "Connection": "close"} | BROWSER | more
    lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
    writer.write(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return head, body


async def text_of(house: House, path: str) -> str:
    async with house.client.get(path, headers=FRENCH_PAGE) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def test_all_that_the_first_page_needs_weighs_less_than_60_kb(house: House) -> None:
    """Page, styles, script, icons, manifest and the manifest's icons."""
    paths = LINKED.findall(await text_of(house, "/s/CP1/1"))
    assert len(paths) == 5
    (manifest,) = (path for path in paths if path.endswith(".webmanifest"))
    paths += [icon["src"] for icon in json.loads(await text_of(house, manifest))["icons"]]
    answers = [await sent(house, path) for path in ("/s/CP1/1", *paths)]
    assert sum(len(head) + len(body) for head, body in answers) < FIRST_PAGE_MOST


async def test_what_can_be_compressed_is(house: House) -> None:
    paths = LINKED.findall(await text_of(house, "/s/CP1/1"))
    for path in ("/s/CP1/1", *paths):
        head, body = await sent(house, path)
        if not path.endswith(".png"):
            assert re.search(rb"Content-Encoding: (gzip|deflate)", head), path
            plain, _ = await sent(house, path, **{"Accept-Encoding": "identity"})
            assert b"Content-Encoding" not in plain, path
        if path.endswith(".css"):
            assert gzip.decompress(body).startswith(b"/*! tailwindcss")


async def test_a_page_with_the_way_to_a_session_is_not_compressed(house: House) -> None:
    """Its query stands in it too: lengths of compressed answers would tell the way (BREACH)."""
    session = await house.settled()
    head, body = await sent(house, "/s/CP1/1?x=y", Cookie=f"{COOKIE}={session.token}")
    assert session.token.encode() in body
    assert b"x=y" in body
    assert b"Content-Encoding" not in head


async def test_an_address_of_other_content_is_no_address(house: House) -> None:
    """What is kept forever under an address must be what belongs there."""
    (styles,) = (p for p in LINKED.findall(await text_of(house, "/")) if p.endswith(".css"))
    stale = re.sub(r"\.\w{12}\.", ".0123456789ab.", styles)
    for path in (stale, "/static/app.css", "/static/nothing"):
        async with house.client.get(path) as answer:
            assert answer.status == web.HTTPNotFound.status_code, path


async def test_the_manifest_speaks_the_page_s_language_and_keeps_the_address_bar(
    house: House,
) -> None:
    """Where a driver pays must be seen: the page never opens as if it were an application."""
    (path,) = (p for p in LINKED.findall(await text_of(house, "/")) if p.endswith("manifest"))
    async with house.client.get(path) as answer:
        assert answer.content_type == "application/manifest+json"
        manifest = await answer.json(content_type=None)
    assert (manifest["lang"], manifest["display"]) == ("fr", "browser")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        async with house.client.get(icon["src"]) as answer:
            assert (answer.status, answer.content_type) == (200, icon["type"])
            width = int.from_bytes((await answer.read())[16:20], "big")
        assert icon["sizes"] == f"{width}x{width}"
