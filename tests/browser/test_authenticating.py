"""A driver whose bank wants them, in a real browser: the debt is confirmed on our page, once."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, FrameLocator, expect

from irve_bridge.domain.session import PlanName
from irve_bridge.web.wording import DECLINED
from tests.browser.phone import (
    ASKS_EACH_TIME,
    CHECKOUT,
    PATIENCE_MS,
    SESSION,
    Phone,
    Place,
    charge,
    phone,
    place,
)
from tests.integration.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
KEY = {"stripe_public_key": "pk_test_world"}
CONFIRM, OTHER = "Confirm with my bank", "Pay with another card"


async def in_debt(there: Place, driver: Phone | None = None) -> None:
    """Charge with a card whose bank wants its holder: the cost is due."""
    driver = driver or there.phone
    await driver.scan()
    await driver.order(PlanName.DYNAMIC)
    await driver.type_card(ASKS_EACH_TIME)
    await driver.answer_bank("approve")
    await driver.page.wait_for_url(SESSION)
    await charge(driver, there.cp)
    await there.cp.unplug(1)
    if driver.scripted:
        await driver.sees(DECLINED["authentication_required"])
    else:
        await there.w.until((await driver.session())["session_id"], "due")
        await driver.reload()


async def asked(driver: Phone) -> FrameLocator:
    """Tap once; returns the bank's page, which stands above ours."""
    await driver.button(CONFIRM).click()
    return driver.page.frame_locator("iframe")


async def taken(w: World) -> list[int]:
    """Return what each payment took and kept, those that took nothing left out."""
    lines = await w.stripe("GET", "/_sim/ledger")
    return [x["charged_minor"] - x["refunded_minor"] for x in lines if x["charged_minor"]]


async def test_one_tap_and_the_bank_s_question_pay_what_is_due(
    tmp_path: Path, browser: Browser
) -> None:
    """With the card that is kept; nothing is typed, and no other page is opened."""
    async with place(tmp_path, browser, **KEY) as there:
        driver = there.phone
        await in_debt(there)
        await expect(driver.button(OTHER)).to_be_visible()
        bank = await asked(driver)
        await bank.get_by_role("button", name="Autoriser").click()
        cost = await driver.ended(there.cp)
        assert await taken(there.w) == [cost]


async def test_who_does_not_convince_the_bank_pays_with_another_card(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser, **KEY) as there:
        driver = there.phone
        await in_debt(there)
        bank = await asked(driver)
        await bank.get_by_role("button", name="Refuser").click()
        await driver.sees(DECLINED["payment_intent_authentication_failure"])
        await expect(driver.button(CONFIRM)).to_be_visible()
        await driver.button(OTHER).click()
        await driver.page.wait_for_url(CHECKOUT)
        await driver.type_card()
        cost = await driver.ended(there.cp)
        assert await taken(there.w) == [cost]


async def test_what_is_confirmed_in_one_tab_while_another_has_a_checkout_is_paid_once(
    tmp_path: Path, browser: Browser
) -> None:
    """The bank's yes comes too late for a payment that gave way, and the checkout's is kept."""
    async with place(tmp_path, browser, **KEY) as there:
        driver, w = there.phone, there.w
        other = Phone(w, await driver.page.context.new_page(), driver.words)
        await in_debt(there)
        await other.page.goto(driver.page.url)
        bank = await asked(driver)
        await expect(bank.get_by_role("button", name="Autoriser")).to_be_visible()
        await other.button(OTHER).click()
        await other.page.wait_for_url(CHECKOUT)
        await expect(driver.button("Pay now")).to_be_visible(timeout=PATIENCE_MS)
        await expect(driver.button(CONFIRM)).to_have_count(0)
        await other.type_card()
        cost = await other.ended(there.cp)
        assert await driver.ended(there.cp) == cost
        assert await taken(w) == [cost]


@pytest.mark.parametrize("scripted", [True, False], ids=["script-blocked", "without-javascript"])
async def test_without_stripe_s_script_the_checkout_is_the_way(
    tmp_path: Path, browser: Browser, *, scripted: bool
) -> None:
    async with (
        place(tmp_path, browser, **KEY) as there,
        phone(browser, there.w, scripted=scripted) as driver,
    ):
        await driver.page.route("**/stripe.js", lambda route: route.abort())
        await in_debt(there, driver)
        await expect(driver.button(CONFIRM)).to_be_hidden()
        await driver.button("Pay now").click()
        await driver.page.wait_for_url(CHECKOUT)
        await driver.type_card()
        await driver.page.wait_for_url(SESSION)
        await there.w.until((await driver.session())["session_id"], "settled")
        await driver.reload()
        cost = await driver.ended(there.cp)
        assert await taken(there.w) == [cost]


async def test_a_provider_that_does_not_answer_is_told_and_may_be_asked_again(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser, **KEY) as there:
        driver = there.phone
        await in_debt(there)
        busy = {"method": "GET", "path": "/v1/payment_intents/*", "status": 500, "times": 1}
        await there.w.stripe("POST", "/_sim/faults", body=[busy])
        await driver.button(CONFIRM).click()
        await driver.sees(
            "Your bank could not be asked. Nothing was taken; please try again, or pay with"
            " another card."
        )
        bank = await asked(driver)
        await bank.get_by_role("button", name="Autoriser").click()
        cost = await driver.ended(there.cp)
        assert await taken(there.w) == [cost]
