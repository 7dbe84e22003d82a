"""Paying by estimate: a hold, of which the actual cost is captured and the rest let go."""

from pathlib import Path

from tests.integration.world import link, world


async def test_the_cost_is_captured_and_the_rest_let_go(tmp_path: Path) -> None:
    """Ten kilowatt-hours held, one used: the hold's remainder is free again."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=10)
        back = await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1000)
        session = await w.session(opened["session_id"])
        held = session["secured_amount"]
        assert (await w.card(opened["session_id"])) == {
            "charged": 0,
            "refunded": 0,
            "released": 0,
            "held": held,
        }
        await w.stop(back)
        session = await w.final(opened["session_id"])
        cost = w.cost(transaction)
        assert (session["status"], session["amount"]) == ("settled", cost)
        card = await w.card(opened["session_id"])
        assert card == {"charged": cost, "refunded": 0, "released": held - cost, "held": 0}
        assert f"{cost // 100},{cost % 100:02}" in await w.page(link(back))


async def test_an_estimate_by_minutes_holds_what_full_power_would_cost(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("estimated", minutes=30)
        session = await w.session(opened["session_id"])
        # 11 kWh at 0.325 + half an hour at 0.50 + 0.25 flat, with 20 % VAT.
        assert session["agreed_amount"] == round((11 * 32.5 + 25 + 25) * 1.2)


async def test_charging_stops_at_the_hold(tmp_path: Path) -> None:
    """More than the hold is never captured, whatever the charge point overshoots."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=1)
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_stop()
        assert transaction.reason == "Remote"
        session = await w.final(opened["session_id"])
        assert session["status"] == "settled"
        expected = min(w.cost(transaction), session["secured_amount"])
        card = await w.card(opened["session_id"])
        assert (card["charged"], card["held"]) == (expected, 0)
