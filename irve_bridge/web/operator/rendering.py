"""Templates → the operator's pages, in their language."""

import secrets
from typing import Any, NamedTuple

from aiohttp import web

from irve_bridge.domain.errors import Refusal
from irve_bridge.i18n import N_, OPERATORS
from irve_bridge.service.accounts import SignedIn
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.explaining import reference_of
from irve_bridge.web.languages import language_of
from irve_bridge.web.operator.present import Presenter
from irve_bridge.web.refusals import status_of
from irve_bridge.web.rendering import page

SIGNED_IN = web.RequestKey("signed_in", SignedIn)
"""Under which a request knows who asks (`SignedIn`)."""


class Place(NamedTuple):
    """A link of the navigation."""

    path: str
    name: str


PLACES = (
    Place("/operator", N_("Overview")),
    Place("/operator/sessions", N_("Sessions")),
    Place("/operator/review", N_("To review")),
    Place("/operator/due", N_("Debts")),
    Place("/operator/stations", N_("Stations")),
    Place("/operator/tariffs", N_("Tariffs")),
    Place("/operator/takings", N_("Takings")),
    Place("/operator/id-tags", N_("Id tags")),
)

_BESIDE = {"/operator/strangers": "/operator/stations"}
"""Pages of a place that are not below it."""


def signed_in(request: web.Request) -> SignedIn:
    """Return who asks; the gate let nobody pass of whom that is not known."""
    return request[SIGNED_IN]


def presenter_of(request: web.Request) -> Presenter:
    """Return what puts things into the operator's words, on their clock."""
    context = request.app[CONTEXT]
    return Presenter(
        language_of(request, OPERATORS), context.settings.operator_time_zone, context.clock.now()
    )


def render(
    request: web.Request,
    template: str,
    context: dict[str, Any],
    status: int = 200,
    *,
    address: str | None = None,
) -> web.Response:
    """Return a page of `templates/operator/`; see there `base.html` for what every page knows.

    `address` is where it can be asked for again, in another language, if a form led to it.
    """
    presenter = presenter_of(request)
    who = request.get(SIGNED_IN)
    shared = {
        "present": presenter,
        "who": who,
        "places": PLACES,
        "here": _here(request.path),
        "form_key": secrets.token_hex(16),
    }
    language = presenter.language
    response = page(
        request, f"operator/{template}", language, shared | context, status, address=address
    )
    # So that a form says where it comes from; to others nothing is told.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


async def refused(request: web.Request, refusal: Refusal) -> web.Response:
    """Return a refusal as a page."""
    status = status_of(refusal)
    told = {
        "sentence": presenter_of(request).refusal(refusal),
        "reference": reference_of(request, refusal),
    }
    response = render(request, "error.html", told, status, address="/operator")
    if status == web.HTTPTooManyRequests.status_code:
        response.headers["Retry-After"] = "60"
    return response


def _here(path: str) -> str:
    """Return the place of the navigation that a path is below; all is below the first."""
    overview, *others = (place.path for place in PLACES)
    path = _BESIDE.get(path, path)
    below = [place for place in others if f"{path}/".startswith(f"{place}/")]
    return max(below, key=len, default=overview if path == overview else "")
