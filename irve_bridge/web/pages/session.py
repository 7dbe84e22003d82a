"""The driver's own page, from the checkout to the receipt, behind an unguessable link."""

import structlog
from aiohttp import web

from irve_bridge.domain.errors import Conflict, Refusal
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import MeteredBy, Session, State
from irve_bridge.service.ports import ProviderUnreachable
from irve_bridge.service.views import SessionView, debt_of
from irve_bridge.web.callers import remember
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.pages.choices import extensions
from irve_bridge.web.progress import LIVE_INTERVAL_S, appearance
from irve_bridge.web.receipt import money_of
from irve_bridge.web.refusals import status_of
from irve_bridge.web.rendering import presenter_of, render, see_other
from irve_bridge.web.signatures import signed_of

log = structlog.get_logger()

TEMPLATES = {
    State.OPEN: "session/waiting.html",
    State.SECURED: "session/waiting.html",
    State.CHARGING: "session/charging.html",
    State.STOPPING: "session/charging.html",
    State.SETTLING: "session/waiting.html",
    State.SETTLED: "session/receipt.html",
    State.DUE: "session/due.html",
}
OVER = "session/over.html"
_STILL = frozenset({State.SETTLED, State.RELEASED, State.ABANDONED, State.WRITTEN_OFF})
_PAYABLE = frozenset({State.OPEN, State.ABANDONED, State.DUE, State.WRITTEN_OFF})
_STOPPABLE = frozenset({State.SECURED, State.CHARGING})


async def session(request: web.Request) -> web.Response:
    """Answer GET /c/{token}."""
    return session_page(request, await view_of(request))


async def view_of(request: web.Request) -> SessionView:
    """Return the session that the link names.

    Raises:
        UnknownThing: The link names none.
    """
    view = await request.app[CONTEXT].views.by_token(request.match_info["token"])
    concern(view.session.id)
    return view


def session_page(
    request: web.Request, view: SessionView, fault: Refusal | None = None
) -> web.Response:
    """Return the page of a session as it stands; `fault` says why something was not done."""
    presenter = presenter_of(request)
    policy, codes = request.app[CONTEXT].policy, request.app[CONTEXT].codes
    session = view.session
    told = {
        "view": view,
        "session": session,
        "here": f"/c/{session.token}",
        "station": codes.path(session.charge_point_id, session.connector_number),
        "story": presenter.story(view),
        "fault": presenter.refusal(fault) if fault else None,
        "live": presenter.live(view.live) if view.live else None,
        "appearance": appearance(view),
        "moving": session.state not in _STILL,
        "refresh_s": LIVE_INTERVAL_S,
        "time_zone": view.charge_point.time_zone if view.charge_point else "UTC",
        "stoppable": session.state in _STOPPABLE
        and session.stop_cause is None
        and session.metered_by is MeteredBy.BRIDGE,
        "money": money_of(view),
        "signed": signed_of(view.signed),
        "debt": debt_of(session, policy),
        "extensions": extensions(session, policy, presenter.language),
    }
    status = status_of(fault) if fault else web.HTTPOk.status_code
    template = TEMPLATES.get(session.state, OVER)
    response = render(request, template, told, status, address=f"/c/{session.token}")
    remember(request, response, session.token)
    return response


async def returned(request: web.Request) -> web.StreamResponse:
    """Answer GET /c/{token}/return: the checkout sends the driver back, perhaps before its webhook.

    The provider is asked; a driver is never told to wait for a webhook that is late.
    """
    session = (await view_of(request)).session
    if session.state in _PAYABLE:
        await _looked(request, session)
    return see_other(f"/c/{session.token}")


async def cancelled(request: web.Request) -> web.StreamResponse:
    """Answer GET and POST /c/{token}/cancelled: the driver left the checkout, so it is closed.

    One that was paid after all is not: no address that only needs a GET gives money back. One for
    what is due stays open: it is used again.
    """
    session = (await view_of(request)).session
    if session.state in (State.OPEN, State.DUE):
        session = await _looked(request, session)
    if session.state is State.OPEN:
        await request.app[CONTEXT].desk.give_up(session.id)
    return see_other(f"/c/{session.token}")


async def stop(request: web.Request) -> web.StreamResponse:
    """Answer POST /c/{token}/stop."""
    session = (await view_of(request)).session
    await ask_to_stop(request, session)
    return see_other(f"/c/{session.token}")


async def ask_to_stop(request: web.Request, session: Session) -> Session:
    """Ask for the stop in the driver's name.

    Raises:
        Conflict: The CSMS meters this session, so the CSMS ends it.
    """
    if session.metered_by is MeteredBy.CSMS:
        raise Conflict("The CSMS meters this session: it is ended there.")
    return await request.app[CONTEXT].desk.stop(session.id, StopCause.DRIVER)


async def _looked(request: web.Request, session: Session) -> Session:
    try:
        return await request.app[CONTEXT].desk.look(session)
    except ProviderUnreachable:
        log.warning("provider_unreachable", session_id=session.id)
        return session
