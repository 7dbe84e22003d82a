"""What the driver decides about money while charging and after: a larger hold, another card."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web.wording import DECLINED, REFUSALS, STORIES
from tests.browser.phone import CHECKOUT, DECLINED_LATER, SESSION, charge, place

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_hold_is_made_larger_while_charging(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, cp, w):
        await w.stripe("POST", "/_sim/features", incremental=True)
        await phone.pay(PlanName.ESTIMATED, estimate="energy_kwh:40")
        held = (await phone.session())["secured_amount"]
        await charge(phone, cp)
        await phone.page.locator("label", has_text=phone.money(held + 1000)).click()
        await phone.button("Have this much held in all").click()
        await phone.sees(phone.money(held + 1000))
        assert (await phone.session())["secured_amount"] == held + 1000
        await phone.stop()
        cost = await phone.ended(cp)
        card = await phone.card()
        assert (card["charged"], card["released"]) == (cost, held + 1000 - cost)


async def test_a_larger_hold_that_the_bank_refuses_leaves_the_charge_alone(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser) as (phone, cp, w):
        await w.stripe("POST", "/_sim/features", incremental=True, increments_declined=True)
        await phone.pay(PlanName.ESTIMATED, estimate="energy_kwh:40")
        held = (await phone.session())["secured_amount"]
        await charge(phone, cp)
        await phone.button("Have this much held in all").click()
        await phone.sees(REFUSALS["not_extended"], STORIES[State.CHARGING].headline)
        assert (await phone.session())["secured_amount"] == held


async def test_what_a_card_did_not_pay_is_paid_with_another(
    tmp_path: Path, browser: Browser
) -> None:
    """The page says why and how much; one button, one payment, and the receipt."""
    async with place(tmp_path, browser) as (phone, cp, w):
        await phone.pay(PlanName.DYNAMIC, DECLINED_LATER)
        await charge(phone, cp)
        await phone.stop()
        await phone.sees(STORIES[State.DUE].headline, DECLINED[""])
        cost = w.cost(cp.transactions[-1])
        assert phone.money(cost) in await phone.text()
        assert (await phone.card())["charged"] == 0
        await phone.button("Pay now").click()
        await phone.page.wait_for_url(CHECKOUT)
        await phone.type_card()
        await phone.page.wait_for_url(SESSION)
        assert await phone.ended(cp) == cost
        assert (await phone.card())["charged"] == cost


async def test_who_owes_for_one_charge_settles_it_before_the_next(
    tmp_path: Path, browser: Browser
) -> None:
    """The page of the second order leads to the first one's, which is paid there."""
    async with place(tmp_path, browser) as (phone, cp, w):
        await phone.pay(PlanName.DYNAMIC, DECLINED_LATER)
        await charge(phone, cp)
        await phone.stop()
        await phone.sees(STORIES[State.DUE].headline)
        cost = w.cost(cp.transactions[-1])
        await phone.pay(PlanName.DYNAMIC, DECLINED_LATER, number=2)
        await phone.sees(STORIES["in_debt"].headline)
        assert phone.money(cost) in await phone.text()
        way = phone.page.get_by_role("link", name=phone.words.text("Settle the earlier charge"))
        await way.click()
        await phone.button("Pay now").click()
        await phone.page.wait_for_url(CHECKOUT)
        await phone.type_card()
        await phone.ended(cp)
