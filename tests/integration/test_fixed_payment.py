"""Paying an amount now: charging stops when it is used, and what is not used goes back."""

from pathlib import Path

from simulators.charge_point import Car
from tests.integration.world import link, world


async def test_what_was_not_used_is_refunded(tmp_path: Path) -> None:
    """Ten euros paid, a little used: the rest goes back to the card at once."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        back = await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1000)
        assert (await w.card(opened["session_id"]))["charged"] == 1000
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        cost = w.cost(transaction)
        assert (session["status"], session["amount"]) == ("settled", cost)
        card = await w.card(opened["session_id"])
        assert card == {"charged": 1000, "refunded": 1000 - cost, "released": 0, "held": 0}
        assert f"{cost // 100},{cost % 100:02}" in await w.page(link(back))
        told = await w.told(opened["session_id"], "cdr_created")
        assert told[-3:] == ["charging_stopped", "payment_succeeded", "cdr_created"]


async def test_charging_stops_before_the_amount_is_exceeded(tmp_path: Path) -> None:
    """The stop is asked for so early that it arrives in time, and not much earlier."""
    async with (
        world(tmp_path, fixed_least_minor="200", stop_lead_s="120") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=200)
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_stop()
        assert transaction.reason == "Remote"
        cost = w.cost(transaction)
        assert 150 < cost <= 200
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", cost)


async def test_what_is_overshot_is_never_billed(tmp_path: Path) -> None:
    """A charge point that goes on for longer than the lead allows for costs its operator."""
    async with (
        world(tmp_path, fixed_least_minor="80", stop_lead_s="0") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=80)
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_stop()
        assert transaction.reason == "Remote"
        assert w.cost(transaction) >= 80
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", 80)
        card = await w.card(opened["session_id"])
        assert card == {"charged": 80, "refunded": 0, "released": 0, "held": 0}


async def test_a_few_cents_are_kept_exactly_by_refunding_the_rest(tmp_path: Path) -> None:
    """A prepayment can keep less than the least amount a card can be charged."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1)
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        cost = w.cost(transaction)
        assert 0 < cost < 50
        assert (session["status"], session["amount"]) == ("settled", cost)
        assert (await w.card(opened["session_id"]))["refunded"] == 1000 - cost


async def test_without_energy_everything_is_refunded(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await cp.plug(1, Car(capacity_wh=50_000, arrival_soc_percent=100))
        await cp.wait_for_start()
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["energy_wh"]) == ("released", 0)
        assert (await w.card(opened["session_id"]))["refunded"] == 1000
        assert "payment_released" in await w.told(opened["session_id"], "payment_released")
