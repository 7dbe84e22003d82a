"""Phones as people use them: old ones, small ones, two at once, impatient fingers."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web.wording import ORDER, REFUSALS, STORIES
from tests.browser.axe import overflow_px
from tests.browser.chromium import NARROW
from tests.browser.phone import CHECKOUT, DECLINED_LATER, SESSION, charge, phone, place

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_without_javascript_a_driver_pays_what_the_meter_says(
    tmp_path: Path, browser: Browser
) -> None:
    """While something moves the page asks for itself anew; here the driver does so first."""
    async with place(tmp_path, browser) as (_, cp, w), phone(browser, w, scripted=False) as plain:
        await plain.pay(PlanName.FIXED)
        await expect(plain.page.locator("meta[http-equiv=refresh]")).to_have_count(1)
        session_id = (await plain.session())["session_id"]
        await charge(plain, cp)
        await plain.page.reload()
        await plain.sees_story(State.CHARGING)
        await plain.stop()
        await w.until(session_id, "settled")
        await plain.page.reload()
        cost = await plain.ended(cp)
        await expect(plain.page.locator("meta[http-equiv=refresh]")).to_have_count(0)
        card = await plain.card()
        assert card["charged"] - card["refunded"] == cost


async def test_without_javascript_no_page_takes_a_question_away(
    tmp_path: Path, browser: Browser
) -> None:
    """Whoever asks to stop has all the time to answer, and comes back who does not."""
    async with place(tmp_path, browser) as (_, cp, w), phone(browser, w, scripted=False) as plain:
        await plain.pay(PlanName.FIXED)
        own = plain.page.url
        await charge(plain, cp)
        await plain.page.reload()
        await plain.page.get_by_role("link", name=plain.words.text("Stop the charge")).click()
        await expect(plain.button("Yes, stop now")).to_be_visible()
        await expect(plain.page.locator("meta[http-equiv=refresh]")).to_have_count(0)
        await plain.page.get_by_role("link", name=plain.words.text("No, go on")).click()
        assert plain.page.url == own
        await plain.stop()
        await plain.ended(cp)


async def test_without_javascript_what_is_due_is_paid(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (_, cp, w), phone(browser, w, scripted=False) as plain:
        await plain.pay(PlanName.DYNAMIC, DECLINED_LATER)
        await charge(plain, cp)
        await cp.unplug(1)
        session_id = (await plain.session())["session_id"]
        await w.until(session_id, "due")
        await plain.page.reload()
        await plain.button("Pay now").click()
        await plain.page.wait_for_url(CHECKOUT)
        await plain.type_card()
        await plain.page.wait_for_url(SESSION)
        await w.until(session_id, "settled")
        await plain.page.reload()
        cost = await plain.ended(cp)
        assert (await plain.card())["charged"] == cost


async def test_on_a_narrow_phone_nothing_scrolls_sideways(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (_, cp, w), phone(browser, w, size=NARROW) as small:
        await small.scan()
        widths = [await overflow_px(small.page)]
        await small.order(PlanName.ESTIMATED)
        await small.type_card()
        await small.page.wait_for_url(SESSION)
        await charge(small, cp)
        widths.append(await overflow_px(small.page))
        await small.stop()
        await small.ended(cp)
        widths.append(await overflow_px(small.page))
        assert widths == [0, 0, 0]


async def test_a_second_phone_that_scans_is_refused_and_the_first_finds_its_charge(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser) as (first, cp, w), phone(browser, w) as second:
        await first.pay(PlanName.DYNAMIC)
        own = first.page.url
        await second.scan()
        await second.sees(REFUSALS["connector_busy"])
        await charge(first, cp)
        await second.scan()
        await second.sees(REFUSALS["connector_busy"])
        await first.scan()
        assert first.page.url == own
        await first.sees_story(State.CHARGING)
        await second.page.goto(own)
        await second.sees_story(State.CHARGING)


async def test_going_back_after_paying_orders_nothing_again(
    tmp_path: Path, browser: Browser
) -> None:
    """Neither the checkout nor the form behind it takes a second payment."""
    async with place(tmp_path, browser) as (driver, cp, w):
        await driver.pay(PlanName.FIXED, amount="1000")
        await driver.page.wait_for_load_state()
        await driver.go_back()
        await expect(driver.page.locator("[name=card]")).to_have_count(0)
        await driver.scan()
        await driver.page.wait_for_url(SESSION)
        await charge(driver, cp)
        await driver.stop()
        cost = await driver.ended(cp)
        ledger = await w.stripe("GET", "/_sim/ledger")
        assert [(x["charged_minor"], x["refunded_minor"]) for x in ledger] == [(1000, 1000 - cost)]


@pytest.mark.parametrize("scripted", [True, False], ids=["with-javascript", "without-javascript"])
async def test_a_double_tap_orders_once(
    tmp_path: Path, browser: Browser, *, scripted: bool
) -> None:
    async with (
        place(tmp_path, browser) as (_, __, w),
        phone(browser, w, scripted=scripted) as hasty,
    ):
        await hasty.scan()
        await hasty.button(ORDER).dblclick(no_wait_after=True)
        await hasty.page.wait_for_url(CHECKOUT)
        assert len((await w.api("GET", "/api/sessions"))[1]["sessions"]) == 1
        assert len((await w.stripe_api("GET", "checkout/sessions"))["data"]) == 1


async def test_every_page_may_be_reloaded(tmp_path: Path, browser: Browser) -> None:
    """Each shows the same again, and nothing is ordered, stopped or paid twice."""
    async with place(tmp_path, browser) as (driver, cp, w):
        await driver.scan()
        await driver.reload()
        await driver.order(PlanName.FIXED, amount="1000")
        await driver.reload()
        await driver.type_card()
        await driver.page.wait_for_url(SESSION)
        await driver.reload()
        await charge(driver, cp)
        await driver.reload()
        await driver.sees_story(State.CHARGING)
        await driver.stop()
        await driver.page.wait_for_url(SESSION)
        await driver.reload()
        cost = await driver.ended(cp)
        await driver.reload()
        await driver.sees(STORIES[State.SETTLED].headline)
        paper = driver.page.get_by_role("link", name=driver.words.text("Receipt to print or keep"))
        await paper.click()
        await driver.page.wait_for_url(re.compile("/receipt$"))
        await driver.reload()
        assert driver.money(cost) in await driver.text()
        ledger = await w.stripe("GET", "/_sim/ledger")
        assert [(x["charged_minor"], x["refunded_minor"]) for x in ledger] == [(1000, 1000 - cost)]
        assert len((await w.api("GET", "/api/sessions"))[1]["sessions"]) == 1
