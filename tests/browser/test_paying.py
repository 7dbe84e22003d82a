"""A driver in a real browser: from the QR code's page over the checkout to the receipt."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world
from tests.setup_browser import find

PHONE = {"width": 390, "height": 844}
CARD = "4242 4242 4242 4242"
DECLINES_WHEN_CHARGED = "4000 0000 0000 0341"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=find(), args=FLAGS)
        yield chromium
        await chromium.close()


async def pay(page: Page, w: World, plan: str, card: str = CARD) -> None:
    """Scan, choose and pay by card on the simulated Checkout."""
    await page.goto(f"{w.url}/s/CP1/1")
    await page.get_by_text(plan).click()
    await page.get_by_role("button", name=re.compile("paiement|payer", re.IGNORECASE)).click()
    await page.wait_for_url(re.compile("/c/pay/"))
    await fill_in(page, card)


async def fill_in(page: Page, card: str = CARD) -> None:
    """Pay on the simulated Checkout, and come back."""
    await page.fill("[name=email]", "conducteur@example.com")
    await page.fill("[name=card]", card)
    await page.fill("[name=expiry]", "12/34")
    await page.fill("[name=cvc]", "123")
    await page.locator("form button").first.click()
    await page.wait_for_url(re.compile(r"/c/[\w-]+$"))


async def charge(page: Page, cp: ChargePoint) -> None:
    """Plug in, watch the figures move without touching anything, and stop, twice asked."""
    await cp.plug(1)
    await expect(page.get_by_text("Charge en cours")).to_be_visible(timeout=15_000)
    await cp.wait_for_energy(1, 1000)
    await expect(page.get_by_text(re.compile(r"[1-9],\d+\skWh"))).to_be_visible(timeout=15_000)
    await page.locator(".stop > summary").click()
    await page.locator(".stop button").click()


@pytest.mark.parametrize("scripted", [True, False], ids=["with-javascript", "without-javascript"])
async def test_a_driver_pays_what_the_meter_says(
    tmp_path: Path, browser: Browser, *, scripted: bool
) -> None:
    """On a phone, in French, with and without JavaScript."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR", java_script_enabled=scripted)
        broken: list[str] = []
        page.on("console", lambda m: broken.append(m.text) if _ours(m, w) else None)
        await pay(page, w, "Paiement selon la charge réelle")
        await charge(page, cp)
        await expect(page.get_by_text("Merci")).to_be_visible(timeout=15_000)
        cost = w.cost(cp.transactions[-1])
        text = await page.inner_text("main")
        assert f"{cost // 100},{cost % 100:02}\N{NO-BREAK SPACE}€" in text
        assert str(cp.transactions[-1].transaction_id) in text
        assert broken == []


@pytest.mark.parametrize("scripted", [True, False], ids=["with-javascript", "without-javascript"])
async def test_a_driver_whose_card_was_declined_pays_with_another(
    tmp_path: Path, browser: Browser, *, scripted: bool
) -> None:
    """The page says why and how much; one button, one payment, and the receipt."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR", java_script_enabled=scripted)
        broken: list[str] = []
        page.on("console", lambda m: broken.append(m.text) if _ours(m, w) else None)
        await pay(page, w, "Paiement selon la charge réelle", DECLINES_WHEN_CHARGED)
        await charge(page, cp)
        await expect(page.get_by_text("refusé le paiement")).to_be_visible(timeout=15_000)
        cost = w.cost(cp.transactions[-1])
        owed = f"{cost // 100},{cost % 100:02}\N{NO-BREAK SPACE}€"
        assert owed in await page.inner_text("main")
        await page.get_by_role("button", name="Payer maintenant").click()
        await page.wait_for_url(re.compile("/c/pay/"))
        await fill_in(page)
        await expect(page.get_by_text("Merci")).to_be_visible(timeout=15_000)
        assert owed in await page.inner_text("main")
        assert sum(line["charged_minor"] for line in await w.stripe("GET", "/_sim/ledger")) == cost
        assert broken == []


def _ours(message: ConsoleMessage, w: World) -> bool:
    """Whether a page of the bridge, not the simulated Stripe's, reports an error."""
    return message.type == "error" and message.location["url"].startswith(w.url)
