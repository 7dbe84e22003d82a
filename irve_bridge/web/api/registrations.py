"""Charge points and tariffs as they are registered, by the CSMS's key: one entry at a time."""

from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge import stations
from irve_bridge.domain import ocpi, tariff_loading
from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.ports import Tx
from irve_bridge.stations_file import ChargePointEntry
from irve_bridge.web.api.inventory_documents import charge_point_document
from irve_bridge.web.callers import require_csms
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of
from irve_bridge.web.forms import Page, Registering, read_json, validated
from irve_bridge.web.refusals import RequestRefused

ENTRY = TypeAdapter(ChargePointEntry)
DOCUMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
PAGE = TypeAdapter(Page)
REGISTERING = TypeAdapter(Registering)


async def put(request: web.Request) -> web.Response:
    """Answer PUT /api/charge-points/{charge_point_id}: it is as the body says from now on."""
    require_csms(request)
    body, _ = await read_json(request, DOCUMENT)
    named = request.match_info["charge_point_id"]
    entry = validated(ENTRY, {"id": named} | body)
    if entry.id != named:
        raise RequestRefused(422, "invalid", "id: the address names another one.", "id")
    replaced = (named,) if validated(REGISTERING, dict(request.query)).replaced else ()
    context = request.app[CONTEXT]
    try:
        changes = await context.storage.read(lambda tx: _changes(tx, entry, replaced))
    except stations.FileRefused as refused:
        raise RequestRefused(422, "invalid", str(refused)) from refused
    await context.storage.transact(lambda tx: stations.apply(changes, tx.stations))
    shown = charge_point_document(await context.inventory.charge_point(named))
    told = [f"{change.sign} {change.name}" for change in changes]
    new = f"+ charge point {named}" in told
    return web.json_response(shown | {"changes": told}, status=201 if new else 200)


async def remove(request: web.Request) -> web.Response:
    """Answer DELETE /api/charge-points/{charge_point_id}."""
    require_csms(request)
    await request.app[CONTEXT].registrations.remove(request.match_info["charge_point_id"])
    return web.Response(status=204)


async def tariffs(request: web.Request) -> web.Response:
    """Answer GET /api/tariffs?after=…&limit=…, by id."""
    require_csms(request)
    page = validated(PAGE, dict(request.query))
    found = await request.app[CONTEXT].storage.read(
        lambda tx: tx.listings.tariffs(page.limit, page.after)
    )
    return web.json_response(
        {"tariffs": [_ocpi(tariff) for tariff in found], "next": next_of(found, page.limit, "id")}
    )


async def tariff(request: web.Request) -> web.Response:
    """Answer GET /api/tariffs/{tariff_id} with the OCPI object."""
    require_csms(request)
    named = request.match_info["tariff_id"]
    found = await request.app[CONTEXT].storage.read(lambda tx: tx.stations.tariff(named))
    if found is None:
        raise UnknownThing("There is no such tariff.", "unknown_tariff")
    return web.json_response(_ocpi(found))


async def put_tariff(request: web.Request) -> web.Response:
    """Answer PUT /api/tariffs/{tariff_id}: it holds for new sessions from now on."""
    require_csms(request)
    # Prices are exact: the body's own digits, not those of a float.
    _, text = await read_json(request, DOCUMENT)
    wanted = tariff_loading.load(text.encode())
    if wanted.id != request.match_info["tariff_id"]:
        raise RequestRefused(422, "invalid", "id: the address names another one.", "id")
    try:
        await request.app[CONTEXT].storage.transact(lambda tx: _put_tariff(tx, wanted))
    except stations.FileRefused as refused:
        raise RequestRefused(422, "invalid", str(refused)) from refused
    return web.json_response(_ocpi(wanted))


def _changes(tx: Tx, entry: ChargePointEntry, replaced: tuple[str, ...]) -> list[stations.Change]:
    return list(stations.differences(stations.alone(entry, tx), tx.stations, replaced))


def _put_tariff(tx: Tx, wanted: Tariff) -> None:
    stations.refuse_where_it_holds(wanted, tx)
    tx.stations.put(wanted)


def _ocpi(tariff: Tariff) -> dict[str, Any]:
    told: dict[str, Any] = ocpi.document({"tariff": tariff})["tariff"]
    return told
