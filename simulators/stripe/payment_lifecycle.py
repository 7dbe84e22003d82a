"""The life of a PaymentIntent: https://docs.stripe.com/payments/paymentintents/lifecycle.

::

    requires_payment_method ─▶ requires_confirmation ─▶ requires_action ─▶ succeeded
              ▲                          │                    │                ▲ captured
              └──────── declined ────────┴────────────────────┴──────▶ requires_capture
    canceled ◀── cancelled, from every state but succeeded; or the hold expired
"""

from simulators.stripe import charges, intents, payment_methods
from simulators.stripe.cards import (
    AUTHENTICATION_FAILED,
    AUTHENTICATION_REQUIRED,
    Decline,
    challenged,
)
from simulators.stripe.store import Account
from simulators.stripe.wire import Object, new_id

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = (*CONFIRMABLE, "requires_capture")
_UNSET = (
    "allowed_payment_method_types",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "customer",
    "customer_account",
    "description",
    "excluded_payment_method_types",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)
UNSET_CARD_OPTIONS = ("installments", "mandate_options", "network")


def new(account: Account, amount_minor: int, currency: str, **fields: object) -> Object:
    """Create a PaymentIntent, not yet confirmed, and return it."""
    return opened(account, draft(account, amount_minor, currency, **fields))


def draft(account: Account, amount_minor: int, currency: str, **fields: object) -> Object:
    """Return a PaymentIntent that is checked before it is created."""
    intent_id = new_id("pi")
    return (
        dict.fromkeys(_UNSET)
        | {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount_minor,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": account.application,
            "capture_method": "automatic_async",
            "client_secret": intents.secret(intent_id),
            "confirmation_method": "automatic",
            "created": account.now(),
            "currency": currency,
            "livemode": False,
            "metadata": {},
            "payment_method_options": intents.card_options({}, *UNSET_CARD_OPTIONS),
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        }
        | fields
    )


def opened(account: Account, intent: Object) -> Object:
    """Create a drafted PaymentIntent and return it."""
    account.emit("payment_intent.created", account.add(intent))
    return intent


def attempt(
    account: Account,
    intent: Object,
    payment_method: Object,
    *,
    off_session: bool = False,
    authenticated: bool = False,
    may_ask: bool = True,
) -> Decline | None:
    """Ask the card's bank for the money; return its refusal, if it refuses.

    Without one the intent stands at ``requires_action``, ``requires_capture`` or ``succeeded``.
    """
    intent |= {"last_payment_error": None, "next_action": None}
    if off_session:
        account.off_session.add(intent["id"])
    card, set_up = account.cards[payment_method["id"]], payment_method["id"] in account.set_up
    asks = challenged(card, off_session=off_session, set_up=set_up) and not authenticated
    if asks and may_ask and not off_session:
        intent |= {"payment_method": payment_method["id"], "status": "requires_action"}
        intent["next_action"] = intents.next_action(account, intent)
        account.emit("payment_intent.requires_action", intent)
        return None
    decline = AUTHENTICATION_REQUIRED if asks else card.decline
    if off_session and (decreed := account.conditions.next_answer(payment_method["customer"])):
        decline = decreed.decline
    if decline:
        return declined(account, intent, payment_method, decline)
    _approved(account, intent, payment_method)
    return None


def authentication_failed(account: Account, intent: Object) -> Decline:
    """Put an intent back after the cardholder failed to authenticate."""
    payment_method = account.objects["payment_method"][intent["payment_method"]]
    _back(account, intent, intents.error_fields(AUTHENTICATION_FAILED, payment_method, None))
    return AUTHENTICATION_FAILED


def declined(account: Account, intent: Object, payment_method: Object, decline: Decline) -> Decline:
    """Put an intent back after the bank refused, and return the refusal."""
    charge = charges.declined(account, intent, payment_method, decline)
    intent["latest_charge"] = charge["id"]
    _back(account, intent, intents.error_fields(decline, payment_method, charge))
    return decline


def _back(account: Account, intent: Object, error: Object) -> None:
    intent |= {
        "last_payment_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    account.emit("payment_intent.payment_failed", intent)


def _approved(account: Account, intent: Object, payment_method: Object) -> None:
    manual = intent["capture_method"] == "manual"
    charge = (charges.held if manual else charges.taken)(account, intent, payment_method)
    intent |= {"latest_charge": charge["id"], "payment_method": payment_method["id"]}
    if manual:
        intent |= {"amount_capturable": intent["amount"], "status": "requires_capture"}
        account.emit("payment_intent.amount_capturable_updated", intent)
        capture_before = charge["payment_method_details"]["card"]["capture_before"]
        account.at(capture_before, lambda: _expire_hold(account, intent))
    else:
        intent |= {"amount_received": intent["amount"], "status": "succeeded"}
        account.emit("payment_intent.succeeded", intent)
    _keep_payment_method(account, intent, payment_method)


def _keep_payment_method(account: Account, intent: Object, payment_method: Object) -> None:
    """Attach the payment method if it shall be used again; else it is spent now."""
    if intent["setup_future_usage"] and intent["customer"]:
        payment_methods.mark_attached(account, payment_method, intent["customer"])
        account.set_up.add(payment_method["id"])
    elif payment_method["customer"] is None:
        account.used_up.add(payment_method["id"])


def _expire_hold(account: Account, intent: Object) -> None:
    if intent["status"] == "requires_capture":
        cancel_now(account, intent, "automatic")


def cancel_now(account: Account, intent: Object, reason: str | None) -> None:
    """Cancel an intent and let its hold go."""
    if intent["status"] == "requires_capture":
        charge = account.objects["charge"][intent["latest_charge"]]
        charges.released(account, charge, expired=reason == "automatic")
    intent |= {
        "amount_capturable": 0,
        "canceled_at": account.now(),
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    account.emit("payment_intent.canceled", intent)


def increment_now(account: Account, intent: Object, amount_minor: int) -> None:
    """Hold more than before."""
    intent |= {"amount": amount_minor, "amount_capturable": amount_minor}
    charges.raised(
        account, intent, account.objects["charge"][intent["latest_charge"]], amount_minor
    )
    account.emit("payment_intent.amount_capturable_updated", intent)


def capture_now(account: Account, intent: Object, amount_minor: int) -> None:
    """Take part of a hold, or all of it, and let the rest go."""
    charges.captured(account, account.objects["charge"][intent["latest_charge"]], amount_minor)
    intent |= {"amount_capturable": 0, "amount_received": amount_minor, "status": "succeeded"}
    account.emit("payment_intent.succeeded", intent)
