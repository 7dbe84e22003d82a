"""A session's live updates as server-sent events (https://html.spec.whatwg.org/#server-sent-events).

`live` carries the figures, raw and as they are written on the page; `moved` says that the page
shows a state that is over, and is then sent no more; `still`, that it shows what is: a page that
hears nothing has lost its connection.
"""

import contextlib
from secrets import randbelow

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from irve_bridge.domain.session import PlanName, State
from irve_bridge.i18n import Language
from irve_bridge.service.views import SessionView
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.languages import language_of
from irve_bridge.web.watching import WATCHES, Watch

RETRY_LEAST_MS, RETRY_SPREAD_MS = 2_000, 4_000
"""When a node ends, not all of its pages come back at one moment."""


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
    session_id = await request.app[CONTEXT].views.id_of(request.match_info["token"])
    shown = request.query.get("appearance")
    if request.transport is None:  # who asked has gone; aiohttp_sse would trip over it
        return web.Response(status=204)
    async with (
        request.app[WATCHES].watch(session_id) as watch,
        sse_response(request) as stream,
    ):
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            await _follow(stream, watch, shown, language_of(request))
    return stream


async def _follow(
    stream: EventSourceResponse, watch: Watch, shown: str | None, words: Language
) -> None:
    """Send the state at once and at every update; between updates time itself moves the cost."""
    await stream.send("", retry=RETRY_LEAST_MS + randbelow(RETRY_SPREAD_MS))
    look = None
    while (look := await watch.next(look)) and stream.is_connected():
        shown = shown or appearance(look.view)
        if appearance(look.view) != shown:
            await stream.send("{}", event="moved")
            return
        if figures := look.figures(words):
            await stream.send(figures, event="live")
        else:
            await stream.send("{}", event="still")


async def hang_up(app: web.Application) -> None:
    """End every stream, so that a shutdown waits for none of them."""
    app[WATCHES].end()
