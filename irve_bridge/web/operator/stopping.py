"""Ending a charge in its driver's stead: asked for twice, done once, noted with who did it."""

import json
from urllib.parse import quote

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.errors import Conflict
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import Session, State
from irve_bridge.service.views import stoppable
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.rendering import presenter_of, signed_in
from irve_bridge.web.operator.sending import fields_of, once_by_form
from irve_bridge.web.operator.sessions import confirmed, session_page
from irve_bridge.web.operator.wording import STOPS, UNFIT
from irve_bridge.web.rendering import see_other
from irve_bridge.web.replies import Reply


class Stop(Body):
    """What the session stood in on the page."""

    state: State


STOP = TypeAdapter(Stop)


async def stop(request: web.Request) -> web.StreamResponse:
    """Answer POST /operator/sessions/{session_id}/stop: it is billed by the meter, as any end."""
    fields, sure = await fields_of(request)
    asked = validated(STOP, fields)
    session_id = request.match_info["session_id"]
    concern(session_id)
    language = presenter_of(request).language
    desk, by = request.app[CONTEXT].desk, signed_in(request).account.name

    async def act() -> Reply:
        session = await _fitting(request, session_id, asked)
        await desk.stop(session.id, StopCause.OPERATOR, by)
        return Reply(200, {})

    try:
        if not sure:
            session = await _fitting(request, session_id, asked)
            return await confirmed(request, session, language.text(STOPS[session.state]), fields)
        await once_by_form(request, json.dumps(fields), act)
    except Conflict:
        return await session_page(request, language.text(UNFIT), 409)
    return see_other(f"/operator/sessions/{quote(session_id, safe='')}?done=yes")


async def _fitting(request: web.Request, session_id: str, asked: Stop) -> Session:
    """Return the session.

    Raises:
        Conflict: It no longer stands as its page showed it, or has nothing to be stopped.
    """
    session = await request.app[CONTEXT].desk.session(session_id)
    if session.state is not asked.state or not stoppable(session):
        raise Conflict("The session has moved on.")
    return session
