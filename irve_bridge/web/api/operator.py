"""The operator's routes, by the CSMS's key: refunds, decisions, lists, evidence."""

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.session import Session
from irve_bridge.service.views import debt_of
from irve_bridge.web.api.documents import Cdrs, Refunding, Sessions, listed, summary
from irve_bridge.web.api.evidence import evidence_document
from irve_bridge.web.callers import CSMS, require_csms
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.forms import Decision, Listing, Refund, read_json, read_query
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.replies import HEADER, Reply, once

REFUND = TypeAdapter(Refund)
DECISION = TypeAdapter(Decision)
LISTING = TypeAdapter(Listing)


async def refund(request: web.Request) -> web.Response:
    """Answer POST /api/sessions/{session_id}/refunds: 202, the money goes back from here on."""
    require_csms(request)
    body, text = await read_json(request, REFUND)
    reply = await once(request, CSMS, text, lambda: _refund(request, body))
    return reply.response()


async def decide(request: web.Request) -> web.Response:
    """Answer POST /api/sessions/{session_id}/decision."""
    require_csms(request)
    body, text = await read_json(request, DECISION)
    reply = await once(request, CSMS, text, lambda: _decide(request, body))
    return reply.response()


async def listing(request: web.Request) -> web.Response:
    """Answer GET /api/sessions?state=…&limit=…, newest first."""
    require_csms(request)
    context = request.app[CONTEXT]
    asked = read_query(request, LISTING)
    found = await context.views.newest(asked.state, asked.limit)
    documents = [listed(session, debt_of(session, context.policy)) for session in found]
    return web.json_response(Sessions(sessions=documents))


async def evidence(request: web.Request) -> web.Response:
    """Answer GET /api/sessions/{session_id}/evidence."""
    require_csms(request)
    kept = await request.app[CONTEXT].views.record(request.match_info["session_id"])
    return web.json_response(evidence_document(kept))


async def cdrs(request: web.Request) -> web.Response:
    """Answer GET /api/sessions/{session_id}/cdr: every CDR, in the order they were made."""
    require_csms(request)
    found = await request.app[CONTEXT].views.cdrs(request.match_info["session_id"])
    return web.json_response(Cdrs(cdrs=[cdr.document for cdr in found]))


async def transaction_cdrs(request: web.Request) -> web.Response:
    """Answer GET /api/transactions/{charge_point_id}/{transaction_id}/cdr, in the same way."""
    require_csms(request)
    named = (request.match_info["charge_point_id"], request.match_info["transaction_id"])
    found = await request.app[CONTEXT].views.transaction_cdrs(*named)
    return web.json_response(Cdrs(cdrs=[cdr.document for cdr in found]))


async def _refund(request: web.Request, body: Refund) -> Reply:
    session = await _session(request, body.currency)
    desk = request.app[CONTEXT].desk
    key = request.headers.get(HEADER, "")
    refunded = await desk.refund(session.id, body.amount, body.reason, key)
    back_minor = (session.decided_minor or 0) - (refunded.decided_minor or 0)
    told: Refunding = {**summary(refunded), "refund_amount": body.amount or back_minor}
    return Reply(202, told)


async def _decide(request: web.Request, body: Decision) -> Reply:
    session = await _session(request, body.currency)
    decided = await request.app[CONTEXT].desk.decide(session.id, body.amount)
    return Reply(200, summary(decided))


async def _session(request: web.Request, currency: str | None) -> Session:
    session = await request.app[CONTEXT].desk.session(request.match_info["session_id"])
    if currency not in (None, session.currency):
        sentence = f"This session's currency is {session.currency}."
        raise RequestRefused(422, "currency_refused", sentence, "currency")
    return session
