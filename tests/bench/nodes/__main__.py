"""`make load`: what one and two nodes hold on PostgreSQL; JSON=1 prints JSON, MOST=10000 the most.

Messages cost with 100, 1,000 and 10,000 charge points; messages a second; paid sessions a second.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.nodes.fleet import fleet
from tests.bench.nodes.measure import cost_by_charge_points, most_messages, paid_sessions

GUESTS = 200
progress = Console(stderr=True, highlight=False)


def say(line: object) -> None:
    """Tell how far it is."""
    progress.print(f"[dim]{line}")


async def measure(most: int) -> dict[str, Any]:
    """Measure everything."""
    counts = sorted({min(count, most) for count in (100, 1_000, 10_000)})
    ids = [f"LOAD{number:05}" for number in range(max(most, GUESTS))]
    told: dict[str, Any] = {"charge_points": [], "messages": [], "sessions": []}
    with tempfile.TemporaryDirectory(prefix="irve-load-") as name:
        async with fleet(Path(name)) as made:
            say(f"registering {len(ids)} charge points")
            await made.register(ids)
            for count in counts:
                told["charge_points"].append(await cost_by_charge_points(made, ids, count))
                say(told["charge_points"][-1])
            for nodes in (1, 2):
                told["messages"].append(await most_messages(made, ids, nodes))
                say(told["messages"][-1])
                told["sessions"].append(await paid_sessions(made, ids[:GUESTS], nodes))
                say(told["sessions"][-1])
    return told


def show(told: dict[str, Any]) -> None:
    """Print tables."""
    out = Console(highlight=False)
    for rows in told.values():
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*(f"{v:,.1f}" if isinstance(v, float) else str(v) for v in row.values()))
        out.print(table)


def main() -> int:
    """Measure and print."""
    told = asyncio.run(measure(int(os.environ.get("MOST") or 10_000)))
    if os.environ.get("JSON"):
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        show(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
