"""Prices and costs on the charge point's own display."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from irve_bridge.domain.charge_point import CodeDisplay
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


CODES = {
    "vendor_id": "com.example.display",
    "message_id": "ShowQrCode",
    "data": '{"connector": {connector}, "evse": "{evse_id}", "url": "{url}"}',
}


async def test_a_display_shows_a_code_that_changes_and_leads_to_its_connector(
    tmp_path: Path,
) -> None:
    """At each connector that is free; the code of a while ago is refused."""
    async with (
        world(tmp_path, qr_secret="a-secret-of-the-operator", qr_signatures="required") as w,
        w.charge_point() as cp,
    ):
        await give_display(w, cp)
        await cp.wait_until(lambda: len(codes(cp, 1)) > 1 and codes(cp, 2))
        newest = codes(cp, 1)[-1]
        assert newest["evse"] == "FR*EXA*E0001*1"
        assert "<form" in await w.page(newest["url"])
        first = codes(cp, 1)[0]["url"]
        await cp.wait_until(lambda: len(codes(cp, 1)) > 4)
        assert "<form" not in await w.page(first)


async def test_no_code_is_shown_where_somebody_pays_or_charges(tmp_path: Path) -> None:
    async with (
        world(tmp_path, qr_secret="a-secret-of-the-operator") as w,
        w.charge_point() as cp,
    ):
        await give_display(w, cp)
        await cp.wait_until(lambda: codes(cp, 1))
        await w.pay(await w.open("dynamic"))
        before = len(codes(cp, 1)), len(codes(cp, 2))
        await cp.wait_until(lambda: len(codes(cp, 2)) > before[1] + 2)
        assert len(codes(cp, 1)) <= before[0] + 1


def codes(cp: ChargePoint, connector: int) -> list[dict[str, Any]]:
    return [each for each in cp.display.told("ShowQrCode") if each["connector"] == connector]


async def give_display(w: World, cp: ChargePoint) -> None:
    """Have the operator's file say how the display is told."""
    await cp.wait_until_online()
    assert w.bridge
    storage = w.bridge.storage
    point = await storage.read(lambda tx: tx.stations.charge_point(cp.id))
    assert point
    shown = replace(point, display=CodeDisplay(**CODES))
    await storage.transact(lambda tx: tx.stations.put(shown))
