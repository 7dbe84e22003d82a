"""What told who the driver was goes when its term is over; the figures stay."""

import sqlite3
from pathlib import Path

import pytest

from tests.integration.world import world

EMAIL = "driver@example.org"
PLANS = {"fixed": {"amount": 1000}, "estimated": {"energy_kwh": 10}, "dynamic": {}}


def traces(database: Path) -> list[str]:
    """Return every table that still holds the driver's address, in whatever column."""
    connection = sqlite3.connect(database)
    names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    return [
        name
        for name in names
        if any(EMAIL in str(row) for row in connection.execute(f'SELECT * FROM "{name}"'))
    ]


@pytest.mark.parametrize("plan", PLANS)
async def test_the_guest_customer_then_the_personal_data_are_forgotten(
    tmp_path: Path, plan: str
) -> None:
    """A receipt's figures, the movements and the history remain; the address is nowhere."""
    async with (
        world(tmp_path, customer_kept_s="20", personal_data_kept_s="200") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open(plan, client_id="customer-7", **PLANS[plan])
        customer = (await w.checkout(opened))["customer"]
        await w.page(await w.pay(opened, email=EMAIL))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await cp.unplug(1)
        before = await w.until(opened["session_id"], "settled")
        assert "sessions" in traces(tmp_path / "bridge.db")

        async def forgotten() -> bool:
            return bool((await w.stripe_api("GET", f"customers/{customer}")).get("deleted"))

        await w.eventually(forgotten)

        async def nowhere() -> bool:
            return traces(tmp_path / "bridge.db") == []

        await w.eventually(nowhere)
        after = await w.session(opened["session_id"])
        assert (after["amount"], after["movements"]) == (before["amount"], before["movements"])
        assert after["client_id"] is None
        assert await w.reconcile() == []
