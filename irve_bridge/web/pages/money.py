"""What a driver decides about money on their page: to pay what is due, to have more held."""

import structlog
from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.errors import Conflict
from irve_bridge.domain.session import State
from irve_bridge.service.ports import ProviderUnreachable
from irve_bridge.web.context import CHECKOUT_TIMEOUT_S, CONTEXT
from irve_bridge.web.debts import open_checkout
from irve_bridge.web.forms import Extension, read_form, validated
from irve_bridge.web.pages.session import session_page, view_of
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.rendering import see_other
from irve_bridge.web.throttle import throttle_asking

EXTENSION = TypeAdapter(Extension)
log = structlog.get_logger()


async def pay(request: web.Request) -> web.StreamResponse:
    """Answer POST /c/{token}/pay: to the checkout, or back with the reason why not.

    A second tap leads to the same checkout; what is paid already shows its receipt.
    """
    session = (await view_of(request)).session
    here = f"/c/{session.token}"
    if session.state is not State.DUE:
        return see_other(here)
    try:
        opened = await open_checkout(request, session.id)
    except RequestRefused as refusal:
        view = await view_of(request)
        if view.session.state is not State.DUE:
            return see_other(here)
        return session_page(request, view, refusal)
    return see_other(opened.checkout_url or here)


async def authenticate(request: web.Request) -> web.Response:
    """Answer POST /c/{token}/authenticate, asked by the page's script.

    The secret lets whoever has it confirm this one payment: it stands in this answer alone, which
    other origins cannot read, and never in an address, a page or a log.

    Raises:
        Conflict: There is nothing to confirm here any more.
        RequestRefused: 502 the provider does not answer, 429 it was asked too often.
    """
    session = (await view_of(request)).session
    throttle_asking(request, session.id)
    try:
        found = await request.app[CONTEXT].desk.authenticate(session.id)
    except ProviderUnreachable:
        log.warning("provider_unreachable", session_id=session.id)
        sentence = "The payment provider does not answer: nothing was charged."
        raise RequestRefused(502, "provider_unreachable", sentence) from None
    return web.json_response(
        {
            "client_secret": found.client_secret,
            "payment_method": found.payment_method_id,
            "account": found.account or None,
        }
    )


async def extend(request: web.Request) -> web.StreamResponse:
    """Answer POST /c/{token}/extend: the bank is asked to hold this much in all."""
    session = (await view_of(request)).session
    amount_minor = validated(EXTENSION, await read_form(request)).amount
    desk = request.app[CONTEXT].desk
    try:
        await desk.extend(session.id, amount_minor)
    except Conflict:
        return await _not_extended(request)
    extended = await desk.extended(session.id, amount_minor, CHECKOUT_TIMEOUT_S)
    refused = (extended.secured_minor or 0) < amount_minor and not extended.incremental
    if refused:
        return await _not_extended(request)
    return see_other(f"/c/{session.token}")


async def _not_extended(request: web.Request) -> web.Response:
    sentence = "No more could be held on this card."
    return session_page(
        request, await view_of(request), RequestRefused(409, "not_extended", sentence)
    )
