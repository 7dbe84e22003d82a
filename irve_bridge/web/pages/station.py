"""The page behind the code on a connector: its state, its price, and the three ways to pay."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from irve_bridge.domain.charge_point import Connector
from irve_bridge.domain.errors import Refusal, UnknownThing
from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import Tariff, estimate
from irve_bridge.i18n import Language
from irve_bridge.service.views import StationView
from irve_bridge.web.callers import COOKIE
from irve_bridge.web.context import CONTEXT, WebContext
from irve_bridge.web.refusals import status_of
from irve_bridge.web.rendering import presenter_of, render, see_other


@dataclass(frozen=True, slots=True)
class Choice:
    """One prepared answer of a form: what is sent, what it is, and what it costs."""

    value: str
    label: str
    price: str = ""


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
    latest = await _latest(request, view)
    if latest is not None and view.holder is not None and latest.id == view.holder.id:
        return see_other(f"/c/{latest.token}")
    presenter = presenter_of(request)
    told = {
        "view": view,
        "latest": latest,
        "fault": presenter.refusal(fault) if fault else None,
        "typed": typed or {},
        "amounts": _amounts(context, presenter.language, view.tariff),
        "estimates": _estimates(context, presenter.language, view.tariff, view.connector),
        "bounds": _bounds(context, presenter.language, view.tariff),
        "form_key": secrets.token_urlsafe(12),
    }
    return render(request, "station.html", told, status_of(fault) if fault else 200)


async def _latest(request: web.Request, view: StationView) -> Session | None:
    """Return the visitor's own latest session, if it is of this connector."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        session = (await request.app[CONTEXT].views.by_token(token)).session
    except UnknownThing:
        return None
    here = (view.charge_point.id, view.connector.number)
    return session if (session.charge_point_id, session.connector_number) == here else None


def _amounts(context: WebContext, language: Language, tariff: Tariff) -> list[Choice]:
    policy = context.policy
    return [
        Choice(str(amount), language.money(amount, tariff.currency))
        for amount in context.settings.fixed_choices_minor
        if policy.fixed_least_minor <= amount <= policy.fixed_most_minor
    ]


def _estimates(
    context: WebContext, language: Language, tariff: Tariff, connector: Connector
) -> list[Choice]:
    settings = context.settings
    asked = [
        (f"energy_kwh:{wh / 1000:g}", language.kwh_short(wh), wh, None)
        for wh in settings.energy_choices_wh
    ] + [
        (f"minutes:{minutes}", language.duration(minutes * 60), None, minutes)
        for minutes in settings.duration_choices_minutes
    ]
    least_minor = context.payments.least_minor(tariff.currency)
    choices = []
    for value, label, energy_wh, minutes in asked:
        cost = estimate(tariff, connector.power_w, energy_wh, minutes).gross_minor
        if least_minor <= cost <= context.policy.fixed_most_minor:
            choices.append(Choice(value, label, language.money(cost, tariff.currency)))
    return choices


def _bounds(context: WebContext, language: Language, tariff: Tariff) -> dict[str, str]:
    policy = context.policy
    return {
        "least": language.money(policy.fixed_least_minor, tariff.currency),
        "most": language.money(policy.fixed_most_minor, tariff.currency),
        "ceiling": language.money(policy.dynamic_ceiling_minor, tariff.currency),
    }
