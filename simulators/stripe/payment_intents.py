"""PaymentIntents: https://docs.stripe.com/api/payment_intents."""

import stripe

from simulators.stripe import application_fees, customers, intents, listing
from simulators.stripe.cards import INSUFFICIENT_FUNDS
from simulators.stripe.currencies import check_amount, normalised
from simulators.stripe.intents import check_not_in_checkout, unexpected_state
from simulators.stripe.payment_lifecycle import (
    CANCELABLE,
    CONFIRMABLE,
    UNSET_CARD_OPTIONS,
    attempt,
    cancel_now,
    capture_now,
    draft,
    increment_now,
    opened,
)
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, StripeError

routes = Routes()
_TYPES = "allowed_payment_method_types payment_method_types automatic_payment_methods"
_FIELDS = (
    "application_fee_amount description metadata receipt_email setup_future_usage shipping"
    " statement_descriptor_suffix transfer_group"
)
_KEPT = {
    *_FIELDS.split(),
    "allowed_payment_method_types",
    "capture_method",
    "confirmation_method",
    "customer",
}
_INCREMENTS_MOST = 10
_CONFIRMATION = (
    "payment_method payment_method_data off_session return_url error_on_requires_action"
    " mandate_data use_stripe_sdk"
)


@routes(
    "POST",
    "/v1/payment_intents",
    stripe.params.PaymentIntentCreateParams,
    f"{_TYPES} {_FIELDS} {_CONFIRMATION} amount capture_method confirm confirmation_method"
    " currency customer payment_method_options",
)
def create(call: Call) -> Object:
    """Create a PaymentIntent, and confirm it at once if asked to."""
    account, params = call.account, call.params
    currency = normalised(params["currency"])
    check_amount(params["amount"], currency)
    intents.check_payment_method_types(params)
    _check_confirmation_only(params)
    if "customer" in params:
        customers.existing(account, params["customer"], "customer")
    application_fees.check(account, params.get("application_fee_amount"), params["amount"])
    fields = {name: value for name, value in params.items() if name in _KEPT}
    fields["payment_method_options"] = intents.card_options(params, *UNSET_CARD_OPTIONS)
    intent = draft(account, params["amount"], currency, **fields, **_automatic(params))
    if params.get("confirm"):
        payment_method = _ready(account, intent, params)
        return _confirm(account, opened(account, intent), payment_method, params)
    if "payment_method" in params or "payment_method_data" in params:
        chosen = intents.chosen_payment_method(account, intent, params)
        intent |= {"payment_method": chosen["id"], "status": "requires_confirmation"}
    return opened(account, intent)


def _check_confirmation_only(params: Object) -> None:
    for name in ("off_session", "return_url", "error_on_requires_action", "mandate_data"):
        if name in params and not params.get("confirm"):
            raise InvalidParameterError(
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless "
                "`confirm` is set to true.",
                param=name,
            )


def _automatic(params: Object) -> Object:
    if "allowed_payment_method_types" in params or "payment_method_types" in params:
        return {}
    given = params.get("automatic_payment_methods", {"enabled": True})
    return {"automatic_payment_methods": {"allow_redirects": "always"} | given}


@routes(
    "POST",
    "/v1/payment_intents/{id}/confirm",
    stripe.params.PaymentIntentConfirmParams,
    f"{_CONFIRMATION} capture_method receipt_email setup_future_usage",
)
def confirm(call: Call) -> Object:
    """Confirm a PaymentIntent."""
    intent = call.account.get("payment_intent", call.id)
    check_not_in_checkout(call.account, intent, "confirm")
    if intent["status"] not in CONFIRMABLE:
        raise unexpected_state(intent, "confirmed", CONFIRMABLE)
    for name in ("capture_method", "receipt_email", "setup_future_usage"):
        if name in call.params:
            intent[name] = call.params[name] or None
    payment_method = _ready(call.account, intent, call.params)
    return _confirm(call.account, intent, payment_method, call.params)


def _ready(account: Account, intent: Object, params: Object) -> Object:
    """Return the payment method of a confirmation that nothing stands against."""
    payment_method = intents.chosen_payment_method(account, intent, params)
    if "return_url" in params:
        account.return_urls[intent["id"]] = params["return_url"]
    _check_return_url(account, intent)
    return payment_method


def _confirm(account: Account, intent: Object, payment_method: Object, params: Object) -> Object:
    off_session = bool(params.get("off_session"))
    may_ask = not params.get("error_on_requires_action")
    decline = attempt(account, intent, payment_method, off_session=off_session, may_ask=may_ask)
    if decline:
        raise intents.refusal(
            intent, decline, payment_method=payment_method, charge=intent["latest_charge"]
        )
    return intent


def _check_return_url(account: Account, intent: Object) -> None:
    """Refuse to confirm without a way back what may lead the customer away."""
    automatic = intent["automatic_payment_methods"]
    if not automatic or automatic["allow_redirects"] == "never":
        return
    if intent["id"] not in account.return_urls:
        raise InvalidParameterError(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, "
            "you must provide a `return_url`. If you don't want to accept redirect-based payment "
            "methods, set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never`.",
            param="return_url",
        )


@routes(
    "POST",
    "/v1/payment_intents/{id}/capture",
    stripe.params.PaymentIntentCaptureParams,
    "amount_to_capture application_fee_amount final_capture metadata",
)
def capture(call: Call) -> Object:
    """Take what is asked of a hold, all unless an amount is given, and release the rest.

    https://docs.stripe.com/payments/overcapture: more than the hold, where the charge says so.
    """
    account, intent = call.account, call.account.get("payment_intent", call.id)
    if intent["status"] != "requires_capture":
        raise unexpected_state(intent, "captured", ("requires_capture",))
    charge = account.objects["charge"][intent["latest_charge"]]
    card = charge["payment_method_details"]["card"]
    capturable_minor: int = intent["amount_capturable"]
    amount_minor: int = call.params.get("amount_to_capture", capturable_minor)
    most_minor: int = card["overcapture"]["maximum_amount_capturable"]
    if amount_minor > capturable_minor and account.conditions.overcapture_refused():
        most_minor = capturable_minor
    if not 1 <= amount_minor <= most_minor:
        raise StripeError(
            400,
            "The amount to capture must be above 0 and at most the capturable amount of "
            f"{most_minor}.",
            code="amount_too_large" if amount_minor > 0 else "parameter_invalid_integer",
            param="amount_to_capture",
        )
    if "metadata" in call.params:
        intent["metadata"] = customers.merged(intent["metadata"], call.params["metadata"])
    if "application_fee_amount" in call.params:
        fee_minor = call.params["application_fee_amount"]
        application_fees.check(account, fee_minor, intent["amount"])
        intent["application_fee_amount"] = charge["application_fee_amount"] = fee_minor
    capture_now(account, intent, amount_minor)
    return intent


@routes(
    "POST",
    "/v1/payment_intents/{id}/increment_authorization",
    stripe.params.PaymentIntentIncrementAuthorizationParams,
    "amount application_fee_amount description metadata",
)
def increment(call: Call) -> Object:
    """Hold more on the card; its bank may refuse, which leaves everything as it was.

    https://docs.stripe.com/payments/incremental-authorization
    """
    account, intent = call.account, call.account.get("payment_intent", call.id)
    _check_increment(account, intent, call.params)
    account.increments[intent["id"]] += 1
    if account.conditions.increment_declined():
        payment_method = account.objects["payment_method"][intent["payment_method"]]
        raise intents.refusal(
            intent,
            INSUFFICIENT_FUNDS,
            payment_method=payment_method,
            charge=intent["latest_charge"],
        )
    changes = {name: value for name, value in call.params.items() if name != "amount"}
    increment_now(account, intents.updated(intent, changes), call.params["amount"])
    return intent


def _check_increment(account: Account, intent: Object, params: Object) -> None:
    if intent["status"] != "requires_capture":
        raise unexpected_state(intent, "incremented", ("requires_capture",))
    charge = account.objects["charge"][intent["latest_charge"]]
    card = charge["payment_method_details"]["card"]
    if card["incremental_authorization"]["status"] != "available":
        raise StripeError(
            400, "Incremental authorization is not available for this PaymentIntent.", about=intent
        )
    if params["amount"] <= intent["amount"]:
        raise StripeError(
            400,
            "The amount must be greater than the currently authorized amount of "
            f"{intent['amount']}.",
            param="amount",
        )
    check_amount(params["amount"], intent["currency"])
    application_fees.check(account, params.get("application_fee_amount"), params["amount"])
    if account.increments[intent["id"]] >= _INCREMENTS_MOST:
        raise StripeError(
            400, "This PaymentIntent has reached its limit of 10 incremental authorizations."
        )


@routes(
    "POST",
    "/v1/payment_intents/{id}/cancel",
    stripe.params.PaymentIntentCancelParams,
    "cancellation_reason",
)
def cancel(call: Call) -> Object:
    """Cancel a PaymentIntent; one of a Checkout Session only while it holds money."""
    intent = call.account.get("payment_intent", call.id)
    if intent["status"] not in CANCELABLE:
        raise unexpected_state(intent, "canceled", CANCELABLE)
    if intent["status"] != "requires_capture":
        check_not_in_checkout(call.account, intent, "cancel")
    cancel_now(call.account, intent, call.params.get("cancellation_reason"))
    return intent


@routes(
    "POST",
    "/v1/payment_intents/{id}",
    stripe.params.PaymentIntentUpdateParams,
    f"{_FIELDS} customer",
)
def update(call: Call) -> Object:
    """Change a PaymentIntent."""
    intent = call.account.get("payment_intent", call.id)
    fee_minor = call.params.get("application_fee_amount") or None
    application_fees.check(call.account, fee_minor, intent["amount"])
    return intents.updated(intent, call.params)


@routes("GET", "/v1/payment_intents/{id}", stripe.params.PaymentIntentRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a PaymentIntent."""
    return call.account.get("payment_intent", call.id)


@routes(
    "GET",
    "/v1/payment_intents",
    stripe.params.PaymentIntentListParams,
    f"{listing.DATED_PAGE} customer",
)
def index(call: Call) -> Object:
    """List PaymentIntents."""
    return intents.listed(call.account, "payment_intent", call.params, "customer")
