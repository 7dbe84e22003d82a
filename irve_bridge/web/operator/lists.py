"""What is only looked at: logs of charge points, customers' id tags, and who is not registered."""

from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field, TypeAdapter

from irve_bridge.service.inventory import known
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.rendering import presenter_of, render
from irve_bridge.web.operator.wording import ID_TAGS

SHOWN = 100


class Listed(Body):
    """Where a list goes on."""

    after: Annotated[str, Field(max_length=255)] = ""
    lang: str = ""


class Numbered(Body):
    """Where a list of numbered things goes on, downwards."""

    after: Annotated[
        Annotated[int, Field(ge=1, le=2**63 - 1)] | None,
        BeforeValidator(lambda said: said or None),
    ] = None
    lang: str = ""


async def id_tags(request: web.Request) -> web.Response:
    """Answer GET /operator/id-tags?after=…, in order."""
    after = validated(TypeAdapter(Listed), dict(request.query)).after
    found = await request.app[CONTEXT].storage.read(lambda tx: tx.id_tags.after(after, SHOWN))
    now = presenter_of(request).now
    told = {
        "found": [(tag, ID_TAGS[tag.at(now).status]) for tag in found],
        "after": after,
        "next": next_of(found, SHOWN, "id_tag"),
    }
    return render(request, "id_tags.html", told)


async def strangers(request: web.Request) -> web.Response:
    """Answer GET /operator/strangers?after=…, by identity."""
    after = validated(TypeAdapter(Listed), dict(request.query)).after
    found = await request.app[CONTEXT].inventory.strangers(SHOWN, after)
    told = {"found": found, "after": after, "next": next_of(found, SHOWN, "charge_point_id")}
    return render(request, "strangers.html", told)


async def events(request: web.Request) -> web.Response:
    """Answer GET /operator/stations/{charge_point_id}/events?after=…, newest first."""
    context, named = request.app[CONTEXT], request.match_info["charge_point_id"]
    after = validated(TypeAdapter(Numbered), dict(request.query)).after
    found = await context.inventory.events(named, SHOWN, after)
    point = await context.storage.read(lambda tx: known(tx, named))
    told = {"point": point, "found": found, "after": after, "next": next_of(found, SHOWN, "id")}
    return render(request, "station_events.html", told)


async def commands(request: web.Request) -> web.Response:
    """Answer GET /operator/stations/{charge_point_id}/commands?after=…, newest first."""
    context, named = request.app[CONTEXT], request.match_info["charge_point_id"]
    after = validated(TypeAdapter(Numbered), dict(request.query)).after
    found = await context.inventory.commands(named, SHOWN, after)
    point = await context.storage.read(lambda tx: known(tx, named))
    told = {"point": point, "found": found, "after": after, "next": next_of(found, SHOWN, "id")}
    return render(request, "station_commands.html", told)
