"""Charge points and connectors, as a file has them."""

import argparse
from pathlib import Path

from rich.table import Table

from irve_bridge import stations
from irve_bridge.cli.common import (
    Actions,
    add,
    console,
    group,
    open_database,
    refusals,
)
from irve_bridge.cli.progress import busy
from irve_bridge.domain.charge_point import ChargePoint, Connector


def add_to(commands: Actions) -> None:
    """Add these commands."""
    station = group(commands, "stations", "charge points and connectors")
    applying = add(station, "apply", apply, "make the database say what the file says")
    applying.add_argument("file", type=Path)
    applying.add_argument("--dry-run", action="store_true", help="only show the difference")
    applying.add_argument(
        "--replaced",
        action="append",
        default=[],
        metavar="ID",
        help="another charge point has its place: take key and security profile from the file",
    )
    add(station, "list", list_stations, "show what is registered")


async def apply(arguments: argparse.Namespace) -> int:
    """Show what differs, and change it."""
    wanted = stations.read(arguments.file)
    stations.refuse_unknown(arguments.replaced, wanted)
    async with open_database(arguments) as storage:
        with busy("Comparing with the database"):
            changes = await storage.read(
                lambda tx: list(stations.differences(wanted, tx.stations, arguments.replaced))
            )
            kept = await storage.read(lambda tx: stations.not_named(wanted, tx.stations))
        for change in changes:
            console.print(f"{change.sign} {change.name}")
        if kept:
            console.print(f"not in the file, kept: {', '.join(kept)}")
        if arguments.dry_run or not changes:
            console.print("Nothing to change." if not changes else "Nothing was changed (dry run).")
            return 0
        with busy(f"Applying {len(changes)} changes"):
            await storage.transact(lambda tx: stations.apply(changes, tx.stations))
    console.print(f"{len(changes)} changes applied.")
    return 0


async def list_stations(arguments: argparse.Namespace) -> int:
    """Show every connector."""
    async with open_database(arguments) as storage:
        rows = await storage.read(
            lambda tx: [(p, tx.stations.connectors(p.id)) for p in tx.stations.charge_points()]
        )
        refused = await storage.read(refusals)
    table = Table("charge point", "name", "online", "connector", "EVSE id", "status", "tariff")
    for point, connectors in rows:
        for outlet in connectors:
            table.add_row(*_station_row(point, outlet))
    console.print(table)
    for sentence in refused:
        console.print(sentence)
    return 0


def _station_row(point: ChargePoint, outlet: Connector) -> tuple[str, ...]:
    online = "yes" if point.connected_at else "no"
    name = (point.id, point.name, online, str(outlet.number), outlet.evse_id)
    return (*name, outlet.status.value, ", ".join(outlet.tariff_ids))
