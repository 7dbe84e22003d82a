"""The page behind the code on a connector: its state, its price, and the three ways to pay."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from irve_bridge.domain.errors import CodeRefused, Refusal
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.session import Session
from irve_bridge.service.evidence import price_digest
from irve_bridge.service.prices import begun_minor, pricer
from irve_bridge.service.views import StationView
from irve_bridge.web.callers import is_driver, remembered
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.pages.choices import amounts, estimates
from irve_bridge.web.refusals import status_of
from irve_bridge.web.rendering import presenter_of, render, see_other

_OF_THE_FORM = frozenset({"amount_refused", "invalid"})
"""Refusals of what was typed."""


async def station(request: web.Request) -> web.StreamResponse:
    """Answer GET /s/{charge_point_id}/{connector_id}."""
    match = request.match_info
    return await station_page(request, match["charge_point_id"], int(match["connector_id"]))


async def station_page(
    request: web.Request,
    charge_point_id: str,
    number: int,
    fault: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """Return the page of a connector, or send its own driver back to their session.

    `fault` is what was wrong with the form that was just sent, `typed` what stood in it.
    """
    context = request.app[CONTEXT]
    view = await context.views.station(charge_point_id, number)
    if view.holder is not None and is_driver(request, view.holder):
        return see_other(f"/c/{view.holder.token}")
    presenter = presenter_of(request)
    if refusal := _code_refusal(request, view):
        told = {"view": view, "sentence": presenter.refusal(refusal)}
        return render(request, "code_refused.html", told, status_of(refusal))
    bounds = context.policy.bounds(view.tariff.currency)
    priced = pricer(view.tariff, view.charge_point.time_zone)
    least_minor = max(bounds.fixed_least_minor, begun_minor(priced, context.clock.now()))
    bounds = replace(bounds, fixed_least_minor=least_minor)
    again, latest = _again(request, view), await _latest(request, view)
    told = {
        "view": view,
        "again": again,
        "latest": latest,
        "fault": presenter.refusal(fault) if fault else None,
        "typed": typed or {},
        "refused_field": fault is not None and fault.code in _OF_THE_FORM,
        "amounts": amounts(bounds, presenter.language, view.tariff),
        "estimates": estimates(context, presenter.language, view),
        "bounds": {
            "least": presenter.language.money(bounds.fixed_least_minor, view.tariff.currency),
            "most": presenter.language.money(bounds.fixed_most_minor, view.tariff.currency),
        },
        "decimals": minor_digits(view.tariff.currency),
        "ceiling_minor": bounds.dynamic_ceiling_minor,
        "keeps_remainder": context.policy.keeps_remainder,
        "price_digest": price_digest(view.tariff),
        "form_key": secrets.token_urlsafe(12),
        "shown_at_ms": time.time_ns() // 1_000_000,
    }
    status = status_of(fault) if fault else web.HTTPOk.status_code
    reveals = latest is not None
    return render(request, "station.html", told, status, address=again, reveals=reveals)


def _code_refusal(request: web.Request, view: StationView) -> Refusal | None:
    """Return why the code that was scanned does not hold; who sends the form has passed it."""
    if request.method == "POST":
        return None
    context, display = request.app[CONTEXT], view.charge_point.display
    try:
        context.codes.judge(
            view.charge_point.id,
            view.connector.number,
            context.clock.now(),
            signature=request.query.get("k"),
            token=request.query.get("t"),
            passing_only=display is not None and display.only,
        )
    except CodeRefused as refusal:
        return refusal
    return None


def _again(request: web.Request, view: StationView) -> str:
    """Return the way back to this page as it was scanned."""
    if request.method == "GET":
        return str(request.rel_url)
    return request.app[CONTEXT].codes.path(view.charge_point.id, view.connector.number)


async def _latest(request: web.Request, view: StationView) -> Session | None:
    """Return the latest of the visitor's own sessions at this connector."""
    tokens = remembered(request)
    own = await request.app[CONTEXT].storage.read(
        lambda tx: [session for token in tokens if (session := tx.sessions.by_token(token))]
    )
    place = (view.charge_point.id, view.connector.number)
    here = [s for s in own if (s.charge_point_id, s.connector_number) == place]
    return max(here, key=lambda session: session.opened_at, default=None)
