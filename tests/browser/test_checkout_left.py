"""Whoever leaves the checkout pays nothing, and can begin again."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web.wording import ENDINGS, ORDER, STORIES
from tests.browser.phone import CHECKOUT, SESSION, place

pytestmark = pytest.mark.asyncio(loop_scope="session")
HALF_AN_HOUR = "1860"


async def test_the_driver_cancels_at_the_checkout(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, _, w):
        await phone.scan()
        await phone.order(PlanName.FIXED, amount="1000")
        checkout = phone.page.url
        await phone.page.locator("a.cancel").click()
        await phone.page.wait_for_url(SESSION)
        await phone.sees(STORIES[State.ABANDONED].headline, ENDINGS["given_up"])
        assert await w.stripe("GET", "/_sim/ledger") == []
        await phone.page.goto(checkout)
        await expect(phone.page.locator("[name=card]")).to_have_count(0)
        await phone.scan()
        await expect(phone.button(ORDER)).to_be_visible()


async def test_the_driver_cancels_on_our_page(tmp_path: Path, browser: Browser) -> None:
    """Back from the checkout without having paid: the page leads there again, or cancels."""
    async with place(tmp_path, browser) as (phone, _, __):
        await phone.scan()
        await phone.order(PlanName.DYNAMIC)
        await phone.scan()
        await phone.page.wait_for_url(SESSION)
        await phone.sees_story(State.OPEN)
        way_back = phone.page.get_by_role("link", name=phone.words.text("Continue to the payment"))
        await way_back.click()
        await phone.page.wait_for_url(CHECKOUT)
        await phone.scan()
        await phone.button("Cancel").click()
        await phone.sees(STORIES[State.ABANDONED].headline, ENDINGS["given_up"])


@pytest.mark.parametrize("plan", [PlanName.FIXED, PlanName.DYNAMIC])
async def test_the_checkout_expires(tmp_path: Path, browser: Browser, plan: PlanName) -> None:
    """In half an hour, which takes a second here."""
    async with place(tmp_path, browser, speed=1500, checkout_lasts_s=HALF_AN_HOUR) as there:
        phone, w = there.phone, there.w
        await phone.scan()
        await phone.order(plan)
        await w.until((await phone.session())["session_id"], "abandoned")
        await phone.page.reload()
        await expect(phone.page.locator("[name=card]")).to_have_count(0)
        await phone.page.locator("a.cancel").click()
        await phone.page.wait_for_url(SESSION)
        await phone.sees(STORIES[State.ABANDONED].headline, ENDINGS["checkout_expired"])
        await phone.page.get_by_role("link", name=phone.words.text("Try again")).click()
        await expect(phone.button(ORDER)).to_be_visible()
