"""What a form offers to pick from, within what may be secured."""

from dataclasses import dataclass

from irve_bridge.domain.projection import quote
from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import Tariff
from irve_bridge.i18n import Language
from irve_bridge.service.extensions import most_minor
from irve_bridge.service.policy import Bounds, Policy
from irve_bridge.service.prices import pricer
from irve_bridge.service.views import StationView
from irve_bridge.web.context import WebContext

AMOUNT_CHOICES_MINOR = (1000, 2000, 3000)
ENERGY_CHOICES_WH = (10_000, 20_000, 40_000)
DURATION_CHOICES_MINUTES = (30, 60)
MORE_CHOICES_MINOR = (500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class Choice:
    """One prepared answer of a form: what is sent, what it is, and what it costs."""

    value: str
    label: str
    price: str = ""


def amounts(bounds: Bounds, language: Language, tariff: Tariff) -> list[Choice]:
    """Return the fixed amounts to pick from."""
    return [
        Choice(str(amount), language.money(amount, tariff.currency))
        for amount in AMOUNT_CHOICES_MINOR
        if bounds.fixed_least_minor <= amount <= bounds.fixed_most_minor
    ]


def estimates(context: WebContext, language: Language, view: StationView) -> list[Choice]:
    """Return the energies and durations to pick from, with their price."""
    asked = [
        (f"energy_kwh:{wh / 1000:g}", language.kwh_short(wh), wh, None) for wh in ENERGY_CHOICES_WH
    ] + [
        (f"minutes:{minutes}", language.duration(minutes * 60), None, minutes)
        for minutes in DURATION_CHOICES_MINUTES
    ]
    currency, power_w = view.tariff.currency, view.connector.power_w
    priced, now = pricer(view.tariff, view.charge_point.time_zone), context.clock.now()
    bounds = context.policy.bounds(currency)
    least_minor = context.payments.least_minor(currency)
    choices = []
    for value, label, energy_wh, minutes in asked:
        cost = quote(priced, now, power_w, energy_wh, minutes).gross_minor
        if least_minor <= cost <= bounds.fixed_most_minor:
            choices.append(Choice(value, label, language.money(cost, currency)))
    return choices


def extensions(session: Session, policy: Policy, language: Language) -> list[Choice]:
    """Return the larger holds to pick from while the charge runs; none where it cannot grow.

    Where the next step is too far, the most that can be held is offered.
    """
    secured_minor = session.secured_minor or 0
    most = most_minor(session, policy.bounds(session.currency).fixed_most_minor)
    most -= most % session.step_minor
    steps = [secured_minor + more for more in MORE_CHOICES_MINOR if secured_minor + more <= most]
    if not steps and most > secured_minor:
        steps = [most]
    return [Choice(str(amount), language.money(amount, session.currency)) for amount in steps]
