"""A whole charge in each language that a phone may ask for."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from irve_bridge.domain.session import PlanName
from irve_bridge.i18n import DEFAULT, REGIONS, language
from tests.browser.phone import charge, place

pytestmark = pytest.mark.asyncio(loop_scope="session")
PLANS = dict(zip(REGIONS, (*PlanName, *PlanName), strict=True))


@pytest.mark.parametrize("code", [code for code in REGIONS if code != DEFAULT])
async def test_a_driver_is_spoken_to_in_their_language(
    tmp_path: Path, browser: Browser, code: str
) -> None:
    """Amounts, energies and words are as its speakers write them, up to the receipt to print."""
    async with place(tmp_path, browser, code) as (phone, cp, _):
        await phone.pay(PLANS[code])
        await charge(phone, cp)
        assert await phone.page.get_attribute("html", "lang") == code
        await phone.stop()
        cost = await phone.ended(cp)
        card = await phone.card()
        assert card["charged"] - card["refunded"] == cost
        paper = phone.page.get_by_role("link", name=phone.words.text("Receipt to print or keep"))
        await paper.click()
        await phone.page.wait_for_url(re.compile("/receipt$"))
        assert phone.money(cost) in await phone.text()


async def test_a_language_that_is_picked_stays(tmp_path: Path, browser: Browser) -> None:
    """The switch on the page, without a word of French, and it holds on the pages after."""
    async with place(tmp_path, browser) as (phone, _, __):
        await phone.scan()
        await phone.page.locator("nav details > summary").click()
        await phone.page.get_by_role("link", name=language("nl").name, exact=True).click()
        await expect(phone.page.locator("html")).to_have_attribute("lang", "nl")
        await phone.scan(2)
        await expect(phone.page.locator("html")).to_have_attribute("lang", "nl")
        text = language("nl").text("How would you like to pay?")
        await expect(phone.page.get_by_text(text)).to_be_visible()
