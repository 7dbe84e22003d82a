"""Templates → pages, in the visitor's language."""

from typing import Any

import aiohttp_jinja2
from aiohttp import web
from jinja2 import PackageLoader, StrictUndefined

from irve_bridge.i18n import Language
from irve_bridge.web.assets import ASSETS
from irve_bridge.web.languages import language_of, switches
from irve_bridge.web.present import Presenter


def setup(app: web.Application) -> None:
    """Give the application its templates."""
    aiohttp_jinja2.setup(
        app,
        loader=PackageLoader("irve_bridge.web"),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        default_helpers=False,
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
) -> web.Response:
    """Return a page, in the visitor's language or one of its own.

    `address` is where it can be asked for again, in another language, if a form led to it.
    """
    presenter = Presenter(language) if language else presenter_of(request)
    shared = {
        "gettext": presenter.language.words.gettext,
        "ngettext": presenter.language.words.ngettext,
        "language": presenter.language,
        "present": presenter,
        "assets": request.app[ASSETS],
        "switches": switches(request, None if request.method == "GET" else address or "/"),
    }
    response = aiohttp_jinja2.render_template(template, request, shared | context, status=status)
    response.headers["Content-Language"] = presenter.language.code
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.enable_compression()
    return response


def see_other(url: str) -> web.Response:
    """Send the browser on with a GET."""
    return web.Response(status=303, headers={"Location": url})


def wants_page(request: web.Request) -> bool:
    """Return whether a person asks with a browser, which always says that it takes HTML."""
    return "text/html" in request.headers.get("Accept", "")
