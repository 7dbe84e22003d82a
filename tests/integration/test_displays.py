"""Prices and costs on the charge point's own display."""

from pathlib import Path
from typing import Any

from simulators.charge_point import Car, ChargePoint, Transaction
from tests.integration.world import World, world

SHOWS = {"CustomDisplayCostAndPrice": "true"}


async def charged(w: World, cp: ChargePoint, wh: int = 1000) -> tuple[dict[str, Any], Transaction]:
    """Pay, charge and unplug; returns the session in its final state, and the transaction."""
    await known(w, cp)
    opened = await w.open("dynamic")
    await w.pay(opened)
    await cp.plug(1)
    transaction = await cp.wait_for_energy(1, wh)
    await cp.unplug(1)
    return await w.final(opened["session_id"]), transaction


async def known(w: World, cp: ChargePoint) -> None:
    """Return once the bridge has read what the charge point can do."""
    await cp.wait_until_online()

    async def is_read() -> bool:
        assert w.bridge
        return bool(await w.bridge.storage.read(lambda tx: tx.configuration.of(cp.id)))

    await w.eventually(is_read)


async def test_the_display_says_to_the_cent_what_the_card_pays(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point(configuration=SHOWS) as cp:
        session, transaction = await charged(w, cp)
        await cp.wait_until(lambda: cp.display.told("FinalCost"))
        (final,) = cp.display.told("FinalCost")
        card = await w.card(session["session_id"])
        assert round(final["cost"] * 100) == card["charged"] == w.cost(transaction)
        assert final["transactionId"] == transaction.transaction_id
        euros = f"{card['charged'] // 100},{card['charged'] % 100:02}\N{NO-BREAK SPACE}€ TTC"
        assert final["priceText"].endswith(euros)
        assert cp.display.shown[-1].message_id == "FinalCost"


async def test_the_price_is_shown_to_who_has_paid_before_the_charge_starts(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point(configuration=SHOWS) as cp:
        await known(w, cp)
        await w.pay(await w.open("dynamic"))
        await cp.wait_until(lambda: cp.display.told("SetUserPrice"))
        await cp.plug(1)
        transaction = await cp.wait_for_start()
        (price,) = cp.display.told("SetUserPrice")
        assert price["idToken"] == transaction.id_tag
        assert "0,39\N{NO-BREAK SPACE}€/kWh" in price["priceText"]


async def test_the_running_cost_is_told_with_the_prices_to_count_on_by(tmp_path: Path) -> None:
    """With VAT, time per hour (OCA, OCPP & California Pricing)."""
    async with (
        world(tmp_path, display_every_s="20") as w,
        w.charge_point(configuration=SHOWS) as cp,
    ):
        _, transaction = await charged(w, cp, 2000)
        await cp.wait_until(lambda: cp.display.told("FinalCost"))
        told = cp.display.told("RunningCost")
        costs = [each["cost"] for each in told]
        assert len(told) > 2
        assert costs == sorted(costs)
        assert costs[-1] <= cp.display.told("FinalCost")[0]["cost"]
        assert told[0]["chargingPrice"] == {"kWhPrice": 0.39, "hourPrice": 0.6, "flatFee": 0.3}
        assert told[0]["idlePrice"] == {"hourPrice": 3.6}
        assert {each["transactionId"] for each in told} == {transaction.transaction_id}
        registers = [each["meterValue"] for each in told]
        assert registers == sorted(registers)
        assert transaction.begin.register_wh <= registers[0]
        assert registers[-1] <= transaction.meter_wh


async def test_a_car_that_takes_nothing_is_shown_as_idle(tmp_path: Path) -> None:
    async with (
        world(tmp_path, display_every_s="20") as w,
        w.charge_point(configuration=SHOWS) as cp,
    ):
        await known(w, cp)
        await w.pay(await w.open("dynamic"))
        await cp.plug(1, Car(capacity_wh=50_000, arrival_soc_percent=100))
        await cp.wait_until(
            lambda: any(each["state"] == "Idle" for each in cp.display.told("RunningCost"))
        )


async def test_a_display_is_found_and_not_assumed(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session, _ = await charged(w, cp)
        assert session["status"] == "settled"
        assert cp.display.shown == []


async def test_a_display_that_answers_nothing_delays_no_settlement(tmp_path: Path) -> None:
    """What is not shown is lost, and harms nobody."""
    async with world(tmp_path) as w, w.charge_point(configuration=SHOWS) as cp:
        await known(w, cp)
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 500)
        cp.misbehaviour.ignore_calls = True
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        assert cp.display.told("FinalCost") == []


async def test_charges_that_run_go_on_being_shown_after_a_restart(tmp_path: Path) -> None:
    async with (
        world(tmp_path, process=True, display_every_s="20") as w,
        w.charge_point(configuration=SHOWS) as cp,
    ):
        await cp.wait_until_online()
        await cp.wait_until(lambda: cp.configuration.count("TransactionMessageAttempts") == 5)
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 500)
        await w.kill()
        shown = len(cp.display.told("RunningCost"))
        await cp.wait_until(lambda: len(cp.display.told("RunningCost")) > shown)
        await cp.unplug(1)
        await w.final(opened["session_id"])
        await cp.wait_until(lambda: cp.display.told("FinalCost"))
        card = await w.card(opened["session_id"])
        assert round(cp.display.told("FinalCost")[0]["cost"] * 100) == card["charged"]
