"""What the driver reads on Stripe's page, in the session's language."""

from irve_bridge.domain.session import PlanName, Session
from irve_bridge.i18n import N_, language

_CHARGING = N_("EV charging, charge point %(place)s")
_HOLD = N_("Hold for EV charging, charge point %(place)s")
_PROMISES = {
    PlanName.FIXED: N_("What you do not use is refunded."),
    PlanName.ESTIMATED: N_("Only the actual cost will be taken, the rest is released."),
    PlanName.DYNAMIC: N_("Nothing is taken now: you pay after charging, what the meter says."),
}
_KEPT = N_("A flat amount: what you do not use is not refunded.")
_DEBT = N_("The exact amount of your charge, by the meter.")


def stripe_locale(session: Session) -> str:
    """Return the language of Stripe's page: it has all of ours, under the same codes.

    Source: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-locale.
    """
    return language(session.locale).code


def item_name(session: Session, *, debt: bool = False) -> str:
    """Return what the payment is for."""
    name = _HOLD if session.plan is PlanName.ESTIMATED and not debt else _CHARGING
    place = f"{session.charge_point_id}/{session.connector_number}"
    return language(session.locale).text(name) % {"place": place}


def promise(session: Session, *, debt: bool = False) -> str:
    """Return what the driver will really pay in this plan."""
    if debt:
        return language(session.locale).text(_DEBT)
    sentence = _KEPT if session.keeps_remainder else _PROMISES[session.plan]
    return language(session.locale).text(sentence)
