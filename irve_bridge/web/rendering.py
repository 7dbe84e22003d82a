"""Templates → pages, in the visitor's language."""

from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from irve_bridge.i18n import Language
from irve_bridge.web.assets import ASSETS
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.languages import language_of, switches
from irve_bridge.web.present import Presenter

_TEMPLATES = Environment(
    loader=PackageLoader("irve_bridge.web"),
    autoescape=True,
    extensions=["jinja2.ext.i18n"],
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def presenter_of(request: web.Request) -> Presenter:
    """Return what puts things into the visitor's words."""
    return Presenter(language_of(request))


def render(
    request: web.Request,
    template: str,
    context: dict[str, Any],
    status: int = 200,
    *,
    language: Language | None = None,
    address: str | None = None,
    reveals: bool = False,
) -> web.Response:
    """Return a page, in the visitor's language or one of its own.

    `address` is where it can be asked for again, in another language, if a form led to it.
    `reveals` says that the page holds a secret that its address does not, such as the way to the
    browser's own session. It is sent uncompressed then: every page repeats its query, and from the
    lengths of compressed answers to many queries a listener could tell the secret (BREACH,
    https://www.breachattack.com). Behind a session's own link there is nothing to find out.
    """
    presenter = Presenter(language) if language else presenter_of(request)
    told = {"present": presenter} | context
    response = page(request, template, presenter.language, told, status, address=address)
    if not reveals:
        response.enable_compression()
    return response


def page(
    request: web.Request,
    template: str,
    language: Language,
    context: dict[str, Any],
    status: int = 200,
    *,
    address: str | None = None,
) -> web.Response:
    """Return a page in a language, uncompressed, with what every page needs; see `render`."""
    shared = {
        "gettext": language.words.gettext,
        "ngettext": language.words.ngettext,
        "language": language,
        "assets": request.app[ASSETS],
        "help_phone": request.app[CONTEXT].settings.help_phone,
        "switches": switches(request, None if request.method == "GET" else address or "/"),
    }
    text = _TEMPLATES.get_template(template).render(shared | context)
    response = web.Response(text=text, status=status, content_type="text/html")
    response.headers["Content-Language"] = language.code
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def see_other(url: str) -> web.Response:
    """Send the browser on with a GET."""
    return web.Response(status=303, headers={"Location": url})


def wants_page(request: web.Request) -> bool:
    """Return whether a person asks with a browser, which always says that it takes HTML."""
    return "text/html" in request.headers.get("Accept", "")
