"""`make audit`: axe-core and Lighthouse on a driver's pages, and what the first one weighs.

axe-core looks at every page, in light and dark, at 390 and at 320 px. Lighthouse plays a slow
phone (its mobile profile, throttled) on those that a usual charge leads through; localhost counts
as a secure context, so nothing here says anything of a proxy's TLS, and a page that is not found
loses points for the 404 that the browser notes. JSON=1 prints only
`{"axe_violations", "lighthouse", "first_page_kb", "first_page_interactive_ms"}`, of the first two
the worst of any page. The last, asked to be less than 1,000, is told and fails nothing (README.md).
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import structlog
from playwright.async_api import Browser
from rich.console import Console
from rich.table import Table

from tests.browser.axe import overflow_px, violations
from tests.browser.chromium import NARROW, PHONE, launched
from tests.browser.lighthouse import CATEGORIES, Scores, scores
from tests.browser.pages import Scale, Shown, shown
from tests.browser.weight import received_bytes
from tests.ports import free_port

UNHURRIED = Scale(speed=30)
"""So that the charges still go on when Lighthouse has come to them."""
FIRST = "station"
"""What the code on a station leads to."""
MAIN = (
    FIRST,
    "home",
    "waiting_for_payment",
    "plug_in",
    "charging",
    "receipt_dynamic",
    "due",
    "nothing_to_pay",
    "unknown_page",
)
LEAST_SCORE = 95
FIRST_PAGE_KB_MOST = 60


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, by the page's name."""

    violations: dict[str, list[str]]
    lighthouse: dict[str, Scores]
    first_page_bytes: int

    @property
    def lowest(self) -> dict[str, int]:
        """The lowest score of any page, by category."""
        return {
            name: min(page.by_category[name] for page in self.lighthouse.values())
            for name in CATEGORIES
        }

    @property
    def first_page_kb(self) -> float:
        """The first page's weight on the wire, in kilobytes of 1,000."""
        return round(self.first_page_bytes / 1000, 1)

    @property
    def first_page_interactive_ms(self) -> int:
        """How long the first page takes until it can be used, on a slow phone."""
        return self.lighthouse[FIRST].interactive_ms

    def as_json(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "axe_violations": sum(map(len, self.violations.values())),
            "lighthouse": {name.replace("-", "_"): least for name, least in self.lowest.items()},
            "first_page_kb": self.first_page_kb,
            "first_page_interactive_ms": self.first_page_interactive_ms,
        }

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        return (
            not any(self.violations.values())
            and min(self.lowest.values()) >= LEAST_SCORE
            and self.first_page_kb < FIRST_PAGE_KB_MOST
        )


async def audit() -> Audit:
    """Bring every page about, and look at it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            shown(Path(folder), UNHURRIED) as pages,
            launched(f"--remote-debugging-port={port}") as browser,
        ):
            urls = {page.name: page.url for page in pages if page.name in MAIN}
            ran = await scores(port, list(urls.values()))
            return Audit(
                await _violations(browser, pages),
                {name: ran[url] for name, url in urls.items()},
                await _first_page_bytes(browser, urls[FIRST]),
            )


async def _violations(browser: Browser, pages: Sequence[Shown]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in pages:
        page = await browser.new_page(locale="fr-FR", viewport=PHONE)
        await each.visit(page)
        faults: dict[str, None] = {}
        for size, scheme in product((PHONE, NARROW), ("light", "dark")):
            await page.set_viewport_size(size)
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            faults |= dict.fromkeys(await violations(page))
        if wider_px := await overflow_px(page):
            faults[f"reflow: {wider_px} px wider than the phone"] = None
        found[each.name] = list(faults)
        await page.close()
    return found


async def _first_page_bytes(browser: Browser, url: str) -> int:
    page = await browser.new_page(locale="fr-FR", viewport=PHONE)
    received = await received_bytes(page, url)
    await page.close()
    return sum(received.values())


def tell(audited: Audit) -> None:
    """Print a line for each page, and below what is wrong."""
    console = Console()
    table = Table("page", "axe", *CATEGORIES, "interactive, ms")
    for name, faults in audited.violations.items():
        page = audited.lighthouse.get(name)
        figures = [*page.by_category.values(), page.interactive_ms] if page else []
        table.add_row(name, *map(str, [len(faults), *figures]))
    console.print(table)
    for name, faults in audited.violations.items():
        page = audited.lighthouse.get(name)
        for fault in (*faults, *(page.faults if page else ())):
            console.print(f"{name}: {fault}", markup=False)
    console.print(f"first page: {audited.first_page_kb} kB")


def main() -> int:
    """Audit, tell, and return whether something is wrong."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    audited = asyncio.run(audit())
    if os.environ.get("JSON"):
        print(json.dumps(audited.as_json()))  # noqa: T201 - what was asked for
    else:
        tell(audited)
    return 0 if audited.good else 1


if __name__ == "__main__":
    sys.exit(main())
