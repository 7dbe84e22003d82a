"""The command line. It asks the database or stores facts; the running bridge performs them."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import segno
import uvloop
from rich.console import Console
from rich.table import Column, Table

from irve_bridge import stations, telemetry
from irve_bridge.bootstrap import offline_desk, serve
from irve_bridge.domain import tariff as tariffs
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.errors import BridgeError, Refusal
from irve_bridge.domain.session import Session
from irve_bridge.settings import Settings, SettingsRefused, load
from irve_bridge.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from irve_bridge.service.ports import Storage

Command = Callable[[argparse.Namespace], Coroutine[None, None, int]]
console = Console()


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 misused."""
    arguments = _parser().parse_args(argv)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status: int = runner.run(arguments.command(arguments))
            return status
    except (BridgeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks on its terminal
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="irve-bridge", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('irve-bridge')}")
    parser.add_argument("--env-file", default=".env", help="settings (default: .env)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "serve", _serve, "run the bridge")
    _add(commands, "check", _check, "check settings and database, and say what is missing")
    station = commands.add_parser("stations", help="charge points and connectors").add_subparsers(
        required=True, metavar="ACTION"
    )
    apply = _add(station, "apply", _apply, "make the database say what the file says")
    apply.add_argument("file", type=Path)
    apply.add_argument("--dry-run", action="store_true", help="only show the difference")
    _add(station, "list", _list_stations, "show what is registered")
    qr = _add(commands, "qr", _qr, "write the QR code of every connector")
    qr.add_argument("--out", type=Path, required=True, help="folder for the SVG files")
    tariff = commands.add_parser("tariff", help="OCPI tariffs").add_subparsers(
        required=True, metavar="ACTION"
    )
    check = _add(tariff, "check", _check_tariff, "say whether a tariff can be used")
    check.add_argument("file", type=Path)
    check.add_argument("--power-kw", type=float, help="of the connector it is meant for")
    session = commands.add_parser("sessions", help="charging sessions").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = _add(session, "list", _list_sessions, "newest first")
    listing.add_argument("--state", help="only those in this state")
    show = _add(session, "show", _show_session, "one session's whole story")
    show.add_argument("id")
    decide = _add(session, "decide", _decide, "settle a session in review, or forgive what is due")
    decide.add_argument("id")
    decide.add_argument("amount_minor", type=int, help="what the driver pays, in minor units")
    return parser


def _add(
    parent: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Command,
    text: str,
) -> argparse.ArgumentParser:
    parser = parent.add_parser(name, help=text)
    parser.set_defaults(command=command)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    return load(arguments.env_file)


@asynccontextmanager
async def _storage(arguments: argparse.Namespace) -> "AsyncIterator[Storage]":
    telemetry.configure("WARNING")
    async with open_storage(_settings(arguments).database_url) as storage:
        yield storage


async def _serve(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    _open_log(settings)
    await serve(settings)
    return 0


def _open_log(settings: Settings) -> None:
    try:
        telemetry.configure(settings.log_level, settings.log_file)
    except OSError as error:
        sentence = f"LOG_FILE: {settings.log_file} cannot be written: {error.strerror}."
        raise SettingsRefused([sentence]) from error


async def _check(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    async with _storage(arguments) as storage:
        points = await storage.read(lambda tx: tx.stations.charge_points())
    console.print(f"Settings are complete ({'LIVE' if settings.live else 'test'} mode).")
    console.print(f"Webhook endpoint to register with Stripe: {settings.public_url}/webhook")
    console.print(f"Callbacks: {settings.csms_notification_url or 'none, no URL is set'}")
    if not points:
        console.print("No charge point is registered: irve-bridge stations apply FILE")
        return 1
    console.print(f"{len(points)} charge points are registered.")
    return 0


async def _apply(arguments: argparse.Namespace) -> int:
    wanted = stations.read(arguments.file)
    async with _storage(arguments) as storage:
        changes = await storage.read(lambda tx: list(stations.differences(wanted, tx.stations)))
        kept = await storage.read(lambda tx: stations.not_named(wanted, tx.stations))
        for change in changes:
            console.print(f"{change.sign} {change.name}")
        if kept:
            console.print(f"not in the file, kept: {', '.join(kept)}")
        if arguments.dry_run or not changes:
            console.print("Nothing to change." if not changes else "Nothing was changed (dry run).")
            return 0
        await storage.transact(lambda tx: stations.apply(changes, tx.stations))
    console.print(f"{len(changes)} changes applied.")
    return 0


async def _list_stations(arguments: argparse.Namespace) -> int:
    async with _storage(arguments) as storage:
        rows = await storage.read(
            lambda tx: [(p, tx.stations.connectors(p.id)) for p in tx.stations.charge_points()]
        )
    table = Table("charge point", "name", "online", "connector", "EVSE id", "status", "tariff")
    for point, connectors in rows:
        for outlet in connectors:
            table.add_row(*_station_row(point, outlet))
    console.print(table)
    return 0


def _station_row(point: ChargePoint, outlet: Connector) -> tuple[str, ...]:
    online = "yes" if point.connected_at else "no"
    name = (point.id, point.name, online, str(outlet.number), outlet.evse_id)
    return (*name, outlet.status.value, outlet.tariff_id)


async def _qr(arguments: argparse.Namespace) -> int:
    base = _settings(arguments).public_url
    arguments.out.mkdir(parents=True, exist_ok=True)
    async with _storage(arguments) as storage:
        connectors = await storage.read(
            lambda tx: [
                c for p in tx.stations.charge_points() for c in tx.stations.connectors(p.id)
            ]
        )
    for outlet in connectors:
        url = f"{base}/s/{outlet.charge_point_id}/{outlet.number}"
        file = arguments.out / f"{outlet.charge_point_id}-{outlet.number}.svg"
        segno.make(url, error="m").save(str(file), scale=8, border=4, title=outlet.evse_id)
        console.print(f"{file}  {url}")
    return 0


async def _check_tariff(arguments: argparse.Namespace) -> int:
    power_w = int(arguments.power_kw * 1000) if arguments.power_kw else None
    tariff = tariffs.load(arguments.file.read_bytes(), power_w)
    for component in tariff.components:
        gross = float(component.gross)
        console.print(f"{component.type}: {component.price} net, {gross:.4f} gross")
    return 0


async def _list_sessions(arguments: argparse.Namespace) -> int:
    async with _storage(arguments) as storage:
        found = await storage.read(lambda tx: tx.sessions.search(arguments.state))
    table = Table(
        Column("session", no_wrap=True),
        "state",
        "plan",
        "where",
        "opened",
        "energy Wh",
        "amount",
        "outcome",
    )
    for session in found:
        table.add_row(*_session_row(session))
    console.print(table)
    return 0


def _session_row(session: Session) -> tuple[str, ...]:
    amount = "" if session.decided_minor is None else f"{session.decided_minor} {session.currency}"
    where = f"{session.charge_point_id}/{session.connector_number}"
    energy = "" if session.energy_wh is None else str(session.energy_wh)
    opened = f"{session.opened_at:%F %T}"
    story = (energy, amount, session.outcome or "")
    return (session.id, session.state.value, session.plan.value, where, opened, *story)


async def _show_session(arguments: argparse.Namespace) -> int:
    async with _storage(arguments) as storage:
        session = await storage.read(lambda tx: tx.sessions.get(arguments.id))
        if session is None:
            raise Refusal(f"There is no session {arguments.id}.")
        history = await storage.read(lambda tx: tx.sessions.history(session.id))
        movements = await storage.read(lambda tx: tx.books.movements(session.id))
    console.print("  ".join(_session_row(session)))
    for line in history:
        console.print(f"{line.at:%F %T}  {line.before} → {line.after}  {line.event}")
    for movement in movements:
        amount = f"{movement.amount_minor} {movement.currency}"
        console.print(f"{movement.at:%F %T}  {movement.kind} {amount}  {movement.provider_id}")
    return 0


async def _decide(arguments: argparse.Namespace) -> int:
    async with offline_desk(_settings(arguments)) as desk:
        session = await desk.decide(arguments.id, arguments.amount_minor)
    console.print(f"{session.id} is {session.state}; the running bridge does the rest.")
    return 0
