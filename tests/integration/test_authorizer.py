"""What a CSMS may answer when it is asked for a tag: whatever it is, a start is confirmed by it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from irve_bridge.csms import CsmsAuthorizer
from irve_bridge.domain.id_tag import ACCEPTED, Authorization, IdTagStatus

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@asynccontextmanager
async def csms(*pieces: bytes) -> AsyncIterator[CsmsAuthorizer]:
    """A CSMS that sends its answer in these pieces, each in a packet of its own."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.02)  # nobody can await that the client has read a packet
        return response

    app = web.Application()
    app.router.add_post("/authorize", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        yield CsmsAuthorizer(http, str(server.make_url("/authorize")), (SECRET,), 5)


async def test_an_answer_in_several_packets_is_one_answer() -> None:
    async with csms(b'{"status":', b'"Accepted"}') as asked:
        assert await asked.ask("CP1", "BADGE") == ACCEPTED


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"Accepted",
        b'{"status": "Sure"}',
        b'{"status": "Accepted", "parent_id_tag": "\xff"}',
        b'{"status": "Accepted", "other": ' + b"[" * 4000,
        b'{"status": "Accepted", "other": "' + b"x" * 5000 + b'"}',
        b'{"status": "Accepted", "parent_id_tag": "longer than twenty letters"}',
    ],
    ids=["none", "no JSON", "no status", "no UTF-8", "too deep", "too long", "no id tag"],
)
async def test_what_cannot_be_understood_is_no_answer(answer: bytes) -> None:
    async with csms(answer) as asked:
        assert await asked.ask("CP1", "BADGE") is None


async def test_a_moment_without_a_zone_is_in_utc() -> None:
    async with csms(b'{"status": "Accepted", "expires_at": "2030-01-01T00:00:00"}') as asked:
        assert await asked.ask("CP1", "BADGE") == Authorization(
            status=IdTagStatus.ACCEPTED, expires_at=datetime(2030, 1, 1, tzinfo=UTC)
        )
