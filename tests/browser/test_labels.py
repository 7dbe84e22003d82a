"""The SVG of a label, as a browser or a printer's program draws it."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser

from irve_bridge.web.labels.svg import svg
from tests.unit.web.test_labels import URL, drawing

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_phone_reads_the_code_of_the_svg(browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 420, "height": 592}, device_scale_factor=2)
    await page.set_content(svg(drawing()).decode().partition("?>")[2])
    picture = Image.open(io.BytesIO(await page.locator("svg").screenshot()))
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [URL]
