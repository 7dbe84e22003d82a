"""Charge points: what they are and do, what they are asked, and which are registered."""

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from rich.table import Column, Table

from irve_bridge.cli.bridge import ask
from irve_bridge.cli.common import PAGE, Actions, add, console, every, group, open_database
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.control import ACTIONS
from irve_bridge.service.passwords import KEY_BYTES
from irve_bridge.service.ports import Selection, Tx
from irve_bridge.yaml_file import Written

SHOWN = 100
TAKEN = frozenset({"Accepted", "RebootRequired"})


def add_to(commands: Actions) -> None:
    """Add these commands; what asks the running bridge needs its CSMS_API_KEY."""
    point = group(commands, "charge-points", "what they do, and what they are asked to do")
    listing = add(point, "list", list_points, "every charge point and whether it is online")
    listing.add_argument("--offline", action="store_true", help="only those that are not")
    show = add(point, "show", show_point, "all that is known of one (asks the running bridge)")
    show.add_argument("id")
    sending = add(point, "send", send, "ask one anything OCPP knows (by the running bridge)")
    sending.add_argument("id")
    sending.add_argument("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    sending.add_argument("payload", nargs="?", default="{}", help="JSON; {} if left out")
    rotating = add(point, "rotate-key", rotate_key, "give one a new random key to log in with")
    rotating.add_argument("id")
    charges = add(point, "transactions", list_transactions, "newest first, guests' and all others")
    charges.add_argument("--of", metavar="ID", help="only of this charge point")
    charges.add_argument("--running", action="store_true", help="only those that go on")
    charges.add_argument("--limit", type=int, default=SHOWN)
    add(point, "reservations", list_reservations, "what is reserved now, for whom")
    add(point, "profiles", list_profiles, "the charging profiles that were set")
    add(point, "strangers", list_strangers, "who knocked and is not registered (LIST_STRANGERS)")
    putting = add(point, "put", put, "register or change one (by the running bridge)")
    putting.add_argument("id")
    putting.add_argument("file", type=Path, help="one entry of the stations file, YAML or JSON")
    putting.add_argument("--replaced", action="store_true", help="another one took its place")
    removing = add(point, "remove", remove, "forget one (by the running bridge)")
    removing.add_argument("id")


async def list_points(arguments: argparse.Namespace) -> int:
    """Show every charge point."""
    table = Table("charge point", "name", "online", "last seen", "model", "firmware", "connectors")
    online = False if arguments.offline else None

    def page(after: str, tx: Tx) -> list[tuple[ChargePoint, list[Connector]]]:
        points = tx.listings.charge_points(PAGE, after, online=online)
        return [(point, tx.stations.connectors(point.id)) for point in points]

    async with open_database(arguments) as storage:
        for row in await every(storage, page, "", lambda row: row[0].id):
            table.add_row(*_point_row(*row))
    console.print(table)
    return 0


def _point_row(point: ChargePoint, outlets: list[Connector]) -> tuple[str, ...]:
    seen = f"{point.seen_at:%F %T}" if point.seen_at else "never"
    kind = " ".join(part for part in (point.vendor, point.model) if part)
    statuses = ", ".join(f"{outlet.number} {outlet.status.value}" for outlet in outlets)
    online = "yes" if point.connected_at else "no"
    return (point.id, point.name, online, seen, kind, point.firmware or "", statuses)


async def show_point(arguments: argparse.Namespace) -> int:
    """Print the document of the API."""
    _print(await ask(arguments, "GET", _path(arguments.id)))
    return 0


async def send(arguments: argparse.Namespace) -> int:
    """Print what the charge point answered."""
    try:
        payload = json.loads(arguments.payload)
    except ValueError as error:
        raise Refusal(f"The payload is no JSON: {error}.") from error
    path = f"{_path(arguments.id)}/commands/{arguments.action}"
    answer = await ask(arguments, "POST", path, payload)
    _print(answer["answer"])
    return 0


async def rotate_key(arguments: argparse.Namespace) -> int:
    """Send a new AuthorizationKey that nobody sees (OCPP 1.6 security whitepaper A01)."""
    change = {"key": "AuthorizationKey", "value": secrets.token_hex(KEY_BYTES[-1])}
    path = f"{_path(arguments.id)}/commands/ChangeConfiguration"
    answer = await ask(arguments, "POST", path, change)
    status = str(answer["answer"].get("status"))
    console.print(f"{arguments.id} answered {status}.")
    return 0 if status in TAKEN else 1


async def list_transactions(arguments: argparse.Namespace) -> int:
    """Show transactions, newest first."""
    selection = Selection(charge_point_id=arguments.of, running=arguments.running or None)
    async with open_database(arguments) as storage:
        found = await storage.read(lambda tx: tx.listings.transactions(selection, arguments.limit))
    table = Table(
        Column("transaction", no_wrap=True),
        "where",
        "id tag",
        "start",
        "stop",
        "reason",
        "Wh at start",
        "Wh at stop",
        "session",
    )
    for transaction in found:
        table.add_row(*_transaction_row(transaction))
    console.print(table)
    return 0


def _transaction_row(transaction: Transaction) -> tuple[str, ...]:
    stop = f"{transaction.stop_at:%F %T}" if transaction.stop_at else "runs"
    meter_stop = "" if transaction.meter_stop_wh is None else str(transaction.meter_stop_wh)
    return (
        transaction.id,
        f"{transaction.charge_point_id}/{transaction.connector_number}",
        transaction.id_tag,
        f"{transaction.start_at:%F %T}",
        stop,
        transaction.stop_reason or "",
        str(transaction.meter_start_wh),
        meter_stop,
        transaction.session_id or "",
    )


async def list_reservations(arguments: argparse.Namespace) -> int:
    """Show what is reserved now."""
    table = Table("reservation", "where", "id tag", "until", "session")
    now = datetime.now(UTC)
    async with open_database(arguments) as storage:
        found = await every(
            storage,
            lambda after, tx: tx.reservations.standing(now, PAGE, after=after),
            ("", 0),
            lambda last: (last.charge_point_id, last.id),
        )
    for each in found:
        where = f"{each.charge_point_id}/{each.connector_number}"
        until = f"{each.expires_at:%F %T}"
        table.add_row(str(each.id), where, each.id_tag, until, each.session_id or "")
    console.print(table)
    return 0


async def list_profiles(arguments: argparse.Namespace) -> int:
    """Show the charging profiles that were set."""
    table = Table("profile", "where", "purpose", "level", "set", "schedule")
    async with open_database(arguments) as storage:
        found = await every(
            storage,
            lambda after, tx: tx.charging_profiles.page(PAGE, after),
            ("", 0, 0),
            lambda last: (last.charge_point_id, last.connector_number, last.id),
        )
    for each in found:
        where = f"{each.charge_point_id}/{each.connector_number}"
        schedule = json.dumps(each.profile.get("chargingSchedule"))
        row = (str(each.id), where, each.purpose, str(each.stack_level), f"{each.set_at:%F %T}")
        table.add_row(*row, schedule)
    console.print(table)
    return 0


async def list_strangers(arguments: argparse.Namespace) -> int:
    """Show who knocked and is not registered."""
    table = Table("identity", "first", "last", "address", "user agent")
    async with open_database(arguments) as storage:
        found = await every(
            storage,
            lambda after, tx: tx.strangers.page(PAGE, after),
            "",
            lambda last: last.charge_point_id,
        )
    for each in found:
        moments = (f"{each.first_at:%F %T}", f"{each.last_at:%F %T}")
        table.add_row(each.charge_point_id, *moments, each.address, each.agent)
    console.print(table)
    return 0


async def put(arguments: argparse.Namespace) -> int:
    """Register or change one, and print what changed."""
    text = sys.stdin.read() if str(arguments.file) == "-" else arguments.file.read_text("utf-8")
    try:
        entry = Written(text).said
    except yaml.YAMLError as error:
        raise Refusal(f"{arguments.file}: {error}") from error
    query = "?replaced=true" if arguments.replaced else ""
    answer = await ask(arguments, "PUT", f"{_path(arguments.id)}{query}", entry)
    for change in answer["changes"] or ["Nothing to change."]:
        console.print(change)
    return 0


async def remove(arguments: argparse.Namespace) -> int:
    """Forget one; its transactions stay."""
    await ask(arguments, "DELETE", _path(arguments.id))
    console.print(f"{arguments.id} is forgotten.")
    return 0


def _path(charge_point_id: str) -> str:
    return f"/api/charge-points/{quote(charge_point_id, safe='')}"


def _print(document: Any) -> None:
    console.print_json(data=document)
