from collections.abc import Iterator
from datetime import datetime
from typing import Any

import stripe

from irve_bridge.domain.facts import CheckoutExpired, CheckoutOpened, SessionFact
from irve_bridge.domain.intents import Do, Intent
from irve_bridge.domain.session import PlanName, Session
from irve_bridge.payments import observe, reading, texts
from irve_bridge.payments.amounts import wire_amount
from irve_bridge.payments.calls.call import (
    Request,
    fee,
    mark,
    not_opened,
    ours,
    proven,
    receipt,
    stamped,
    under_way,
)
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Again, Outcome, Task


class OpenCheckout:
    """A Checkout Session: a payment, a hold or a card for later, as the plan wants.

    Source: https://docs.stripe.com/api/checkout/sessions/create.
    """

    def prepare(
        self, session: Session, intent: Intent, settings: StripeSettings, now: datetime
    ) -> Request:
        """Return the Checkout Session, which expires a while after `now`."""
        debt = intent.do is Do.COLLECT
        plan = (
            _setup(session)
            if session.plan is PlanName.DYNAMIC and not debt
            else _payment(session, intent.parameters["amount_minor"], debt=debt)
        )
        return {
            "customer": session.customer_id,
            "client_reference_id": session.client_id or session.id,
            "metadata": mark(session),
            "allowed_payment_method_types": ["card"],
            "locale": texts.stripe_locale(session),
            "success_url": settings.return_url(session),
            "cancel_url": settings.cancel_url(session),
            "expires_at": int((now + settings.checkout_expires_after).timestamp()),
            "custom_text": {"submit": {"message": texts.promise(session, debt=debt)}},
            **plan,
        }

    async def post(self, account: Account, task: Task) -> Outcome:
        """Open the checkout; a stored one may have grown too old for Stripe's 30 minutes."""
        try:
            checkout = await account.client.v1.checkout.sessions.create_async(
                stamped(task), account.options(task.attempt.key)
            )
        except stripe.InvalidRequestError as error:
            if error.param != "expires_at":
                raise
            return Again(reason="it would expire too soon", known=True)
        return proven(_facts(task.session, checkout, account.now())) or under_way(checkout.status)

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Find the checkout among its customer's."""
        found = [
            fact
            for checkout in await observe.all_checkouts(account, task.session)
            if ours(checkout, task)
            for fact in _facts(task.session, checkout, account.now())
        ]
        return proven(found)

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """Stripe will not have this checkout."""
        return not_opened(task, refusal, at)


def _payment(session: Session, amount_minor: int, *, debt: bool) -> dict[str, Any]:
    """What is due is paid at once, whatever the plan was."""
    amount = wire_amount(session.currency, amount_minor)
    name = texts.item_name(session, debt=debt)
    held = session.plan is PlanName.ESTIMATED and not debt
    payment: dict[str, Any] = {"metadata": mark(session), "description": name}
    payment |= fee(session, amount) | receipt(session)
    if held:
        payment["capture_method"] = "manual"
    price = {
        "currency": session.currency.lower(),
        "unit_amount": amount,
        "product_data": {"name": name},
    }
    return {
        "mode": "payment",
        "submit_type": "pay",
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": payment,
        **({"payment_method_options": {"card": _GROWING}} if held else {}),
    }


_GROWING = {
    "request_extended_authorization": "if_available",
    "request_incremental_authorization": "if_available",
    "request_overcapture": "if_available",
}
"""What a hold may do afterwards is read from its charge."""


def _setup(session: Session) -> dict[str, Any]:
    return {
        "mode": "setup",
        "currency": session.currency.lower(),
        "setup_intent_data": {
            "metadata": mark(session),
            "description": texts.item_name(session),
        },
    }


def _facts(
    session: Session, checkout: stripe.checkout.Session, at: datetime
) -> Iterator[SessionFact]:
    """An own checkout that expired before its session knew its id is not told by that id."""
    if checkout.status == "expired":
        yield CheckoutExpired(session_id=session.id, at=at)
        return
    if checkout.url:
        yield CheckoutOpened(
            session_id=session.id,
            at=at,
            url=checkout.url,
            expires_at=reading.moment(checkout.expires_at),
            checkout_id=checkout.id,
        )
    yield from reading.from_checkout(session, checkout, at)
