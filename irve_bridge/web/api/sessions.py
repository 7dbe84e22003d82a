"""The CSMS's routes: start, end and look at a session."""

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from irve_bridge.service.desk import Opening
from irve_bridge.service.views import SessionView, debt_of
from irve_bridge.web.api.documents import (
    Checkout,
    Started,
    iso,
    operator_document,
    session_document,
    summary,
)
from irve_bridge.web.callers import CSMS, is_csms, is_driver, require_csms
from irve_bridge.web.context import CHECKOUT_TIMEOUT_S, CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.debts import open_checkout
from irve_bridge.web.forms import End, Pay, Start, read_json
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.replies import Reply, once

START = TypeAdapter(Start)
END = TypeAdapter(End)
PAY = TypeAdapter(Pay)


async def start(request: web.Request) -> web.Response:
    """Answer POST /api/start-charging-session."""
    require_csms(request)
    body, text = await read_json(request, START)
    reply = await once(request, CSMS, text, lambda: _start(request, body))
    return reply.response()


async def end(request: web.Request) -> web.Response:
    """Answer POST /api/end-charging-session."""
    require_csms(request)
    body, text = await read_json(request, END)
    reply = await once(request, CSMS, text, lambda: _end(request, body))
    return reply.response()


async def show(request: web.Request) -> web.Response:
    """Answer GET /api/sessions/{session_id}, to the CSMS or the session's own driver."""
    view = await _own(request)
    debt = debt_of(view.session, request.app[CONTEXT].policy)
    document = operator_document if is_csms(request) else session_document
    return web.json_response(document(view, debt))


async def pay(request: web.Request) -> web.Response:
    """Answer POST /api/sessions/{session_id}/pay, to the CSMS or the session's own driver."""
    view = await _own(request)
    _, text = await read_json(request, PAY)
    caller = CSMS if is_csms(request) else view.session.token
    reply = await once(request, caller, text, lambda: _pay(request, view.session.id))
    return reply.response()


async def _own(request: web.Request) -> SessionView:
    """Return the session, to the CSMS or its own driver; others do not learn whether it exists.

    Raises:
        RequestRefused: 401.
    """
    try:
        view = await request.app[CONTEXT].views.by_id(request.match_info["session_id"])
    except UnknownThing:
        if is_csms(request):
            raise
        view = None
    if view is None or not (is_csms(request) or is_driver(request, view.session)):
        raise RequestRefused(401, "unauthorized", "Show the CSMS's key or the session's token.")
    return view


async def _pay(request: web.Request, session_id: str) -> Reply:
    session = await open_checkout(request, session_id)
    return Reply(
        200,
        Checkout(
            url=session.checkout_url,
            expires_at=iso(session.checkout_expires_at),
            amount=session.decided_minor,
            currency=session.currency,
        ),
    )


async def _start(request: web.Request, body: Start) -> Reply:
    context = request.app[CONTEXT]
    opened = await context.desk.open(
        Opening(
            plan=PlanName.DYNAMIC,
            charge_point_id=body.charge_point_id,
            connector_number=body.connector_id,
            client_id=body.client_id,
            metered_by=body.metered_by,
            payment_method_id=body.payment_method_id or body.token,
        )
    )
    concern(opened.id)
    session = await context.desk.checkout(opened.id, CHECKOUT_TIMEOUT_S)
    if session.state is State.ABANDONED:
        raise RequestRefused(
            402, "card_refused", f"The card was refused: {session.outcome or 'unknown'}."
        )
    return Reply(201 if session.state is not State.OPEN else 202, _started(session))


def _started(session: Session) -> Started:
    """A setup that needs the driver's own action gives an address to send them to."""
    started: Started = {"session_id": session.id, "status": session.state}
    if session.state is State.OPEN and session.checkout_url:
        started["url"] = session.checkout_url
        started["expires_at"] = iso(session.checkout_expires_at)
    return started


async def _end(request: web.Request, body: End) -> Reply:
    desk = request.app[CONTEXT].desk
    session = await desk.session(body.session_id)
    concern(session.id)
    if body.currency is not None and body.currency != session.currency:
        sentence = f"This session's currency is {session.currency}."
        raise RequestRefused(422, "currency_refused", sentence, "currency")
    reported = body.reported_wh is not None or body.amount is not None
    if reported:
        ended = await desk.report_end(session.id, body.reported_wh, body.amount)
    elif session.metered_by is MeteredBy.BRIDGE:
        ended = await desk.stop(session.id, StopCause.CSMS)
    else:
        raise RequestRefused(
            422, "invalid", "The CSMS meters this session: give energy_wh or amount.", "energy_wh"
        )
    return Reply(200, summary(ended))
