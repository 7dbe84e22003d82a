"""Who asks: the CSMS by its bearer key, a driver by the token of their session."""

import hmac

from aiohttp import web

from irve_bridge.domain.session import Session
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.refusals import RequestRefused

CSMS = "csms"
"""Whose Idempotency-Keys they are where the CSMS calls."""
COOKIE = "irve_session"
COOKIE_LASTS_S = 30 * 24 * 3600
REMEMBERED_MOST = 5


def bearer(request: web.Request) -> str | None:
    """Return the bearer token of the Authorization header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def is_csms(request: web.Request) -> bool:
    """Return whether a key of the CSMS is shown: two are known while they rotate."""
    shown = bearer(request)
    keys = request.app[CONTEXT].settings.csms_api_keys
    return shown is not None and any(_same(shown, key) for key in keys)


def require_csms(request: web.Request) -> None:
    """Let only the CSMS pass.

    Raises:
        RequestRefused: 403 when no key is configured, 401 when it is not shown.
    """
    if not request.app[CONTEXT].settings.csms_api_keys:
        raise RequestRefused(
            403, "csms_key_missing", "This route is closed: no CSMS_API_KEY is configured."
        )
    if not is_csms(request):
        raise RequestRefused(401, "unauthorized", "Show the CSMS's key as a bearer token.")


def is_driver(request: web.Request, session: Session, *shown: str | None) -> bool:
    """Return whether the session's token is shown, by cookie, query, bearer or otherwise."""
    tokens = (*remembered(request), request.query.get("token"), bearer(request), *shown)
    return any(_same(token, session.token) for token in tokens if token)


def remembered(request: web.Request) -> list[str]:
    """Return the tokens of the browser's last few sessions, the latest first."""
    tokens = request.cookies.get(COOKIE, "").split(".")
    return [token for token in tokens if token and token.isascii()][:REMEMBERED_MOST]


def remember(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give the driver's browser the way back to this session, and keep the ways it had."""
    others = [other for other in remembered(request) if other != token]
    response.set_cookie(
        COOKIE,
        ".".join([token, *others][:REMEMBERED_MOST]),
        max_age=COOKIE_LASTS_S,
        httponly=True,
        samesite="Lax",
        secure=request.app[CONTEXT].settings.https,
    )


def _same(shown: str, expected: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="surrogateescape"), expected.encode())
