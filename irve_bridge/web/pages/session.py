"""The driver's own page, from the checkout to the receipt, behind an unguessable link."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from irve_bridge.domain.curve import Curve
from irve_bridge.domain.debts import may_authenticate
from irve_bridge.domain.errors import Conflict, Refusal
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import MeteredBy, Session, State
from irve_bridge.service.policy import Policy, start_deadline
from irve_bridge.service.ports import ProviderUnreachable
from irve_bridge.service.views import SessionView, debt_of, stoppable
from irve_bridge.web.callers import remember
from irve_bridge.web.content_policy import content_policy
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.drawing import HEIGHT, WIDTH, drawn
from irve_bridge.web.pages.choices import extensions
from irve_bridge.web.progress import appearance
from irve_bridge.web.receipt import money_of
from irve_bridge.web.refusals import RequestRefused, status_of
from irve_bridge.web.rendering import presenter_of, render, see_other
from irve_bridge.web.signatures import signed_of
from irve_bridge.web.throttle import throttle_asking
from irve_bridge.web.watching import LIVE_INTERVAL_S

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


async def session(request: web.Request) -> web.Response:
    """Answer GET /c/{token}."""
    view = await view_of(request)
    running = view.live is not None
    curve = await request.app[CONTEXT].views.curve(view) if running else ()
    return session_page(request, view, curve=curve)


async def view_of(request: web.Request) -> SessionView:
    """Return the session that the link names.

    Raises:
        UnknownThing: The link names none.
    """
    view = await request.app[CONTEXT].views.by_token(request.match_info["token"])
    concern(view.session.id)
    return view


async def stop_question(request: web.Request) -> web.StreamResponse:
    """Answer GET /c/{token}/stop: for whoever has no JavaScript, the question on a page that stays.

    Their page of a running charge asks for itself anew every few seconds.
    """
    view = await view_of(request)
    if not stoppable(view.session):
        return see_other(f"/c/{view.session.token}")
    return session_page(request, view, asking=True)


def session_page(
    request: web.Request,
    view: SessionView,
    fault: Refusal | None = None,
    curve: Curve = (),
    *,
    asking: bool = False,
) -> web.Response:
    """Return the page of a session as it stands; `fault` says why something was not done.

    Where no `curve` is given, the live updates bring it. While it is `asking` whether to stop,
    nothing of it moves.
    """
    presenter = presenter_of(request)
    policy, codes = request.app[CONTEXT].policy, request.app[CONTEXT].codes
    session, settings = view.session, request.app[CONTEXT].settings
    stripe_js = settings.stripe_js if may_authenticate(session) else None
    time_zone = view.charge_point.time_zone if view.charge_point else "UTC"
    told = {
        "view": view,
        "session": session,
        "here": f"/c/{session.token}",
        "station": codes.path(session.charge_point_id, session.connector_number),
        "story": presenter.story(view),
        "fault": presenter.refusal(fault) if fault else None,
        "live": presenter.live(view.live) if view.live else None,
        "curve": drawn(curve, presenter.language, time_zone),
        "curve_box": (WIDTH, HEIGHT),
        "appearance": appearance(view),
        "asking": asking,
        "moving": session.state not in _STILL and not asking,
        "refresh_s": LIVE_INTERVAL_S,
        "time_zone": time_zone,
        "start_by": _start_by(view, policy, request.app[CONTEXT].clock.now()),
        "stoppable": stoppable(session),
        "money": money_of(view),
        "signed": signed_of(view.signed),
        "debt": debt_of(session, policy),
        "stripe_js": stripe_js,
        "extensions": extensions(session, policy, presenter.language),
    }
    status = status_of(fault) if fault else web.HTTPOk.status_code
    template = TEMPLATES.get(session.state, OVER)
    reveals = "token" not in request.match_info
    here = f"/c/{session.token}"
    response = render(request, template, told, status, address=here, reveals=reveals)
    if stripe_js is not None:
        policy_of_page = content_policy(settings.checkout_origins, stripe_js)
        response.headers["Content-Security-Policy"] = policy_of_page
    remember(request, response, session.token)
    return response


def _start_by(view: SessionView, policy: Policy, now: datetime) -> time | None:
    """Return until when to plug in, on the station's clock; None where that is not known."""
    session, charge_point = view.session, view.charge_point
    waits = session.state is State.SECURED and session.stop_cause is None
    if not waits or charge_point is None or charge_point.connected_at is None:
        return None
    at = start_deadline(session, policy)
    return at.astimezone(ZoneInfo(charge_point.time_zone)).time() if at > now else None


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
        throttle_asking(request, session.id)
        return await request.app[CONTEXT].desk.look(session)
    except ProviderUnreachable:
        log.warning("provider_unreachable", session_id=session.id)
    except RequestRefused:
        log.info("provider_not_asked", session_id=session.id)
    return session
