"""Every page a driver can see is accessible, fits a narrow phone, and the first one is light."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.axe import OF_COLOURS_AND_WIDTH, overflow_px, violations
from tests.browser.chromium import NARROW, PHONE
from tests.browser.pages import shown
from tests.browser.weight import received_bytes
from tests.integration.world import world

pytestmark = pytest.mark.asyncio(loop_scope="session")
FIRST_PAGE_BYTES_MOST = 60_000


@pytest.mark.timeout(400)
async def test_every_page_is_accessible_in_light_and_in_dark(
    tmp_path: Path, browser: Browser
) -> None:
    """axe-core finds nothing, and nothing scrolls sideways at 320 px."""
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    found: dict[str, list[str]] = {}
    async with shown(tmp_path) as pages:
        for each in pages:
            await context.clear_cookies()
            await page.set_viewport_size(PHONE)
            await page.emulate_media(color_scheme="light")
            await each.visit(page)
            found[each.name] = await violations(page)
            await page.set_viewport_size(NARROW)
            await page.emulate_media(color_scheme="dark")
            found[each.name] += await violations(page, OF_COLOURS_AND_WIDTH)
            if wider_px := await overflow_px(page):
                found[each.name].append(f"{wider_px} px wider than the phone")
    await context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


async def test_the_first_page_is_light(tmp_path: Path, browser: Browser) -> None:
    """Page, styles, script and icon, as they come over the wire to somebody who never came."""
    async with world(tmp_path) as w:
        page = await browser.new_page(locale="fr-FR", viewport=PHONE)
        received = await received_bytes(page, f"{w.url}/s/CP1/1")
        await page.close()
    kinds = {url.partition("?")[0].rpartition(".")[2] for url in received if "/static/" in url}
    assert kinds >= {"css", "js", "svg"}
    assert sum(received.values()) < FIRST_PAGE_BYTES_MOST


async def test_what_is_wrong_is_found(browser: Browser) -> None:
    """A picture without words, pale text, and something too wide do not go unnoticed."""
    page = await browser.new_page(viewport=NARROW)
    await page.set_content(
        '<html lang="fr"><title>–</title><main><h1>–</h1><img src="data:image/gif;base64,R0lGODlh">'
        '<p style="color:#bbb;background:#fff;width:500px">Bonjour</p></main>'
    )
    rules = {fault.partition(":")[0] for fault in await violations(page)}
    assert {"image-alt", "color-contrast"} <= rules
    assert await overflow_px(page) > 0
    await page.close()
