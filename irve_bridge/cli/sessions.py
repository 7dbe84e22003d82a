"""Charging sessions: what happened to them, and what a person decides."""

import argparse
from contextlib import AbstractAsyncContextManager

from rich.table import Column, Table

from irve_bridge.cli.common import Actions, add, console, open_database, settings_of
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.session import Session, State
from irve_bridge.service.desk import Desk


def add_to(session: Actions) -> None:
    """Add these actions."""
    listing = add(session, "list", list_sessions, "newest first")
    states = [state.value for state in State]
    listing.add_argument("--state", choices=states, metavar="STATE", help=", ".join(states))
    show = add(session, "show", show_session, "one session's whole story")
    show.add_argument("id")
    decide = add(session, "decide", decide_session, "settle a review, or lower or forgive a debt")
    decide.add_argument("id")
    decide.add_argument(
        "amount_minor",
        type=int,
        help="what the driver pays in all, in minor units; 0 for nothing",
    )
    refund = add(session, "refund", refund_session, "give back what was paid, whole or in part")
    refund.add_argument("id")
    refund.add_argument("--amount", type=int, help="in minor units (default: all that is left)")
    refund.add_argument("--reason", required=True, help="kept in the history: name nobody")


async def list_sessions(arguments: argparse.Namespace) -> int:
    """Show sessions, newest first."""
    async with open_database(arguments) as storage:
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


async def show_session(arguments: argparse.Namespace) -> int:
    """Show history and movements of one."""
    async with open_database(arguments) as storage:
        session = await storage.read(lambda tx: tx.sessions.get(arguments.id))
        if session is None:
            raise Refusal(f"There is no session {arguments.id}.")
        history = await storage.read(lambda tx: tx.sessions.history(session.id))
        movements = await storage.read(lambda tx: tx.books.movements(session.id))
        key = (session.charge_point_id, session.transaction_id or "")
        signed = await storage.read(lambda tx: tx.signatures.of(*key))
    console.print("  ".join(_session_row(session)))
    for line in history:
        console.print(f"{line.at:%F %T}  {line.before} → {line.after}  {line.event}")
    for reading in signed:
        said = reading.verdict
        told = f"{said.outcome} {said.note}" if said else "not verified yet"
        console.print(f"{reading.at:%F %T}  signed, {reading.context}: {told}")
    for movement in movements:
        amount = f"{movement.amount_minor} {movement.currency}"
        console.print(f"{movement.at:%F %T}  {movement.kind} {amount}  {movement.provider_id}")
    return 0


async def decide_session(arguments: argparse.Namespace) -> int:
    """Store what a person decided."""
    async with _desk(arguments) as desk:
        session = await desk.decide(arguments.id, arguments.amount_minor)
    console.print(f"{session.id} is {session.state}; the running bridge does the rest.")
    return 0


async def refund_session(arguments: argparse.Namespace) -> int:
    """Ask for a refund; the running bridge makes it."""
    async with _desk(arguments) as desk:
        session = await desk.refund(arguments.id, arguments.amount, arguments.reason)
    left = f"{session.decided_minor} {session.currency}"
    console.print(f"{session.id}: {left} remain paid; the running bridge gives the rest back.")
    return 0


def _desk(arguments: argparse.Namespace) -> AbstractAsyncContextManager[Desk]:
    from irve_bridge.bootstrap import offline_desk  # noqa: PLC0415 - it imports every room

    return offline_desk(settings_of(arguments))
