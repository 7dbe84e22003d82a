"""What is due, what is disputed, and what to show a bank."""

import argparse
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Column, Table

from irve_bridge.cli.common import Actions, add, console, days_back, open_database, settings_of
from irve_bridge.cli.progress import busy
from irve_bridge.clock import SharedClock
from irve_bridge.domain.session import Session, State
from irve_bridge.service.evidence import record
from irve_bridge.service.views import Debt, cdrs_of, debt_of

if TYPE_CHECKING:
    from irve_bridge.service.ports import Storage, Tx

BATCH = 500
DEBTS_MOST = 10_000
DISPUTES_BACK_DAYS = 540
"""Some banks take a payment back a year and a half later."""


def add_to(session: Actions) -> None:
    """Add these actions."""
    add(session, "debts", list_debts, "what is due, the oldest first")
    disputes = add(session, "disputes", list_disputes, "payments that cardholders took back")
    disputes.add_argument(
        "--days",
        type=days_back,
        default=DISPUTES_BACK_DAYS,
        help=f"how old the sessions may be (default: {DISPUTES_BACK_DAYS})",
    )
    evidence = add(session, "evidence", write_evidence, "what answers a dispute, as JSON")
    evidence.add_argument("id")
    evidence.add_argument("--out", type=Path, help="file to write (default: the terminal)")
    cdr = add(session, "cdr", write_cdrs, "one session's OCPI CDRs, as JSON")
    cdr.add_argument("id")
    cdr.add_argument("--out", type=Path, help="file to write (default: the terminal)")


async def write_cdrs(arguments: argparse.Namespace) -> int:
    """Write one session's CDRs, as a list."""
    async with open_database(arguments) as storage:
        found = await storage.read(lambda tx: cdrs_of(tx, arguments.id))
    _write([cdr.document for cdr in found], arguments.out)
    return 0


async def list_debts(arguments: argparse.Namespace) -> int:
    """Show every debt with what time will bring."""
    policy = settings_of(arguments).policy
    async with open_database(arguments) as storage:
        found = await storage.read(lambda tx: tx.sessions.search(State.DUE, DEBTS_MOST))
    owing = [(session, debt) for session in found if (debt := debt_of(session, policy))]
    columns = ("amount", "since", "tries", "next try", "written off", "outcome")
    table = Table(Column("session", no_wrap=True), *columns)
    for session, debt in sorted(owing, key=lambda pair: pair[1].since):
        table.add_row(*_debt_row(session, debt))
    console.print(table)
    return 0


def _debt_row(session: Session, debt: Debt) -> tuple[str, ...]:
    amount = f"{session.decided_minor} {session.currency}"
    tried = (f"{debt.since:%F %T}", str(debt.tries), _moment(debt.next_try_at))
    return (session.id, amount, *tried, _moment(debt.written_off_at), session.outcome or "")


async def list_disputes(arguments: argparse.Namespace) -> int:
    """Show every session with a dispute, however it stands."""
    settings = settings_of(arguments)
    now = SharedClock(settings.clock_epoch, settings.clock_speed).now()
    table = Table(Column("session", no_wrap=True), "state", "paid", "opened", "dispute")
    async with open_database(arguments) as storage:
        with busy("Looking through the sessions"):
            async for session in _opened_since(storage, now - timedelta(days=arguments.days), now):
                if session.dispute is not None:
                    table.add_row(*_dispute_row(session))
    console.print(table)
    return 0


def _dispute_row(session: Session) -> tuple[str, ...]:
    paid = f"{session.paid_minor} {session.currency}"
    opened = f"{session.opened_at:%F %T}"
    return (session.id, session.state.value, paid, opened, session.dispute or "")


async def _opened_since(
    storage: "Storage", since: datetime, now: datetime
) -> AsyncIterator[Session]:
    last = ""
    while True:
        found = await storage.read(partial(_opened_after, last, since, now))
        for session in found:
            yield session
        if len(found) < BATCH:
            return
        last = found[-1].id


def _opened_after(last: str, since: datetime, now: datetime, tx: "Tx") -> list[Session]:
    return tx.sessions.opened_between(since, now, last, BATCH)


async def write_evidence(arguments: argparse.Namespace) -> int:
    """Write one session's evidence."""
    async with open_database(arguments) as storage:
        kept = await storage.read(lambda tx: record(tx, arguments.id))
    from irve_bridge.web.api.evidence import evidence_document  # noqa: PLC0415 - it brings all pages along

    _write(evidence_document(kept), arguments.out)
    return 0


def _write(document: object, out: Path | None) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if out is None:
        console.print_json(text)
    else:
        out.touch(mode=0o600)  # evidence says who the driver is
        out.write_text(f"{text}\n", encoding="utf-8")
        console.print(f"{out}")


def _moment(at: datetime | None) -> str:
    return f"{at:%F %T}" if at else "never"
