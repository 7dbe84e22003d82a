"""A database that takes nothing for a while, as one on a full disk: nothing is lost by that."""

import sqlite3
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.integration.world import World, world


async def is_let_in(w: World) -> bool:
    """Return whether a charge point is; False where it is told to come again later."""
    address = f"ws://127.0.0.1:{w.environment['OCPP_PORT']}/ocpp/CP2"
    try:
        async with connect(address, subprotocols=["ocpp1.6"]):
            return True
    except InvalidStatus as refused:
        return refused.response.status_code != HTTPStatus.SERVICE_UNAVAILABLE


async def test_meanwhile_charge_points_are_offline_and_keep_what_they_have_to_tell(
    tmp_path: Path,
) -> None:
    """A charge point that is online throws away what was refused a few times."""
    async with world(tmp_path, process=True, node_lease_s="1") as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 300)
        database = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")

        async def shut() -> bool:
            return not await is_let_in(w)

        await w.eventually(shut)
        transaction = await cp.wait_for_energy(1, 500)
        await cp.unplug(1)
        database.close()
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
