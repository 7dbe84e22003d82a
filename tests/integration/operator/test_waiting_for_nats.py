"""A bridge that is started before NATS waits for it, and can be stopped meanwhile."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.nats_server import NatsServer
from tests.ports import free_port

PATIENCE_S = 30
SERVE = """
import asyncio
from pydantic import SecretStr
from irve_bridge.bootstrap import serve
from irve_bridge.settings import load
asyncio.run(serve(load(None).model_copy(update={"nats_url": SecretStr("%s")})))
"""
"""On an embedded database, which the settings refuse with NATS: no other node shares it."""


async def test_it_says_what_it_waits_for_and_stops_when_asked_to(tmp_path: Path) -> None:
    server = NatsServer()
    environment = os.environ | {
        "STRIPE_SECRET_KEY": "sk_test_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        "BASE_URL": "http://127.0.0.1",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'bridge.db'}",
        "WEB_PORT": str(free_port()),
        "OCPP_PORT": str(free_port()),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE % server.url, stdout=PIPE, env=environment
    )
    assert process.stdout
    try:
        async with asyncio.timeout(PATIENCE_S):
            while b"waiting_for_nats" not in await process.stdout.readline():
                assert process.returncode is None
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
