"""`make bench`: what the charge points' door costs beside others, and open pages, and pricing.

`PART=door`, `PART=pages` or `PART=pricing` for one of them; JSON=1 prints JSON; ROUNDS, HOLD
(charge points held), STOPS and PAGES (charging pages open) say how much.
"""

import asyncio
import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import pages, pricing
from tests.bench.door.contest import RATES, Found, Plan, contest
from tests.bench.door.parts import CORES

OTHERS = ("ocpp_readme", "ocpp_rpc", "limit")
progress = Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """Tell how far it is."""
    progress.print(f"[dim]{line}")


def main() -> int:
    """Measure and print."""
    part, told = os.environ.get("PART", ""), dict[str, Any]()
    if part in ("", "door"):
        if len(CORES) == 1:
            progress.print("[red]One core only: the load generator takes from the server's time.")
        told |= figures(asyncio.run(contest(_plan(), say)))
    if part in ("", "pages"):
        most = int(os.environ.get("PAGES") or pages.PAGES)
        told["pages"] = asyncio.run(pages.measure(most, say))
    if part in ("", "pricing"):
        told["pricing_us"] = dict(pricing.results())
    if os.environ.get("JSON"):
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        show(told)
    return 0


def _plan() -> Plan:
    asked = {name: os.environ.get(name.upper()) for name in ("rounds", "hold", "stops")}
    return Plan(**{name: int(number) for name, number in asked.items() if number})


def figures(found: Found) -> dict[str, Any]:
    """Return what was found under the names that are asked for."""
    at_1000 = found.paced["bridge"][1000]
    return {
        **{name: round(found.rate(name)) for name in ("bridge", *OTHERS)},
        "ratio_readme": round(found.ratio("ocpp_readme"), 2),
        "ratio_rpc": round(found.ratio("ocpp_rpc"), 2),
        "ratio_limit": round(found.ratio("limit"), 2),
        "kb_per_connection": round(found.crowd["bridge"]["kb_per_connection"], 1),
        "p99_ms_1000": round(at_1000["p99_ms"], 1) if at_1000 else None,
        "stop_to_charge_p99_ms": round(found.stops["p99_ms"], 1),
        "rounds": found.rates,
        "fixed_rates": found.paced,
        "connections": found.crowd,
        "held": found.held,
        "stops": found.stops,
        "invalid": found.invalid,
    }


def show(told: dict[str, Any]) -> None:
    """Print tables."""
    out = Console(highlight=False)
    if "bridge" in told:
        out.print(_table(told))
        out.print("held:", told["held"])
        out.print("stops to PaymentIntent:", told["stops"])
        for line in told["invalid"]:
            out.print(f"[red]invalid: {line}")
    if "pages" in told:
        out.print("charging pages open:", told["pages"])
    if "pricing_us" in told:
        out.print("pricing and metering, µs:", told["pricing_us"])


def _table(told: dict[str, Any]) -> Table:
    latencies = [f"p50/p99 ms at {rate}/s" for rate in RATES]
    ratio = {name: told[f"ratio_{name.removeprefix('ocpp_')}"] for name in OTHERS}
    table = Table("", "msg/CPU-s", "bridge is ×", *latencies, "kB idle", "connects/CPU-s")
    for name in ("bridge", *OTHERS):
        crowd, paced = told["connections"][name], told["fixed_rates"][name]
        table.add_row(
            name,
            f"{told[name]:,}",
            f"{ratio[name]:.2f}" if name in ratio else "",
            *(f"{p['p50_ms']:.1f} / {p['p99_ms']:.1f}" if p else "–" for p in paced.values()),
            f"{crowd['kb_per_connection']:.0f}",
            f"{crowd['connections_per_cpu_s']:,.0f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
