"""axe-core on a page as it is shown (https://github.com/dequelabs/axe-core)."""

from collections.abc import Sequence
from typing import Any

from playwright.async_api import Page

from tests.integration.world import ROOT

SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OF_COLOURS_AND_WIDTH = ("color-contrast", "link-in-text-block", "target-size")
"""The rules whose verdict another colour scheme or a narrower page can change."""
_RUN = """async (only) => (await axe.run({runOnly: only, resultTypes: ["violations"]})).violations
    .flatMap(({id, help, nodes}) => nodes.map((node) => `${id}: ${help}: ${node.html}`))"""


async def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Return each element that breaks a rule of WCAG 2.2 AA or of good practice, and which.

    `rules` are the ones that are looked at, or else all. The debugger brings the script in: our
    policy of contents lets no page load it.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SOURCE.read_text(encoding="utf-8"))
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found: list[str] = await page.evaluate(_RUN, only)
    return found


async def overflow_px(page: Page) -> int:
    """Return by how much the page is wider than the phone."""
    wider: Any = await page.evaluate(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    return int(wider)
