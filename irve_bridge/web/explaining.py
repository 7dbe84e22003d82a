"""No error without words: what goes wrong becomes a refusal, which each page tells in its way."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from irve_bridge.domain.errors import Refusal
from irve_bridge.web.correlation import REQUEST_ID
from irve_bridge.web.refusals import RequestRefused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Refused = Callable[[web.Request, Refusal], Awaitable[web.Response]]

INTERNAL = "internal"
"""The code of what is our own fault."""
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
log = structlog.get_logger()


async def explained(request: web.Request, handler: Handler, refused: Refused) -> web.StreamResponse:
    """Return what a handler answers, or what `refused` makes of what went wrong."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return await refused(request, refusal)
    except web.HTTPException as error:
        code = _CODES.get(error.status, "refused")
        response = await refused(request, RequestRefused(error.status, code, f"{error.reason}."))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except web.RequestPayloadError:
        return await refused(request, RequestRefused(400, "invalid", "The body cannot be read."))
    except Exception:
        log.exception("http_request_failed")
        sentence = f"Something went wrong on our side (reference {request[REQUEST_ID]})."
        return await refused(request, RequestRefused(500, INTERNAL, sentence))


def reference_of(request: web.Request, refusal: Refusal) -> str | None:
    """Return by what our own fault is found in the log; None for what is not one."""
    return request[REQUEST_ID] if refusal.code == INTERNAL else None
