"""The payment provider speaks: store it, answer, and look afterwards."""

from typing import Literal, TypedDict

from aiohttp import web

from irve_bridge.service.ports import SignatureRefused
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.refusals import RequestRefused


class Received(TypedDict):
    """The event is stored."""

    received: Literal[True]


async def webhook(request: web.Request) -> web.Response:
    """Answer POST /webhook: 200 only once the event is stored."""
    context = request.app[CONTEXT]
    signature = request.headers.get("Stripe-Signature", "")
    try:
        hint = context.payments.read_webhook(await request.read(), signature, context.clock.now())
    except SignatureRefused as refused:
        raise RequestRefused(400, "signature_refused", f"{refused}.") from None
    concern(await context.desk.hear(hint))
    return web.json_response(Received(received=True))
