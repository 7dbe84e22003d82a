"""In the rain, with one hand and a poor signal: few taps, large targets, pages that come back."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from irve_bridge.domain.session import PlanName
from irve_bridge.i18n import language
from tests.browser.chromium import NARROW, PHONE
from tests.browser.phone import Phone
from tests.integration.test_operators import example, stations_file
from tests.integration.world import World, world

pytestmark = pytest.mark.asyncio(loop_scope="session")
DYNAMIC, FIXED, ESTIMATED = "Paiement selon la charge réelle", "Montant fixe", "Charge estimée"
ORDER = re.compile("Commander avec obligation de paiement")
TARGET_LEAST_PX = 44
TARGETS = "a, button, summary, select, label, input:not([type=radio]):not([type=hidden])"
BOXES = """all => all.filter(e => e.checkVisibility()).map(e => {
    const {width, height} = e.getBoundingClientRect();
    return [e.tagName + " " + e.textContent.trim().slice(0, 40), width, height];
})"""
WATCH_ANNOUNCEMENTS = """() => {
    window.announced = [];
    for (const region of document.querySelectorAll("[role=status], [role=alert], [aria-live]"))
        new MutationObserver(() => window.announced.push(region.textContent)).observe(region, {
            childList: true, characterData: true, subtree: true, attributes: true});
}"""
SEEN = """seen => {
    Object.defineProperty(document, "hidden", {value: !seen, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize(("plan", "taps"), [(None, 1), (DYNAMIC, 2), (FIXED, 2), (ESTIMATED, 2)])
async def test_two_taps_lead_to_the_checkout(
    tmp_path: Path, browser: Browser, plan: str | None, taps: int
) -> None:
    """From the scanned code; nothing need be scrolled to."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR", has_touch=True)
        tapped: list[str] = []
        await page.expose_function("tapped", lambda pointer: tapped.append(pointer))  # noqa: PLW0108 - playwright writes on it
        await page.add_init_script("addEventListener('pointerdown', e => tapped(e.pointerType))")
        await page.goto(f"{w.url}/s/CP1/1")
        order = page.get_by_role("button", name=ORDER)
        await expect(order).to_be_in_viewport(ratio=1)
        if plan:
            await page.get_by_text(plan).tap()
        await order.tap()
        await page.wait_for_url(re.compile("/c/pay/"))
        assert tapped == ["touch"] * taps


async def test_what_is_to_pay_stands_at_the_button(tmp_path: Path, browser: Browser) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR")
        await page.goto(f"{w.url}/s/CP1/1")
        total = page.locator(".totals")
        await expect(total).to_contain_text("au plus 150,00")
        await page.get_by_text(FIXED).click()
        await page.locator(".chip", has_text="20,00").click()
        await expect(total).to_contain_text("À payer maintenant 20,00")
        await page.get_by_label("Ou un autre montant").fill("12,5")
        await expect(total).to_contain_text("12,50")
        await page.get_by_text(ESTIMATED).click()
        priced = await page.locator(".chip", has_text="20 kWh").locator("span span").inner_text()
        await page.get_by_label("Ou à votre choix").fill("20")
        await expect(total).to_contain_text(priced)


async def test_the_button_says_to_the_minor_unit_what_is_taken(
    tmp_path: Path, browser: Browser
) -> None:
    """Browsers write forints without their fillér, though those are charged."""
    own = {"dynamic_ceiling_minor": 9_000_000, "fixed_least_minor": 50_000}
    amounts = json.dumps({"HUF": own | {"fixed_most_minor": 9_000_000}})
    file = stations_file(tmp_path, example() | {"currency": "HUF"})
    async with (
        world(tmp_path, stations_file=file, amounts_by_currency=amounts) as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR")
        await page.goto(f"{w.url}/s/CP1/1")
        await page.get_by_text(FIXED).click()
        await page.get_by_label("Ou un autre montant").fill("1234,56")
        await expect(page.locator(".totals")).to_contain_text("234,56")


async def test_a_small_screen_is_enough(tmp_path: Path, browser: Browser) -> None:
    """320 px: no scrolling sideways (WCAG 2.2, 1.4.10), and every target is 44 px high."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=NARROW, locale="fr-FR")
        await page.goto(f"{w.url}/s/CP1/1")
        for plan in (DYNAMIC, FIXED, ESTIMATED):
            await page.get_by_text(plan).click()
            await fits(page)
        await Phone(w, page, language("fr")).pay(PlanName.DYNAMIC)
        await cp.plug(1)
        await expect(page.get_by_text("Charge en cours")).to_be_visible(timeout=15_000)
        await page.locator(".stop > summary").click()
        await expect(page.get_by_role("button", name="Oui, arrêter")).to_be_in_viewport()
        await fits(page)


async def fits(page: Page) -> None:
    """Assert that nothing lies beyond the edge, and that what is touched is large."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = await page.locator(TARGETS).evaluate_all(BOXES)
    assert len(boxes) > 1
    assert [box for box in boxes if min(box[1:]) < TARGET_LEAST_PX] == []


async def test_figures_move_and_nothing_is_read_aloud(tmp_path: Path, browser: Browser) -> None:
    """Only what the charge does is announced, when it changes."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR")
        await begin(page, w)
        await cp.plug(1)
        await shows_energy(page, 1)
        await page.evaluate(WATCH_ANNOUNCEMENTS)
        await shows_energy(page, 3)
        assert await page.evaluate("announced") == []
        curve = page.get_by_role("img", name=re.compile(r"Puissance de .* au plus"))
        await expect(curve).to_be_visible()


async def test_a_page_that_was_not_seen_asks_at_once_when_it_is(
    tmp_path: Path, browser: Browser
) -> None:
    """A telephone in a pocket holds no connection; woken up, it shows what is."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR")
        await begin(page, w)
        await cp.plug(1)
        await shows_energy(page, 1)
        async with page.expect_event("requestfailed", lambda r: "/events" in r.url):
            await page.evaluate(SEEN, arg=False)
        shown = await page.locator("[data-live=energy]").inner_text()
        await cp.wait_for_energy(1, 4_000)
        assert await page.locator("[data-live=energy]").inner_text() == shown
        async with page.expect_request(lambda r: "/events" in r.url):
            await page.evaluate(SEEN, arg=True)
        await shows_energy(page, 4)


async def test_a_page_outlives_the_node_that_served_it(tmp_path: Path, browser: Browser) -> None:
    """The stream is lost with the node, and found again; the page is the same one."""
    async with world(tmp_path, process=True) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR")
        await begin(page, w)
        await cp.plug(1)
        await shows_energy(page, 1)
        await page.evaluate("window.before = 'still there'")
        await w.kill()
        energy_wh = cp.transactions[-1].as_json()["energy_wh"]
        await shows_energy(page, energy_wh // 1_000 + 1)
        assert await page.evaluate("window.before") == "still there"


async def begin(page: Page, w: World) -> None:
    """Pay, and stand on the session's page."""
    await Phone(w, page, language("fr")).pay(PlanName.DYNAMIC)
    await expect(page.locator("[data-events]")).to_be_visible()


async def shows_energy(page: Page, kwh: int) -> None:
    """Return once the page shows at least so much."""
    await page.wait_for_function(
        "least => parseFloat(document.querySelector('[data-live=energy]')"
        "?.textContent.replace(',', '.')) >= least",
        arg=kwh,
        timeout=30_000,
    )
