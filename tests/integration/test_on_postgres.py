"""Whole charges with the bridge on PostgreSQL; everything else is tried on SQLite."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

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
