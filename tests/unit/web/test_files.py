"""A long file is written as it is read, and one that cannot be read to its end is never whole."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from aiohttp import ClientPayloadError, ClientSession, web

from irve_bridge.web.operator.files import send
from tests.integration.world import served

PART = b"0123456789abcdef" * 4096


class Source:
    """A file that never ends, or ends badly; `over` once nobody reads it any more."""

    def __init__(self, *, ends_badly: bool = False) -> None:
        self.ends_badly = ends_badly
        self.over = asyncio.Event()

    async def parts(self) -> AsyncGenerator[bytes]:
        try:
            yield PART
            while not self.ends_badly:
                yield PART
            raise OSError("the disk is gone")
        finally:
            self.over.set()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as client:
        yield client


def app_of(source: Source) -> web.Application:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await send(request, "all.csv", "text/csv", source.parts())

    app = web.Application()
    app.router.add_get("/", handler)
    return app


async def test_a_file_without_an_end_is_read_as_far_as_somebody_wants(
    client: ClientSession,
) -> None:
    source = Source()
    async with served(app_of(source)) as url:
        async with client.get(url) as answer:
            assert answer.headers["Content-Disposition"] == 'attachment; filename="all.csv"'
            assert await answer.content.readexactly(len(PART)) == PART
        async with asyncio.timeout(30):
            await source.over.wait()


async def test_what_cannot_be_read_to_its_end_is_cut_off(client: ClientSession) -> None:
    async with served(app_of(Source(ends_badly=True))) as url, client.get(url) as answer:
        assert answer.status == 200
        with pytest.raises(ClientPayloadError):
            await answer.read()


async def test_asked_for_its_head_alone_nothing_is_read(client: ClientSession) -> None:
    source = Source()
    async with served(app_of(source)) as url, client.head(url) as answer:
        assert answer.content_type == "text/csv"
        assert await answer.read() == b""
    assert not source.over.is_set()
