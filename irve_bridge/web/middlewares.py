"""Around every handler: one line of log, and no error without words."""

import re
import time

import structlog
from aiohttp import web
from opentelemetry.trace import SpanKind

from irve_bridge.domain.errors import Refusal
from irve_bridge.telemetry import tracing
from irve_bridge.telemetry.metrics import REQUEST_SECONDS
from irve_bridge.web.content_policy import content_policy
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.correlation import REQUEST_ID, concerned, correlated
from irve_bridge.web.explaining import Handler, explained, reference_of
from irve_bridge.web.refusals import document, status_of
from irve_bridge.web.rendering import presenter_of, render, wants_page
from irve_bridge.web.whereabouts import whereabouts

_TOKEN = re.compile(r"(?<=^/c/)[^/]+")
log = structlog.get_logger()


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log and measure a request under its id, and under the session that it turns out to concern.

    A driver's token is never written.
    """
    began_s, began_ns = time.perf_counter(), time.time_ns()
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "none"
    with correlated(request):
        response = await handler(request)
        took_s = time.perf_counter() - began_s
        log.info(
            "http_request",
            method=request.method,
            path=_TOKEN.sub("***", request.path),
            status=response.status,
            took_ms=round(took_s * 1000, 1),
        )
        if session_id := concerned():
            name, status = f"{request.method} {route}", {"status": response.status}
            tracing.record(name, session_id, began_ns, SpanKind.SERVER, **status)
    REQUEST_SECONDS.labels(request.method, route, str(response.status)).observe(took_s)
    return response


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what went wrong with a code and a sentence, as a page or as JSON."""
    return await explained(request, handler, refused)


async def refused(request: web.Request, refusal: Refusal) -> web.Response:
    """Return a refusal as a page or as JSON, whichever was asked for."""
    status = status_of(refusal)
    if wants_page(request):
        sentence = presenter_of(request).refusal(refusal)
        passing = request.method == "GET" and status >= web.HTTPTooManyRequests.status_code
        told = {
            "sentence": sentence,
            "reference": reference_of(request, refusal),
            "here": await whereabouts(request),
            "again": str(request.rel_url) if passing else "",
        }
        response = render(request, "error.html", told, status)
    else:
        response = web.json_response(document(refusal), status=status)
    if status == web.HTTPUnauthorized.status_code:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == web.HTTPTooManyRequests.status_code:
        response.headers["Retry-After"] = "60"
    return response


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Set the security headers of every answer (https://infosec.mozilla.org/guidelines)."""
    settings = request.app[CONTEXT].settings
    headers = {
        "Content-Security-Policy": content_policy(settings.checkout_origins),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
        "X-Request-ID": request[REQUEST_ID],
    }
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    for name, value in headers.items():
        response.headers.setdefault(name, value)
