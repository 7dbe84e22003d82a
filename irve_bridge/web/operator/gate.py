"""Who passes to the operator's pages: asked of every request below /operator, in one place.

A GET changes nothing, so that the cookie may come along from a link in an alert or a mail
(SameSite=Lax). A POST comes from a page of ours and carries the CSRF token of its login; it acts,
so that it takes the role of an operator.
"""

import hmac
from functools import partial
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from irve_bridge.service.accounts import SignedIn
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.explaining import Handler, explained
from irve_bridge.web.forms import read_form
from irve_bridge.web.operator.rendering import SIGNED_IN, refused
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.rendering import see_other

PREFIX, LOGIN, LOGOUT = "/operator", "/operator/login", "/operator/logout"
COOKIE = "irve_operator"
CSRF = "csrf"
UNUSED = "X-Unused"
"""The header of what a page asks by itself: it does not count as somebody's presence."""
_READING = frozenset({"GET", "HEAD"})

log = structlog.get_logger()


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only accounts pass to the operator's pages, and say as a page what went wrong there."""
    if not _concerns(request):
        return await handler(request)
    return await explained(request, partial(_guarded, handler=handler), refused)


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    acts = request.method not in _READING
    if acts:
        _refuse_other_sites(request)
    if request.path == LOGIN:
        return await handler(request)
    who = await _who(request)
    if who is None:
        wanted = f"?next={quote(request.path_qs, safe='')}" if not acts else ""
        return see_other(f"{LOGIN}{wanted}")
    request[SIGNED_IN] = who
    if not acts:
        return await handler(request)
    await _refuse_forged(request, who)
    if request.path != LOGOUT and not who.account.may_act:
        raise RequestRefused(403, "role_refused", "A viewer only reads.")
    response = await handler(request)
    log.info(
        "operator_action",
        account=who.account.name,
        path=request.path,
        status=response.status,
    )
    return response


def cookie_name(request: web.Request) -> str:
    """Return the cookie's name: over TLS one that no other host and no plain page can set.

    (RFC 6265bis §4.1.3.2)
    """
    return f"__Host-{COOKIE}" if request.app[CONTEXT].settings.https else COOKIE


def token_of(request: web.Request) -> str | None:
    """Return the token that the browser holds."""
    return request.cookies.get(cookie_name(request))


def give(request: web.Request, response: web.Response, token: str) -> None:
    """Let the browser hold a token, until it ends; how long it is good, the storage knows."""
    secure = request.app[CONTEXT].settings.https
    response.set_cookie(
        cookie_name(request), token, path="/", httponly=True, samesite="Lax", secure=secure
    )


def take_back(request: web.Request, response: web.Response) -> None:
    """Let the browser forget its token."""
    secure = request.app[CONTEXT].settings.https
    response.del_cookie(
        cookie_name(request), path="/", httponly=True, samesite="Lax", secure=secure
    )


def _concerns(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    paths = (request.path, resource.canonical if resource else "")
    return any(path == PREFIX or path.startswith(f"{PREFIX}/") for path in paths)


async def _who(request: web.Request) -> SignedIn | None:
    token = token_of(request)
    if not token:
        return None
    used = UNUSED not in request.headers
    return await request.app[CONTEXT].accounts.signed_in(token, used=used)


def _refuse_other_sites(request: web.Request) -> None:
    """Refuse what another site's page sends; every browser says where a POST comes from.

    Raises:
        RequestRefused: 403.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        ours = site == "same-origin"
    elif origin is not None:
        hosts = {urlsplit(request.app[CONTEXT].settings.base_url).netloc, request.host}
        ours = urlsplit(origin).netloc in hosts
    else:
        ours = True  # no browser: it has no cookie of anybody else's
    if not ours:
        raise RequestRefused(403, "other_site", "This came from another site.")


async def _refuse_forged(request: web.Request, who: SignedIn) -> None:
    shown = (await read_form(request)).get(CSRF, "")
    if not hmac.compare_digest(shown.encode(errors="surrogateescape"), who.csrf.encode()):
        raise RequestRefused(403, "form_stale", "The form is of another login.")
