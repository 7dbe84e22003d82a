"""Charge points and tariffs as they are registered, by the CSMS's key: one entry at a time."""

import json
from typing import Annotated, Any

from aiohttp import web
from pydantic import ConfigDict, TypeAdapter, WithJsonSchema

from irve_bridge import stations
from irve_bridge.domain import ocpi, tariff_loading
from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.ports import Tx
from irve_bridge.stations_file import ChargePointEntry
from irve_bridge.web.api.inventory_documents import (
    ChangedChargePoint,
    Tariffs,
    charge_point_document,
)
from irve_bridge.web.callers import require_csms
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of
from irve_bridge.web.forms import Page, Registering, read_json, read_query, validated_json
from irve_bridge.web.refusals import RequestRefused


class Registration(ChargePointEntry):
    """An entry whose id may be left out: the address says it."""

    model_config = ConfigDict(json_schema_extra=lambda schema: schema["required"].remove("id"))


ENTRY = TypeAdapter(Registration)
DOCUMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
TARIFF: TypeAdapter[dict[str, Any]] = TypeAdapter(
    Annotated[dict[str, Any], WithJsonSchema({"$ref": "#/components/schemas/OcpiTariff"})]
)
PAGE = TypeAdapter(Page)
REGISTERING = TypeAdapter(Registering)


async def put(request: web.Request) -> web.Response:
    """Answer PUT /api/charge-points/{charge_point_id}: it is as the body says from now on."""
    require_csms(request)
    body, _ = await read_json(request, DOCUMENT)
    named = request.match_info["charge_point_id"]
    entry = validated_json(ENTRY, json.dumps({"id": named} | body))
    if entry.id != named:
        raise RequestRefused(422, "invalid", "id: the address names another one.", "id")
    replaced = (named,) if read_query(request, REGISTERING).replaced else ()
    context = request.app[CONTEXT]
    try:
        changes = await context.storage.read(lambda tx: _changes(tx, entry, replaced))
    except stations.FileRefused as refused:
        raise RequestRefused(422, "invalid", str(refused)) from refused
    await context.storage.transact(lambda tx: stations.apply(changes, tx.stations))
    view = await context.inventory.charge_point(named)
    told = [f"{change.sign} {change.name}" for change in changes]
    new = f"+ charge point {named}" in told
    shown: ChangedChargePoint = {**charge_point_document(view), "changes": told}
    return web.json_response(shown, status=201 if new else 200)


async def remove(request: web.Request) -> web.Response:
    """Answer DELETE /api/charge-points/{charge_point_id}."""
    require_csms(request)
    await request.app[CONTEXT].registrations.remove(request.match_info["charge_point_id"])
    return web.Response(status=204)


async def tariffs(request: web.Request) -> web.Response:
    """Answer GET /api/tariffs?after=…&limit=…, by id."""
    require_csms(request)
    page = read_query(request, PAGE)
    found = await request.app[CONTEXT].storage.read(
        lambda tx: tx.listings.tariffs(page.limit, page.after)
    )
    return web.json_response(
        Tariffs(tariffs=[_ocpi(tariff) for tariff in found], next=next_of(found, page.limit, "id"))
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
    _, text = await read_json(request, TARIFF)
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


def _ocpi(tariff: Tariff) -> Any:
    return ocpi.document({"tariff": tariff})["tariff"]
