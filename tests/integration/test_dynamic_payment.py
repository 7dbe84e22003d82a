"""Paying by actual use: a card now, the exact cost when the charge is over."""

from pathlib import Path

from simulators.charge_point import Car
from tests.integration.world import link, world


async def test_the_driver_pays_exactly_what_the_meter_says(tmp_path: Path) -> None:
    """From the QR code to the receipt, and the CSMS hears of every step in order."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        assert "République" in await w.page(f"{w.url}/s/CP1/1")
        opened = await w.open("dynamic", client_id="order-7")
        back = await w.pay(opened)
        await w.page(back)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1000)
        await w.stop(back)
        session = await w.final(opened["session_id"])
        await cp.wait_until_delivered()

        cost = w.cost(transaction)
        assert (session["status"], session["amount"]) == ("settled", cost)
        assert session["energy_wh"] == transaction.energy_wh
        card = await w.card(opened["session_id"])
        assert card == {"charged": cost, "refunded": 0, "released": 0, "held": 0}
        assert await w.told(opened["session_id"], "cdr_created") == [
            "session_opened",
            "session_completed",
            "charging_started",
            "stop_requested",
            "charging_stopped",
            "payment_succeeded",
            "cdr_created",
        ]
        paid = w.inbox.received("payment_succeeded")[0].data
        assert (paid["amount"], paid["client_id"]) == (cost, "order-7")
        assert paid["payment_intent_id"].startswith("pi_")
        done = w.inbox.received("session_completed")[0].data
        assert done["setup_intent_id"].startswith("seti_")
        receipt = await w.page(link(back))
        assert f"{cost // 100},{cost % 100:02}" in receipt
        assert str(transaction.as_json()["transaction_id"]) in receipt


async def test_a_card_that_is_declined_later_leaves_the_amount_due(tmp_path: Path) -> None:
    """The driver and the CSMS are told; nothing is taken."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened, card="4000000000000341")
        await cp.plug(1)
        await cp.wait_for_energy(1, 1000)
        await w.stop(back)
        session = await w.until(opened["session_id"], "due")
        assert (await w.card(opened["session_id"]))["charged"] == 0
        await w.told(opened["session_id"], "charge_failed")
        failed = w.inbox.received("charge_failed")[0].data
        assert failed["session_id"] == opened["session_id"]
        assert failed["error"] == session["outcome"] == "generic_decline"
        assert failed["amount"] == session["amount"] > 0


async def test_a_charge_below_the_least_amount_costs_nothing(tmp_path: Path) -> None:
    """Cards cannot be charged a few cents: the driver is not charged at all."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 1)
        await w.stop(back)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["outcome"]) == ("released", "below_least")
        assert (await w.card(opened["session_id"]))["charged"] == 0


async def test_without_energy_nothing_is_billed(tmp_path: Path) -> None:
    """A car that takes nothing costs nothing, flat fee or not; the card is forgotten."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1, Car(capacity_wh=50_000, arrival_soc_percent=100))
        await cp.wait_for_start()
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["energy_wh"]) == ("released", 0)
        assert await w.stripe("GET", "/_sim/ledger") == []


async def test_charging_stops_at_the_operators_ceiling(tmp_path: Path) -> None:
    """Nobody owes more than was agreed to: the bridge stops the charge there."""
    async with (
        world(tmp_path, dynamic_ceiling_minor="80", stop_lead_s="0") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_stop()
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", 80)
        assert transaction.reason == "Remote"
        assert "stop_requested" in await w.told(opened["session_id"], "payment_succeeded")
