"""A session's live updates as server-sent events (https://html.spec.whatwg.org/#server-sent-events).

`live` carries the figures, raw and as they are written on the page; `moved` says that the page
shows a state that is over, and is then sent no more.
"""

import contextlib
import json
from typing import Any

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from irve_bridge.domain.session import PlanName, State
from irve_bridge.service.handle import topic
from irve_bridge.service.ports import Subscription
from irve_bridge.service.views import SessionView
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.present import Presenter
from irve_bridge.web.rendering import presenter_of

LIVE_INTERVAL_S = 10
STREAMS = web.AppKey("streams", dict[EventSourceResponse, str])


def appearance(view: SessionView) -> str:
    """Return what the page depends on besides the live figures."""
    session = view.session
    match session.state:
        case State.CHARGING if session.plan is PlanName.ESTIMATED:
            return f"{session.state}-{session.secured_minor}-{session.incremental}"
        case State.DUE:
            return f"{session.state}-{session.decided_minor}-{session.outcome}"
        case State.RELEASING:
            return f"{session.state}-{session.outcome}"
        case State.SECURED:
            return _waiting(view)
    return session.state


def _waiting(view: SessionView) -> str:
    session = view.session
    online = view.charge_point is not None and view.charge_point.connected_at is not None
    status = view.connector.status if view.connector else ""
    return "-".join((session.state, status, str(online), session.stop_cause or ""))


async def events(request: web.Request) -> web.StreamResponse:
    """Answer GET /c/{token}/events?appearance=…, `appearance` being what the page shows now."""
    context = request.app[CONTEXT]
    token = request.match_info["token"]
    view = await context.views.by_token(token)
    shown = request.query.get("appearance", appearance(view))
    subject = topic(view.session.id)
    if request.transport is None:  # who asked has gone; aiohttp_sse would trip over it
        return web.Response(status=204)
    async with (
        context.bus.subscribe(subject) as updates,
        sse_response(request) as stream,
    ):
        streams = request.app[STREAMS]
        streams[stream] = subject
        try:
            with contextlib.suppress(ConnectionResetError, TimeoutError):
                await _follow(request, stream, updates, shown)
        finally:
            del streams[stream]
    return stream


async def _follow(
    request: web.Request, stream: EventSourceResponse, updates: Subscription, shown: str
) -> None:
    """Send the state at once and at every update; between updates time itself moves the cost."""
    context = request.app[CONTEXT]
    presenter = presenter_of(request)
    while stream.is_connected():
        view = await context.views.by_token(request.match_info["token"])
        if appearance(view) != shown:
            await stream.send("{}", event="moved")
            return
        if view.live is not None:
            await stream.send(json.dumps(figures(presenter, view)), event="live")
        await updates.next(LIVE_INTERVAL_S)


def figures(presenter: Presenter, view: SessionView) -> dict[str, Any]:
    """Return the live figures raw and in words."""
    if view.live is None:
        return {}
    raw: dict[str, Any] = msgspec.to_builtins(view.live)
    return raw | {"text": presenter.live(view.live)}


async def hang_up(app: web.Application) -> None:
    """End every stream and wake it, so that a shutdown waits for none of them."""
    streams = app[STREAMS]
    for stream, subject in tuple(streams.items()):
        stream.stop_streaming()
        await app[CONTEXT].bus.publish(subject, b"")
