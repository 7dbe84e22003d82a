"""The receiver believes only what is signed, forgets nothing and counts every attempt."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook
from yarl import URL

from simulators.csms import Inbox, serve

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def csms() -> AsyncIterator[Inbox]:
    async with serve(SECRET) as inbox:
        yield inbox


@pytest.fixture
async def http(csms: Inbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(URL(csms.url).origin()) as session:
        yield session


async def send(
    http: aiohttp.ClientSession,
    webhook_id: str = "msg_1",
    callback_type: str = "payment_succeeded",
    *,
    session_id: str = "s1",
    secret: str = SECRET,
    age: timedelta = timedelta(0),
    **headers: str,
) -> int:
    """Return the status the callback is answered with."""
    at = datetime.now(UTC) - age
    body = json.dumps(
        {
            "type": callback_type,
            "timestamp": "2026-01-01T00:00:00Z",
            "data": {"session_id": session_id, "sequence": 1, "amount": 1250},
        }
    )
    signed = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body),
    }
    async with http.post("/callbacks", data=body, headers=signed | headers) as response:
        return response.status


async def listed(http: aiohttp.ClientSession, query: str = "") -> list[dict[str, Any]]:
    async with http.get("/callbacks" + query) as response:
        callbacks: list[dict[str, Any]] = await response.json()
        return callbacks


async def test_a_signed_callback_is_answered_and_remembered(http: aiohttp.ClientSession) -> None:
    assert await send(http) == 204
    assert await listed(http) == [
        {
            "id": "msg_1",
            "type": "payment_succeeded",
            "timestamp": "2026-01-01T00:00:00Z",
            "data": {"session_id": "s1", "sequence": 1, "amount": 1250},
            "attempts": 1,
            "answers": [204],
            "accepted": True,
            "verified": True,
        }
    ]


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg=="},
        {"age": timedelta(minutes=6)},
        {"age": timedelta(minutes=-6)},
        {"webhook-signature": "garbage"},
        {"webhook-signature": ""},
        {"webhook-timestamp": "yesterday"},
        {"webhook-id": "msg_2"},
    ],
    ids=str,
)
async def test_a_forged_callback_is_refused_and_shown_as_such(
    http: aiohttp.ClientSession, forgery: dict[str, Any]
) -> None:
    """A wrong secret, a stale or future time, a changed id or a broken header."""
    assert await send(http, **forgery) == 400
    (callback,) = await listed(http)
    assert not callback["verified"]
    assert not callback["accepted"]


async def test_a_forgery_never_hides_the_true_callback(http: aiohttp.ClientSession) -> None:
    await send(http, secret="whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg==")
    assert await send(http) == 204
    assert [callback["verified"] for callback in await listed(http)] == [False, True]


async def test_a_repeated_callback_is_counted_not_listed_twice(
    http: aiohttp.ClientSession,
) -> None:
    for webhook_id in ("msg_1", "msg_2", "msg_1"):
        assert await send(http, webhook_id) == 204
    assert [(c["id"], c["attempts"]) for c in await listed(http)] == [("msg_1", 2), ("msg_2", 1)]


async def test_it_fails_as_often_as_told(http: aiohttp.ClientSession) -> None:
    """Failed attempts are seen, but the callback is accepted only with the 204."""
    await http.post("/_sim/fail", json={"status": 503, "times": 2})
    assert [await send(http) for _ in range(3)] == [503, 503, 204]
    (callback,) = await listed(http)
    assert callback["answers"] == [503, 503, 204]
    assert (await http.post("/_sim/fail", json={"status": "never"})).status == 400


async def test_callbacks_of_one_session_can_be_listed(http: aiohttp.ClientSession) -> None:
    await send(http, "msg_1", session_id="s1")
    await send(http, "msg_2", session_id="s2")
    assert [c["id"] for c in await listed(http, "?session_id=s2")] == ["msg_2"]


async def test_one_can_wait_for_a_callback(csms: Inbox, http: aiohttp.ClientSession) -> None:
    """Only an accepted callback of the right type and session ends the wait."""
    csms.fail(500, 1)
    waiting = asyncio.ensure_future(csms.wait_for("payment_succeeded", session_id="s2"))
    await send(http, "msg_1", session_id="s2")
    await send(http, "msg_2", session_id="s1")
    await send(http, "msg_3", "charge_failed", session_id="s2")
    assert not waiting.done()
    await send(http, "msg_1", session_id="s2")
    callback = await waiting
    assert (callback.id, callback.data["amount"]) == ("msg_1", 1250)


async def test_a_wait_in_vain_says_what_came_instead(
    csms: Inbox, http: aiohttp.ClientSession
) -> None:
    await send(http, "msg_1", "charge_failed")
    with pytest.raises(TimeoutError, match=r"no payment_succeeded .*charge_failed"):
        await csms.wait_for("payment_succeeded", timeout_s=0.05)


@asynccontextmanager
async def command() -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the command on any free port; it never outlives the test."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.csms", "--port", "0", "--secret", SECRET),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_command_shows_each_callback_in_a_line() -> None:
    async with command() as process:
        assert process.stdout
        url = (await process.stdout.readline()).decode().split()[-1]
        async with aiohttp.ClientSession(URL(url).origin()) as http:
            assert await send(http) == 204
        line = (await process.stdout.readline()).decode()
        assert line == "payment_succeeded session_id=s1 sequence=1 amount=1250 → 204\n"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
