"""Which language a visitor reads: the one picked on a page, else the one their browser prefers."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web
from yarl import URL

from irve_bridge.i18n import DEFAULT, DRIVERS, REGIONS, Language, language, languages
from irve_bridge.web.context import CONTEXT

QUERY = "lang"
COOKIE = "irve_language"
COOKIE_LASTS_S = 365 * 24 * 3600
ANY = "*"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Switch(NamedTuple):
    """A link to the same page in another language."""

    language: Language
    url: str


def language_of(request: web.Request, domain: str = DRIVERS) -> Language:
    """Return the language the visitor picked, else the preferred among ours, else French."""
    code = picked(request) or preferred(request.headers.get("Accept-Language", ""))
    return language(code, domain)


def picked(request: web.Request) -> str | None:
    """Return the language picked on this page or on one before; None for none."""
    for code in (request.query.get(QUERY), request.cookies.get(COOKIE)):
        if code in REGIONS:
            return code
    return None


def switches(request: web.Request, address: str | None = None) -> list[Switch]:
    """Return a link for each language; they ask for `address`, or for what was asked, by GET.

    Of what was asked only the query is repeated: a path such as `//host` would lead elsewhere.
    """
    here = URL(address) if address else URL("").with_query(request.query)
    return [
        Switch(words, str(here.update_query({QUERY: code}))) for code, words in languages().items()
    ]


@web.middleware
async def keep_picked(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remember the language that a page's link asks for, wherever that link ends."""
    response = await handler(request)
    code = request.query.get(QUERY)
    if code in REGIONS and not response.prepared:
        response.set_cookie(
            COOKIE,
            code,
            max_age=COOKIE_LASTS_S,
            httponly=True,
            samesite="Lax",
            secure=request.app[CONTEXT].settings.https,
        )
    return response


def accepted(header: str) -> list[str]:
    """Return the language codes of an Accept-Language header, best first (RFC 9110 §12.5.4)."""
    weighted = []
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        weight = parameters.strip().removeprefix("q=")
        try:
            weighted.append((-float(weight or 1), tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return [code for weight, code in sorted(weighted, key=lambda w: w[0]) if weight < 0]


def preferred(header: str) -> str:
    """Return the first code that is ours; the default where none is, or any will do."""
    ours = (code for code in accepted(header) if code in REGIONS or code == ANY)
    return next(ours, ANY).replace(ANY, DEFAULT)
