"""Backup while the bridge runs, restore, and what Stripe did in between."""

from pathlib import Path

import pytest

from tests.integration.world import World, world


async def put_back(w: World, file: Path) -> None:
    """What docs/operating.md says: stop the bridge, put the copy back, and start it again."""
    await w.end_process()
    status, said = await w.command("restore", str(file), errors=True)
    assert status == 0, said
    await w.start_process()


@pytest.mark.parametrize("plan", ["dynamic", "estimated", "fixed"])
async def test_after_a_restore_every_session_agrees_with_stripe(tmp_path: Path, plan: str) -> None:
    """The copy knows a charge that runs; by then it has ended and was paid, which it cannot know.

    Nobody pays twice, and nobody pays more than the books say.
    """
    choice = {"estimated": {"energy_kwh": 10}, "fixed": {"amount": 1000}}.get(plan, {})
    backup = tmp_path / "backup.db"
    async with (
        world(tmp_path, process=True, idle_end_s="60", heartbeat_interval_s="10") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open(plan, **choice)
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_until(lambda: len(cp.transactions) > 0)
        await cp.wait_for_energy(1, 1000)
        status, said = await w.command("backup", str(backup), errors=True)
        assert status == 0, said
        await cp.unplug(1)
        before = await w.final(opened["session_id"])
        assert before["status"] == "settled"
        await put_back(w, backup)
        await cp.wait_until_online()
        after = await w.final(opened["session_id"])
        found = await w.reconcile()
        card = await w.card(opened["session_id"])
        story = f"{before} {after} {card} {found}"
        assert after["status"] == "settled", story
        assert card["charged"] - card["refunded"] == after["amount"] <= before["amount"], story
        assert card["held"] == 0, story
        assert [each for each in await w.reconcile() if not each.repaired] == [], story
