"""The page behind the code on a connector: its state, its price, and the three ways to pay."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from irve_bridge.domain.charge_point import Connector
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import Tariff, estimate
from irve_bridge.i18n import Language
from irve_bridge.service.views import StationView
from irve_bridge.web.callers import is_driver, remembered
from irve_bridge.web.context import CONTEXT, WebContext
from irve_bridge.web.present import price_digest
from irve_bridge.web.refusals import status_of
from irve_bridge.web.rendering import presenter_of, render, see_other

AMOUNT_CHOICES_MINOR = (1000, 2000, 3000)
ENERGY_CHOICES_WH = (10_000, 20_000, 40_000)
DURATION_CHOICES_MINUTES = (30, 60)


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
    if view.holder is not None and is_driver(request, view.holder):
        return see_other(f"/c/{view.holder.token}")
    presenter = presenter_of(request)
    told = {
        "view": view,
        "latest": await _latest(request, view),
        "fault": presenter.refusal(fault) if fault else None,
        "typed": typed or {},
        "amounts": _amounts(context, presenter.language, view.tariff),
        "estimates": _estimates(context, presenter.language, view.tariff, view.connector),
        "bounds": _bounds(context, presenter.language, view.tariff),
        "price_digest": price_digest(view.tariff),
        "form_key": secrets.token_urlsafe(12),
    }
    return render(request, "station.html", told, status_of(fault) if fault else 200)


async def _latest(request: web.Request, view: StationView) -> Session | None:
    """Return the latest of the visitor's own sessions at this connector."""
    tokens = remembered(request)
    own = await request.app[CONTEXT].storage.read(
        lambda tx: [session for token in tokens if (session := tx.sessions.by_token(token))]
    )
    place = (view.charge_point.id, view.connector.number)
    here = [s for s in own if (s.charge_point_id, s.connector_number) == place]
    return max(here, key=lambda session: session.opened_at, default=None)


def _amounts(context: WebContext, language: Language, tariff: Tariff) -> list[Choice]:
    bounds = context.policy.bounds(tariff.currency)
    return [
        Choice(str(amount), language.money(amount, tariff.currency))
        for amount in AMOUNT_CHOICES_MINOR
        if bounds.fixed_least_minor <= amount <= bounds.fixed_most_minor
    ]


def _estimates(
    context: WebContext, language: Language, tariff: Tariff, connector: Connector
) -> list[Choice]:
    asked = [
        (f"energy_kwh:{wh / 1000:g}", language.kwh_short(wh), wh, None) for wh in ENERGY_CHOICES_WH
    ] + [
        (f"minutes:{minutes}", language.duration(minutes * 60), None, minutes)
        for minutes in DURATION_CHOICES_MINUTES
    ]
    bounds = context.policy.bounds(tariff.currency)
    least_minor = context.payments.least_minor(tariff.currency)
    choices = []
    for value, label, energy_wh, minutes in asked:
        cost = estimate(tariff, connector.power_w, energy_wh, minutes).gross_minor
        if least_minor <= cost <= bounds.fixed_most_minor:
            choices.append(Choice(value, label, language.money(cost, tariff.currency)))
    return choices


def _bounds(context: WebContext, language: Language, tariff: Tariff) -> dict[str, str]:
    bounds = context.policy.bounds(tariff.currency)
    return {
        "least": language.money(bounds.fixed_least_minor, tariff.currency),
        "most": language.money(bounds.fixed_most_minor, tariff.currency),
        "ceiling": language.money(bounds.dynamic_ceiling_minor, tariff.currency),
    }
