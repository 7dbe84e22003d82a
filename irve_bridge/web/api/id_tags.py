"""The id tags of the operator's own customers, by the CSMS's key."""

from typing import TypedDict

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.id_tags import IdTagEntry, IdTagRow
from irve_bridge.web.api.documents import Moment, iso
from irve_bridge.web.api.inventory_documents import Listed
from irve_bridge.web.callers import require_csms
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of
from irve_bridge.web.forms import Page, read_json, read_query, validated

ENTRY = TypeAdapter(IdTagEntry)
ROW = TypeAdapter(IdTagRow)
PAGE = TypeAdapter(Page)


class IdTagDocument(TypedDict):
    """A tag of one of the operator's own customers, in upper case."""

    id_tag: str
    status: IdTagStatus
    parent_id_tag: str | None
    expires_at: Moment | None
    name: str


class IdTags(Listed):
    """Id tags in order."""

    id_tags: list[IdTagDocument]


async def listing(request: web.Request) -> web.Response:
    """Answer GET /api/id-tags?after=…&limit=…, in order."""
    require_csms(request)
    page = read_query(request, PAGE)
    found = await request.app[CONTEXT].storage.read(
        lambda tx: tx.id_tags.after(page.after, page.limit)
    )
    return web.json_response(
        IdTags(
            id_tags=[_document(tag) for tag in found],
            next=next_of(found, page.limit, "id_tag"),
        )
    )


async def show(request: web.Request) -> web.Response:
    """Answer GET /api/id-tags/{id_tag}, whatever the case of its letters."""
    require_csms(request)
    named = request.match_info["id_tag"]
    tag = await request.app[CONTEXT].storage.read(lambda tx: tx.id_tags.get(named))
    if tag is None:
        raise _unknown()
    return web.json_response(_document(tag))


async def put(request: web.Request) -> web.Response:
    """Answer PUT /api/id-tags/{id_tag}: it is as the body says from now on."""
    require_csms(request)
    entry, _ = await read_json(request, ENTRY)
    named = {"id_tag": request.match_info["id_tag"]}
    tag = validated(ROW, entry.model_dump() | named).tag
    await request.app[CONTEXT].storage.transact(lambda tx: tx.id_tags.put(tag))
    return web.json_response(_document(tag))


async def remove(request: web.Request) -> web.Response:
    """Answer DELETE /api/id-tags/{id_tag}."""
    require_csms(request)
    named = request.match_info["id_tag"]
    if not await request.app[CONTEXT].storage.transact(lambda tx: tx.id_tags.remove(named)):
        raise _unknown()
    return web.Response(status=204)


def _unknown() -> UnknownThing:
    return UnknownThing("There is no such id tag.", "unknown_id_tag")


def _document(tag: IdTag) -> IdTagDocument:
    return {
        "id_tag": tag.id_tag,
        "status": tag.status,
        "parent_id_tag": tag.parent_id_tag,
        "expires_at": iso(tag.expires_at),
        "name": tag.name,
    }
