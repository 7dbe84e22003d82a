"""Paying a Checkout Session: the page's form and the control API both come through here."""

from dataclasses import dataclass
from typing import Protocol

from simulators.stripe import (
    customers,
    intents,
    payment_lifecycle,
    payment_methods,
    setup_intents,
)
from simulators.stripe.cards import Card, Decline
from simulators.stripe.store import Account
from simulators.stripe.wire import Object, StripeError


class Lifecycle(Protocol):
    """What PaymentIntents and SetupIntents go through alike."""

    def attempt(
        self, account: Account, intent: Object, payment_method: Object, *, authenticated: bool
    ) -> Decline | None:
        """Ask the card's bank; return its refusal, if it refuses."""

    def authentication_failed(self, account: Account, intent: Object) -> Decline:
        """Put an intent back after the cardholder failed to authenticate."""


LIFECYCLES: dict[str, Lifecycle] = {
    "payment_intent": payment_lifecycle,
    "setup_intent": setup_intents,
}


@dataclass(frozen=True, slots=True)
class Payer:
    """What a driver types into the hosted page."""

    card: Card
    email: str | None = None
    name: str | None = None
    expiry: tuple[int, int] = payment_methods.EXPIRY


def submit(account: Account, session: Object, payer: Payer) -> Decline | None:
    """Pay or set up with what the driver typed; return the bank's refusal, if it refuses.

    Without one the session is complete, or its intent waits at ``requires_action``.

    Raises:
        StripeError: if the session is not open.
    """
    _check_open(session)
    billing = {"email": payer.email or session["customer_email"], "name": payer.name}
    payment_method = payment_methods.new(
        account, payer.card, billing_details=billing, expiry=payer.expiry
    )
    return submit_method(account, session, payment_method)


def submit_method(account: Account, session: Object, payment_method: Object) -> Decline | None:
    """Pay or set up with a payment method; return the bank's refusal, if it refuses.

    Raises:
        StripeError: if the session is not open.
    """
    _check_open(session)
    intent = _begun(account, session, payment_method["billing_details"])
    decline = LIFECYCLES[intent["object"]].attempt(
        account, intent, payment_method, authenticated=False
    )
    _complete_if_done(account, session, intent)
    return decline


def authenticated(
    account: Account, session: Object, intent: Object, *, approved: bool
) -> Decline | None:
    """Go on after the driver's bank has asked; return its refusal, if it refuses."""
    decline = authenticate(account, intent, approved=approved)
    _complete_if_done(account, session, intent)
    return decline


def authenticate(account: Account, intent: Object, *, approved: bool) -> Decline | None:
    """Go on with an intent after authentication; return the bank's refusal, if it refuses.

    Raises:
        StripeError: if the intent does not wait for authentication.
    """
    if intent["status"] != "requires_action":
        raise intents.unexpected_state(intent, "authenticated", ("requires_action",))
    lifecycle = LIFECYCLES[intent["object"]]
    if not approved:
        return lifecycle.authentication_failed(account, intent)
    payment_method = account.objects["payment_method"][intent["payment_method"]]
    return lifecycle.attempt(account, intent, payment_method, authenticated=True)


def _check_open(session: Object) -> None:
    if session["status"] != "open":
        raise StripeError(
            400, f"This Checkout Session is {session['status']}.", code="checkout_session_closed"
        )


def intent_of(account: Account, session: Object) -> Object:
    """Return the intent of a session whose form was sent."""
    if session["mode"] == "setup":
        return account.objects["setup_intent"][session["setup_intent"]]
    return account.objects["payment_intent"][session["payment_intent"]]


def _begun(account: Account, session: Object, billing: Object) -> Object:
    """Return the session's intent with its customer, both made when the form is first sent."""
    if session["mode"] == "setup":
        intent = account.objects["setup_intent"][session["setup_intent"]]
        intent["customer"] = intent["customer"] or _customer(account, session, billing)
        return intent
    if session["payment_intent"]:
        return account.objects["payment_intent"][session["payment_intent"]]
    intent = payment_lifecycle.new(
        account,
        session["amount_total"],
        session["currency"],
        customer=_customer(account, session, billing),
        **account.payment_fields[session["id"]],
    )
    session["payment_intent"] = intent["id"]
    account.checkout_of[intent["id"]] = session["id"]
    return intent


def _customer(account: Account, session: Object, billing: Object) -> str | None:
    if session["customer_creation"] != "always":
        given: str | None = session["customer"]
        return given
    return str(customers.new(account, email=billing["email"], name=billing["name"])["id"])


def _complete_if_done(account: Account, session: Object, intent: Object) -> None:
    if intent["status"] not in ("succeeded", "requires_capture"):
        return
    billing = account.objects["payment_method"][intent["payment_method"]]["billing_details"]
    details = {name: billing[name] for name in ("address", "email", "name", "phone")}
    paid = session["mode"] == "payment" and intent["status"] == "succeeded"
    session |= {
        "customer": intent["customer"],
        "customer_details": details | {"tax_exempt": "none", "tax_ids": []},
        "payment_status": "paid" if paid else session["payment_status"],
        "status": "complete",
        "url": None,
    }
    account.emit("checkout.session.completed", session)
