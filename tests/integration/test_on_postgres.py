"""Whole charges with the bridge on PostgreSQL; everything else is tried on SQLite."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from simulators.csms.app import CALLBACK_PATH
from tests import postgres
from tests.integration.world import world

PLANS: dict[str, dict[str, Any]] = {
    "fixed": {"amount": 1000},
    "estimated": {"energy_kwh": 10},
    "dynamic": {},
}


@pytest.mark.parametrize("plan", PLANS)
async def test_the_driver_pays_what_the_meter_says(
    tmp_path: Path, postgres_url: str, plan: str
) -> None:
    async with (
        world(tmp_path, process=True, database_url=postgres_url) as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open(plan, **PLANS[plan])
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 500)
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        card = await w.card(opened["session_id"])
        assert card["charged"] - card["refunded"] == w.cost(transaction)
        assert (await w.told(opened["session_id"], "cdr_created"))[-1] == "cdr_created"


async def test_a_bridge_that_is_killed_finds_its_charge_again(
    tmp_path: Path, postgres_url: str
) -> None:
    async with (
        world(tmp_path, process=True, database_url=postgres_url) as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 200)
        await w.kill()
        transaction = await cp.wait_for_energy(1, 500)
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))


async def test_a_charge_outlives_every_connection_to_the_database(
    tmp_path: Path, postgres_url: str
) -> None:
    """As when the server is restarted, again and again: what failed is asked or told anew."""
    async with world(tmp_path, process=True, database_url=postgres_url) as w:
        with psycopg.connect(postgres_url, autocommit=True) as server:

            async def cutting() -> None:
                while True:
                    await asyncio.to_thread(postgres.disconnect, server)
                    await asyncio.sleep(0.3)

            async with w.charge_point() as cp:
                await cp.wait_until_online()
                opened = await w.open("fixed", amount=1000)
                await w.pay(opened)
                cut = asyncio.create_task(cutting())
                await cp.plug(1)
                transaction = await cp.wait_for_energy(1, 500)
                await cp.unplug(1)
                session = await w.final(opened["session_id"])
                cut.cancel()
            assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
            card = await w.card(opened["session_id"])
            assert card["charged"] - card["refunded"] == w.cost(transaction)


async def test_what_a_call_came_to_is_kept_while_the_database_is_away(
    tmp_path: Path, postgres_url: str, postgres_server: str
) -> None:
    """A callback that was taken is not sent again, and the next one does not wait for its lease."""
    name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]
    away: list[asyncio.Task[None]] = []

    with (
        psycopg.connect(postgres_url, autocommit=True) as server,
        psycopg.connect(postgres_server, autocommit=True) as outside,
    ):

        def allow(*, connections: bool) -> None:
            statement = f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {connections}'
            outside.execute(statement.encode())

        async def come_back() -> None:
            await asyncio.sleep(1.5)
            allow(connections=True)

        async def go_away(method: str, path: str) -> None:
            if path == CALLBACK_PATH and not away:
                allow(connections=False)
                postgres.disconnect(server)
                away.append(asyncio.create_task(come_back()))

        async with (
            world(tmp_path, process=True, database_url=postgres_url) as w,
            w.charge_point() as cp,
        ):
            await cp.wait_until_online()
            opened = await w.open("fixed", amount=1000)
            await w.pay(opened)
            await cp.plug(1)
            await cp.wait_for_energy(1, 500)
            w.before_csms = go_away
            await cp.unplug(1)
            told = await w.told(opened["session_id"], "cdr_created")
            assert away
            await away[0]
            assert len(told) == len(set(told))
