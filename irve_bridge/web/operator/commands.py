"""Commands to a charge point, as its page's forms give them."""

import json
from urllib.parse import quote

from aiohttp import web

from irve_bridge.domain.errors import CommandFailed, UnknownThing
from irve_bridge.service.commands import TIMEOUT
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.asking import FORMS, TITLES, interrupts
from irve_bridge.web.operator.rendering import render, signed_in
from irve_bridge.web.operator.sending import fields_of, key_of, once_by_form
from irve_bridge.web.rendering import see_other
from irve_bridge.web.replies import Reply


async def send(request: web.Request) -> web.StreamResponse:
    """Answer POST /operator/stations/{charge_point_id}/commands/{action}.

    What may end a running charge is asked for twice; what was sent is not sent again by the same
    form.
    """
    named, action = request.match_info["charge_point_id"], request.match_info["action"]
    if action not in FORMS:
        raise UnknownThing(f"{action} has no form.", "unknown_action")
    fields, sure = await fields_of(request)
    payload = validated(FORMS[action], fields)
    if interrupts(action, payload) and not sure:
        return await _ask_again(request, named, action, fields)
    reply = await once_by_form(
        request, json.dumps(fields), lambda: _send(request, named, action, payload)
    )
    said = quote(str(reply.document["said"]), safe="")
    return see_other(f"/operator/stations/{quote(named, safe='')}?sent={action}&said={said}")


async def _send(request: web.Request, named: str, action: str, payload: Body) -> Reply:
    control, by = request.app[CONTEXT].control, signed_in(request).account.name
    try:
        answer = await control.send(named, action, payload.model_dump(), by)
    except CommandFailed as failed:
        if failed.code != TIMEOUT:
            raise
        # It may have arrived: the same form does not send it again.
        return Reply(200, {"said": failed.code})
    return Reply(200, {"said": answer.get("status", "")})


async def _ask_again(
    request: web.Request, named: str, action: str, fields: dict[str, str]
) -> web.Response:
    view = await request.app[CONTEXT].inventory.charge_point(named)
    back = f"/operator/stations/{quote(named, safe='')}"
    told = {
        "view": view,
        "point": view.charge_point,
        "title": TITLES[action],
        "fields": fields,
        "form_key": await key_of(request),
        "back": back,
    }
    return render(request, "confirm_command.html", told, address=back)
