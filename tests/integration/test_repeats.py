"""Facts that come twice, late or in another order change nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.world import World, link, world

PLANS: list[dict[str, Any]] = [
    {"plan": "fixed", "amount": 1000},
    {"plan": "estimated", "energy_kwh": 10},
    {"plan": "dynamic"},
]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["plan"])
async def test_webhooks_twice_late_and_reversed_change_nothing(
    tmp_path: Path, plan: dict[str, Any]
) -> None:
    """Held back until all is over, then delivered three times in reverse: one settlement."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open(**plan)
        back = await w.pay(opened)
        await w.page(back)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1000)
        await w.stop(back)
        session = await w.final(opened["session_id"])
        before = await w.card(opened["session_id"])
        assert before["charged"] - before["refunded"] == w.cost(transaction)

        await w.stripe("POST", "/_sim/webhooks/release", order="reverse", copies=3)
        await w.stripe("POST", "/_sim/webhooks", mode="deliver")
        await _heard(w)
        assert await w.card(opened["session_id"]) == before
        assert await w.session(opened["session_id"]) == session


async def test_the_return_page_proves_the_payment_when_the_webhook_is_late(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        assert (await w.session(opened["session_id"]))["status"] == "open"
        await w.page(back)
        await w.until(opened["session_id"], "secured", "charging")


async def test_a_webhook_alone_proves_the_payment(tmp_path: Path) -> None:
    """The driver closed the browser after paying: the charge starts all the same."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await cp.plug(1)
        await w.until(opened["session_id"], "charging")


async def test_a_repeated_start_is_the_same_transaction(tmp_path: Path) -> None:
    """Under another message id and after a lost answer, a charge point starts once."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        cp.misbehaviour.duplicate_start = True
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1000)
        assert len(cp.transactions) == 1
        await w.stop(back)
        session = await w.final(opened["session_id"])
        assert session["status"] == "settled"
        assert session["transaction_id"] == str(transaction.transaction_id)
        assert (await w.card(opened["session_id"]))["charged"] == w.cost(transaction)


async def test_what_an_offline_charge_point_measured_is_billed_when_it_returns(
    tmp_path: Path,
) -> None:
    """Start, readings and stop queue while offline; the bill is the meter's, late."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 300)
        await cp.go_offline()
        await cp.wait_for_energy(1, 1000)
        await cp.unplug(1)
        await cp.go_online()
        await cp.wait_until_delivered()
        session = await w.final(opened["session_id"])
        transaction = cp.transactions[-1]
        assert session["energy_wh"] == transaction.energy_wh >= 1000
        assert (await w.card(opened["session_id"]))["charged"] == w.cost(transaction)


async def test_asking_twice_to_stop_is_asking_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 1000)
        for _ in range(3):
            await w.stop(back)
        await w.final(opened["session_id"])
        told = await w.told(opened["session_id"], "payment_succeeded")
        assert told.count("stop_requested") == told.count("payment_succeeded") == 1
        assert "merci" in (await w.page(link(back))).lower()


async def _heard(w: World) -> None:
    """Return once every webhook was delivered."""

    async def delivered() -> bool:
        url = f"{w.stripe_url}/v1/events?limit=100"
        key = w.environment["STRIPE_SECRET_KEY"]
        async with w.http.get(url, headers={"authorization": f"Bearer {key}"}) as response:
            events = (await response.json())["data"]
            return all(event["pending_webhooks"] == 0 for event in events)

    await w.eventually(delivered)
