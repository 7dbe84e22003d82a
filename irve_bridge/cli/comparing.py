"""What our books, the payment provider and the CSMS say, compared."""

import argparse
import json
from dataclasses import asdict
from datetime import timedelta

from rich.table import Column, Table

from irve_bridge import telemetry
from irve_bridge.cli.common import Actions, add, console, days_back, settings_of
from irve_bridge.cli.progress import busy
from irve_bridge.clock import SharedClock
from irve_bridge.domain.errors import Refusal
from irve_bridge.service.ports import ProviderUnreachable
from irve_bridge.service.reconcile import Finding

DAYS = 3.0


def add_to(commands: Actions) -> None:
    """Add this command."""
    text = "compare sessions with Stripe and the CSMS, and repair what differs"
    reconcile = add(commands, "reconcile", compare, text)
    days = "how far back (default: 3); what is open or disputed is compared at any age"
    reconcile.add_argument("--days", type=days_back, default=DAYS, help=days)
    reconcile.add_argument("--json", action="store_true", help="print the findings as JSON")


async def compare(arguments: argparse.Namespace) -> int:
    """Show what differed; 1 if something of it needs a person.

    Raises:
        Refusal: Stripe could not be asked at all.
    """
    telemetry.configure("ERROR")
    settings = settings_of(arguments)
    now = SharedClock(settings.clock_epoch, settings.clock_speed).now()
    from irve_bridge.bootstrap import offline_reconciler  # noqa: PLC0415 - as `serve` does

    async with offline_reconciler(settings) as reconciler:
        try:
            with busy("Comparing with Stripe"):
                findings = await reconciler.run(now - timedelta(days=arguments.days), now)
        except ProviderUnreachable as error:
            raise Refusal(
                f"Stripe did not answer ({error}): nothing is lost, try again later."
            ) from error
    if arguments.json:
        console.print_json(json.dumps([asdict(finding) for finding in findings]))
    else:
        console.print(_table(findings) if findings else "Everything agrees.")
    return 0 if all(finding.repaired for finding in findings) else 1


def _table(findings: list[Finding]) -> Table:
    table = Table(Column("session", no_wrap=True), "found", "detail", "repaired")
    for finding in findings:
        repaired = "yes" if finding.repaired else "no: look at it"
        table.add_row(finding.session_id or "", finding.kind, finding.detail, repaired)
    return table
