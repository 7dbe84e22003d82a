"""The Chromium that pages are looked at with, as a driver's phone would show them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, ViewportSize, async_playwright

from tests.setup_browser import find

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 568}
"""The least width at which a page must not scroll sideways (WCAG 2.2, 1.4.10)."""


@asynccontextmanager
async def launched(*more: str) -> AsyncIterator[Browser]:
    """Run a Chromium; `more` are flags of its command line."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=[*FLAGS, *more])
        try:
            yield browser
        finally:
            await browser.close()
