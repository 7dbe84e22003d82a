"""Each way to pay, from the code on the connector to the receipt."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from irve_bridge.domain.session import PlanName, State
from tests.browser.phone import SESSION, charge, place

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_actual_charge_is_paid_once_at_its_end(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.DYNAMIC)
        await charge(phone, cp)
        await phone.stop()
        cost = await phone.ended(cp)
        assert await phone.card() == {"charged": cost, "refunded": 0, "released": 0, "held": 0}


async def test_what_is_left_of_a_fixed_amount_comes_back(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.FIXED, amount="2000")
        await charge(phone, cp)
        await phone.stop()
        cost = await phone.ended(cp)
        text = await phone.text()
        assert phone.money(2000) in text
        assert phone.money(2000 - cost) in text
        card = await phone.card()
        assert (card["charged"], card["refunded"]) == (2000, 2000 - cost)


async def test_of_an_estimate_only_the_cost_is_taken(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.ESTIMATED, estimate="energy_kwh:20")
        held = (await phone.session())["secured_amount"]
        await charge(phone, cp)
        assert phone.money(held) in await phone.text()
        await phone.stop()
        cost = await phone.ended(cp)
        text = await phone.text()
        assert phone.money(held) in text
        assert phone.money(held - cost) in text
        assert await phone.card() == {
            "charged": cost,
            "refunded": 0,
            "released": held - cost,
            "held": 0,
        }


async def test_an_amount_may_be_typed(tmp_path: Path, browser: Browser) -> None:
    """What is typed replaces what was picked, and the charge stops when it is used."""
    async with place(tmp_path, browser, fixed_least_minor="50") as (phone, cp, w):
        await phone.scan()
        await phone.page.locator("label", has_text=phone.words.text("Fixed amount")).click()
        await phone.page.locator("[name=amount_typed]").fill("0,85")
        await phone.order(PlanName.FIXED)
        await phone.type_card()
        await phone.page.wait_for_url(SESSION)
        await cp.plug(1)
        transaction = await cp.wait_for_stop()
        assert transaction.reason == "Remote"
        await phone.sees_story(State.SETTLED)
        card, amount = await phone.card(), (await phone.session())["amount"]
        assert amount == min(85, w.cost(transaction))
        assert (card["charged"], card["refunded"]) == (85, 85 - amount)
        assert phone.money(amount) in await phone.text()
