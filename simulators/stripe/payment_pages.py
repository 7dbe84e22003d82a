"""Payment pages: how the hosted page's script, and Stripe's CLI, fill in a Checkout Session.

Stripe does not document these endpoints; the CLI's own fixtures tell what they take. They answer
the session.
"""

from typing import NotRequired, TypedDict

from simulators.stripe import checkout_payment, intents, payment_methods
from simulators.stripe.routing import Call, Routes
from simulators.stripe.wire import Object, StripeError

routes = Routes()


class RetrieveParams(TypedDict):
    """Nothing is asked for."""


class ConfirmParams(TypedDict):
    """What the page sends when the form is filled in."""

    payment_method: str
    expected_amount: NotRequired[int]


@routes("GET", "/v1/payment_pages/{id}", RetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a session for its page."""
    return call.account.get("checkout.session", call.id)


@routes("POST", "/v1/payment_pages/{id}/confirm", ConfirmParams, "payment_method expected_amount")
def confirm(call: Call) -> Object:
    """Pay a session with a payment method.

    Raises:
        StripeError: 402 if the bank refuses, 400 if the page showed another amount.
    """
    account, session = call.account, call.account.get("checkout.session", call.id)
    if call.params.get("expected_amount") != session["amount_total"]:
        raise StripeError(
            400,
            "The amount of this Checkout Session has changed.",
            code="checkout_amount_mismatch",
            param="expected_amount",
        )
    payment_method = payment_methods.usable(account, call.params["payment_method"])
    decline = checkout_payment.submit_method(account, session, payment_method)
    if decline:
        intent = checkout_payment.intent_of(account, session)
        raise intents.refusal(intent, decline, payment_method=payment_method)
    return session
