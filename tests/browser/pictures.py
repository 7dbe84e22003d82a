"""`python -m tests.browser.pictures`: the pages as a driver sees them, for the documents."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.test_paying import FLAGS, PHONE, pay
from tests.integration.world import ROOT, world
from tests.setup_browser import find

FOLDER = ROOT / "docs" / "images"
NAMES = ("station", "charging", "receipt")
ENERGY_WH = 8_000
PATIENCE_S = 60.0
SHEET = """<body style="margin:0;padding:24px;display:flex;gap:24px;background:#e5e7eb">{}</body>"""
PHOTO = '<img src="{}" width="390" style="border-radius:24px;border:1px solid #9ca3af">'


async def main() -> None:
    """Play one charge, and take a picture at the station, while charging, and of the receipt."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=FLAGS)
        with tempfile.TemporaryDirectory() as folder:
            await play(Path(folder), browser)
        await together(browser)
        await browser.close()


async def play(folder: Path, browser: Browser) -> None:
    """Take the three pictures."""
    async with world(folder) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        page = await browser.new_page(viewport=PHONE, locale="fr-FR")
        await page.goto(f"{w.url}/s/CP1/1")
        await take(page, "station")
        await pay(page, w, "Paiement selon la charge réelle")
        await cp.plug(1)
        await cp.wait_for_energy(1, ENERGY_WH, PATIENCE_S)
        await page.reload()
        await expect(page.get_by_text("Batterie")).to_be_visible()
        await take(page, "charging")
        await cp.unplug(1)
        await expect(page.get_by_text("Merci")).to_be_visible(timeout=15_000)
        await take(page, "receipt")


async def take(page: Page, name: str) -> None:
    """Write what the phone shows."""
    await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


async def together(browser: Browser) -> None:
    """Write the three phones side by side."""
    page = await browser.new_page(viewport={"width": 1272, "height": 894})
    sheet = FOLDER / "pages.html"
    sheet.write_text(SHEET.format("".join(PHOTO.format(f"{name}.png") for name in NAMES)))
    await page.goto(sheet.as_uri())
    await page.screenshot(path=FOLDER / "pages.png", full_page=True)
    sheet.unlink()


if __name__ == "__main__":
    asyncio.run(main())
