"""The given address at which a driver ends a charge; it takes no amount, the meter decides."""

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.errors import UnknownThing
from irve_bridge.service.views import SessionView, debt_of
from irve_bridge.web.api.documents import Stopping, session_document
from irve_bridge.web.callers import is_driver
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.forms import Finish, read_form, read_json, validated
from irve_bridge.web.pages.session import ask_to_stop, session_page
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.rendering import render, see_other, wants_page
from irve_bridge.web.replies import Reply, once

FINISH = TypeAdapter(Finish)


async def show(request: web.Request) -> web.Response:
    """Answer GET /finish-dynamic-charge/{session_id}: shows, and changes nothing."""
    view = await _view(request)
    if view is None or not is_driver(request, view.session):
        if wants_page(request):
            return render(request, "finish.html", {})
        raise _not_yours()
    if wants_page(request):
        return session_page(request, view)
    debt = debt_of(view.session, request.app[CONTEXT].policy)
    return web.json_response(session_document(view, debt))


async def finish(request: web.Request) -> web.StreamResponse:
    """Answer POST /finish-dynamic-charge/{session_id}: asks the charge to stop."""
    if request.content_type == "application/json":
        body, _ = await read_json(request, FINISH)
    else:
        body = validated(FINISH, await read_form(request))
    view = await _view(request)
    if view is None or not is_driver(request, view.session, body.token):
        raise _not_yours()
    reply = await once(request, view.session.id, "", lambda: _stop(request, view))
    if wants_page(request):
        return see_other(f"/c/{view.session.token}")
    return reply.response()


async def _view(request: web.Request) -> SessionView | None:
    try:
        return await request.app[CONTEXT].views.by_id(request.match_info["session_id"])
    except UnknownThing:
        return None


async def _stop(request: web.Request, view: SessionView) -> Reply:
    stopped = await ask_to_stop(request, view.session)
    return Reply(200, Stopping(session_id=stopped.id, status=stopped.state))


def _not_yours() -> RequestRefused:
    """An unknown session gets the same answer, so that nobody can ask which ones exist."""
    return RequestRefused(401, "unauthorized", "Show the session's own token.")
