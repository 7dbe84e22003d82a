"""Charge points by the CSMS's key: what they are, what they do, and what they are asked to do."""

from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, TypeAdapter

from irve_bridge.domain.errors import CommandFailed
from irve_bridge.service.commands import TIMEOUT
from irve_bridge.service.ports import Selection
from irve_bridge.web.api.inventory_documents import (
    Answered,
    ChargePoints,
    ChargingProfiles,
    Commands,
    Events,
    Reservations,
    Strangers,
    Transactions,
    charge_point_document,
    document,
    listed,
    metered_document,
    profile_document,
    reservation_document,
    transaction_document,
)
from irve_bridge.web.callers import CSMS, require_csms
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import Moment, next_of, placed
from irve_bridge.web.forms import (
    ChargePointsPage,
    NumberedPage,
    Page,
    ReservationsPage,
    TransactionsPage,
    read_json,
    read_query,
)
from irve_bridge.web.refusals import document as document_of
from irve_bridge.web.refusals import status_of
from irve_bridge.web.replies import Reply, once

PAYLOAD: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
PAGE = TypeAdapter(Page)
NUMBERED = TypeAdapter(NumberedPage)
CHARGE_POINTS = TypeAdapter(ChargePointsPage)
TRANSACTIONS = TypeAdapter(TransactionsPage)
RESERVATIONS = TypeAdapter(ReservationsPage)
Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
TRANSACTION_PLACE: TypeAdapter[tuple[datetime, str, str]] = TypeAdapter(tuple[Moment, str, str])
RESERVATION_PLACE: TypeAdapter[tuple[str, int]] = TypeAdapter(tuple[str, Number])
PROFILE_PLACE: TypeAdapter[tuple[str, int, int]] = TypeAdapter(tuple[str, Number, Number])


async def command(request: web.Request) -> web.Response:
    """Answer POST /api/charge-points/{charge_point_id}/commands/{action} with what it said."""
    require_csms(request)
    payload, text = await read_json(request, PAYLOAD)
    reply = await once(request, CSMS, text, lambda: _command(request, payload))
    return reply.response()


async def _command(request: web.Request, payload: dict[str, Any]) -> Reply:
    named = (request.match_info["charge_point_id"], request.match_info["action"])
    try:
        answer = await request.app[CONTEXT].control.send(*named, payload)
    except CommandFailed as failed:
        if failed.code != TIMEOUT:
            raise
        # It may have arrived: under the same key it is not sent again.
        return Reply(status_of(failed), document_of(failed))
    return Reply(200, Answered(status=answer.get("status"), answer=answer))


async def listing(request: web.Request) -> web.Response:
    """Answer GET /api/charge-points?online=…&after=…&limit=…, by id."""
    require_csms(request)
    page = read_query(request, CHARGE_POINTS)
    found = await request.app[CONTEXT].inventory.charge_points(
        page.limit, page.after, online=page.online
    )
    points = [point for point, _ in found]
    return web.json_response(
        ChargePoints(
            charge_points=[listed(*each) for each in found],
            next=next_of(points, page.limit, "id"),
        )
    )


async def show(request: web.Request) -> web.Response:
    """Answer GET /api/charge-points/{charge_point_id}."""
    require_csms(request)
    named = request.match_info["charge_point_id"]
    view = await request.app[CONTEXT].inventory.charge_point(named)
    return web.json_response(charge_point_document(view))


async def events(request: web.Request) -> web.Response:
    """Answer GET /api/charge-points/{charge_point_id}/events, newest first."""
    require_csms(request)
    page = read_query(request, NUMBERED)
    named = request.match_info["charge_point_id"]
    found = await request.app[CONTEXT].inventory.events(named, page.limit, page.after)
    return web.json_response(
        Events(events=[document(each) for each in found], next=next_of(found, page.limit, "id"))
    )


async def commands(request: web.Request) -> web.Response:
    """Answer GET /api/charge-points/{charge_point_id}/commands, newest first."""
    require_csms(request)
    page = read_query(request, NUMBERED)
    named = request.match_info["charge_point_id"]
    found = await request.app[CONTEXT].inventory.commands(named, page.limit, page.after)
    return web.json_response(
        Commands(commands=[document(each) for each in found], next=next_of(found, page.limit, "id"))
    )


async def transactions(request: web.Request) -> web.Response:
    """Answer GET /api/transactions?charge_point_id=…&running=…, newest first."""
    require_csms(request)
    page = read_query(request, TRANSACTIONS)
    selection = Selection(
        charge_point_id=page.charge_point_id,
        running=page.running,
        before=placed(page.after, TRANSACTION_PLACE),
    )
    found = await request.app[CONTEXT].inventory.transactions(selection, page.limit)
    return web.json_response(
        Transactions(
            transactions=[transaction_document(each) for each in found],
            next=next_of(found, page.limit, "start_at", "charge_point_id", "id"),
        )
    )


async def transaction(request: web.Request) -> web.Response:
    """Answer GET /api/transactions/{charge_point_id}/{transaction_id} with its last readings."""
    require_csms(request)
    page = read_query(request, PAGE)
    named = (request.match_info["charge_point_id"], request.match_info["transaction_id"])
    view = await request.app[CONTEXT].inventory.transaction(*named, page.limit)
    return web.json_response(metered_document(view))


async def reservations(request: web.Request) -> web.Response:
    """Answer GET /api/reservations?charge_point_id=…: what is reserved now."""
    require_csms(request)
    page = read_query(request, RESERVATIONS)
    found = await request.app[CONTEXT].inventory.reservations(
        page.limit, page.charge_point_id, placed(page.after, RESERVATION_PLACE) or ("", 0)
    )
    return web.json_response(
        Reservations(
            reservations=[reservation_document(each) for each in found],
            next=next_of(found, page.limit, "charge_point_id", "id"),
        )
    )


async def charging_profiles(request: web.Request) -> web.Response:
    """Answer GET /api/charging-profiles: those that charge points accepted."""
    require_csms(request)
    page = read_query(request, PAGE)
    found = await request.app[CONTEXT].inventory.charging_profiles(
        page.limit, placed(page.after, PROFILE_PLACE) or ("", 0, 0)
    )
    return web.json_response(
        ChargingProfiles(
            charging_profiles=[profile_document(each) for each in found],
            next=next_of(found, page.limit, "charge_point_id", "connector_number", "id"),
        )
    )


async def strangers(request: web.Request) -> web.Response:
    """Answer GET /api/strangers: who tried to connect and is not registered."""
    require_csms(request)
    page = read_query(request, PAGE)
    found = await request.app[CONTEXT].inventory.strangers(page.limit, page.after)
    return web.json_response(
        Strangers(
            strangers=[document(each) for each in found],
            next=next_of(found, page.limit, "charge_point_id"),
        )
    )
