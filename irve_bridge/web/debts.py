"""The checkout for what is due, which the driver's page and the API open alike."""

import structlog
from aiohttp import web

from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import ProviderUnreachable
from irve_bridge.web.context import CHECKOUT_TIMEOUT_S, CONTEXT
from irve_bridge.web.refusals import RequestRefused

log = structlog.get_logger()


async def open_checkout(request: web.Request, session_id: str) -> Session:
    """Return a session in debt with the address where its driver can pay.

    Raises:
        RequestRefused: 409 nothing is due, 502 the provider opens no checkout, 504 not in time.
    """
    desk = request.app[CONTEXT].desk
    try:
        await desk.pay(session_id)
    except ProviderUnreachable:
        log.warning("provider_unreachable", session_id=session_id)
        raise _late() from None
    session = await desk.checkout(session_id, CHECKOUT_TIMEOUT_S)
    if session.state is not State.DUE:
        raise RequestRefused(409, "nothing_due", f"Nothing is due: it is {session.state}.")
    if session.paying_since is None:
        raise RequestRefused(
            502, "checkout_refused", "The payment could not be opened: nothing was charged."
        )
    if session.checkout_url is None:
        raise _late()
    return session


def _late() -> RequestRefused:
    return RequestRefused(
        504, "checkout_late", "The payment page did not open in time: nothing was charged."
    )
