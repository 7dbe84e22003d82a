"""What is taken away to other books: sessions and movements as CSV, CDRs as OCPI has them.

The columns have the API's names, in no language.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from irve_bridge.domain.money import minor_digits
from irve_bridge.service import exports
from irve_bridge.service.exports import Account
from irve_bridge.service.ports import CHARGED, DISPUTED, REFUNDED, Booked, Storage, moved_minor
from irve_bridge.service.takings import Days
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.operator.days import Asked
from irve_bridge.web.operator.files import send
from irve_bridge.web.operator.rendering import presenter_of
from irve_bridge.web.operator.sheets import Cell, Sheet

T = TypeVar("T")

SESSIONS = (
    *("session_id", "receipts", "state", "plan", "charge_point_id", "connector_id", "evse_id"),
    *("opened_at", "started_at", "stopped_at", "ended_at", "energy_wh", "currency"),
    *("billed_minor", "billed", "vat_minor", "vat", "charged_minor", "charged"),
    *("refunded_minor", "refunded", "disputed_minor", "disputed", "payment_id"),
)
MOVEMENTS = (
    *("number", "at", "kind", "session_id", "charge_point_id", "currency", "amount_minor"),
    *("amount", "provider", "account", "provider_id", "payment_id"),
)


class AskedFile(Asked):
    """Which days, which station, and for whom."""

    reader: Literal["program", "spreadsheet"] = "program"


async def sessions(request: web.Request) -> web.StreamResponse:
    """Answer GET /operator/takings/sessions.csv: those that ended on these days."""
    return await _csv(request, "sessions", exports.accounts, SESSIONS, _session)


async def movements(request: web.Request) -> web.StreamResponse:
    """Answer GET /operator/takings/movements.csv: what the books say of these days."""
    return await _csv(request, "movements", exports.movements, MOVEMENTS, _movement)


async def cdrs(request: web.Request) -> web.StreamResponse:
    """Answer GET /operator/takings/cdrs.json: OCPI 2.2.1 CDR objects made on these days."""
    asked = Asked.of(request)
    days = await asked.days(request)
    pages = exports.cdrs(request.app[CONTEXT].storage, days, asked.station or None)

    async def parts() -> AsyncGenerator[bytes]:
        before = b"[\n"
        async for page in pages:
            for cdr in page:
                yield before + msgspec.json.encode(cdr.document)
                before = b",\n"
        yield b"[]\n" if before == b"[\n" else b"\n]\n"

    return await send(request, _name("cdrs", days, "json"), "application/json", parts())


async def _csv(
    request: web.Request,
    what: str,
    read: Callable[[Storage, Days, str | None], AsyncIterator[Sequence[T]]],
    columns: Sequence[str],
    line: Callable[[T], Sequence[Cell]],
) -> web.StreamResponse:
    asked = AskedFile.of(request)
    days = await asked.days(request)
    sheet = _sheet(request, asked, days)
    pages = read(request.app[CONTEXT].storage, days, asked.station or None)

    async def parts() -> AsyncGenerator[bytes]:
        yield sheet.head(columns)
        async for page in pages:
            yield sheet.lines(map(line, page))

    return await send(request, _name(what, days, "csv"), "text/csv", parts())


def _sheet(request: web.Request, asked: AskedFile, days: Days) -> Sheet:
    if asked.reader == "program":
        return Sheet()
    return Sheet.for_spreadsheets(presenter_of(request).language, days.time_zone)


def _name(what: str, days: Days, ending: str) -> str:
    return f"{what}_{days.first}_{days.last}.{ending}"


def _session(account: Account) -> Sequence[Cell]:
    session, currency = account.session, account.session.currency
    amounts = (
        account.billed_minor,
        account.vat_minor,
        moved_minor(account.movements, CHARGED),
        moved_minor(account.movements, REFUNDED),
        moved_minor(account.movements, DISPUTED),
    )
    return (
        session.id,
        " ".join(f"{paper.number:06}" for paper in account.papers),
        session.state.value,
        session.plan.value,
        session.charge_point_id,
        session.connector_number,
        account.evse_id,
        session.opened_at,
        session.started_at,
        session.stopped_at,
        session.ended_at,
        session.energy_wh,
        currency,
        *(cell for minor in amounts for cell in (minor, _major(minor, currency))),
        session.payment_intent_id,
    )


def _movement(booked: Booked) -> Sequence[Cell]:
    movement = booked.movement
    return (
        booked.number,
        movement.at,
        movement.kind,
        movement.session_id,
        booked.charge_point_id,
        movement.currency,
        movement.amount_minor,
        _major(movement.amount_minor, movement.currency),
        movement.provider,
        movement.account,
        movement.provider_id,
        movement.payment_id,
    )


def _major(amount_minor: int, currency: str) -> Decimal:
    return Decimal(amount_minor).scaleb(-minor_digits(currency))
