"""One browser for all tests of a worker; each has a world and a phone of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.chromium import launched

expect.set_options(timeout=40_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser, whose pages end with the test."""
    yield chromium
    for context in chromium.contexts:
        await context.close()
