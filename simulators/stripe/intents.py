"""What PaymentIntents and SetupIntents share: secrets, errors and the way to authentication."""

from typing import Any

from simulators.stripe import listing, payment_methods
from simulators.stripe.cards import Decline
from simulators.stripe.customers import merged
from simulators.stripe.routing import check_simulated
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id

_REQUESTS = frozenset(
    {
        "request_extended_authorization",
        "request_incremental_authorization",
        "request_multicapture",
        "request_overcapture",
    }
)


def card_options(params: Object, *unset: str) -> Object:
    """Return an object's ``payment_method_options``, with the options it shows when unset.

    Longer and larger holds may be requested; charges tell whether the account has them.

    Raises:
        InvalidParameterError: for options that are not simulated.
    """
    given: Object = params.get("payment_method_options", {})
    check_simulated(given, frozenset({"card"}), "payment_method_options")
    card: Object = given.get("card", {})
    check_simulated(card, _REQUESTS, "payment_method_options[card]")
    return {"card": dict.fromkeys(unset) | {"request_three_d_secure": "automatic"} | card}


def secret(intent_id: str) -> str:
    """Return a client secret for an intent."""
    return new_id(f"{intent_id}_secret")


def next_action(account: Account, intent: Object) -> Object:
    """Return where the cardholder authenticates: a redirect, or a script's work without one."""
    url = f"{account.base_url}/authenticate/{intent['id']}"
    if return_url := account.return_urls.get(intent["id"]):
        return {
            "redirect_to_url": {"return_url": return_url, "url": url},
            "type": "redirect_to_url",
        }
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"stripe_js": url, "type": "three_d_secure_redirect"},
    }


def error_fields(decline: Decline, payment_method: Object, charge: Object | None) -> Object:
    """Return ``last_payment_error`` or ``last_setup_error`` of an intent."""
    fields: Object = {
        "code": decline.code,
        "doc_url": f"https://docs.stripe.com/error-codes#{decline.code}",
        "message": decline.message,
        "payment_method": dict(payment_method),
        "type": "card_error" if decline.decline_code else "invalid_request_error",
    }
    fields |= {"decline_code": decline.decline_code} if decline.decline_code else {}
    return fields | ({"charge": charge["id"]} if charge else {})


def refusal(intent: Object, decline: Decline, **more: Any) -> StripeError:
    """Return the 402 that carries the intent it happened to."""
    payment_method = more.pop("payment_method")
    return StripeError(
        402,
        decline.message,
        type="card_error",
        code=decline.code,
        decline_code=decline.decline_code,
        payment_method=dict(payment_method),
        about=intent,
        **more,
    )


def unexpected_state(intent: Object, verb: str, allowed: tuple[str, ...]) -> StripeError:
    """Return the refusal of an operation that the intent's status does not allow."""
    kind = {"payment_intent": "PaymentIntent", "setup_intent": "SetupIntent"}[intent["object"]]
    return StripeError(
        400,
        f"This {kind} could not be {verb} because it has a status of {intent['status']}. "
        f"Only a {kind} with one of the following statuses may be {verb}: {', '.join(allowed)}.",
        code=f"{intent['object']}_unexpected_state",
        about=intent,
    )


def check_not_in_checkout(account: Account, intent: Object, verb: str) -> None:
    """Refuse what only the Checkout Session itself may do to its intent.

    Raises:
        StripeError: if the intent was made by a Checkout Session.
    """
    if intent["id"] in account.checkout_of:
        raise StripeError(
            400,
            f"You cannot {verb} this intent because it was created by Checkout. "
            "Expire the Checkout Session instead.",
            code=f"{intent['object']}_unexpected_state",
        )


def chosen_payment_method(account: Account, intent: Object, params: Object) -> Object:
    """Return the payment method a confirmation uses.

    Raises:
        StripeError: if there is none, or it cannot be used for the intent's customer.
    """
    if "payment_method_data" in params:
        return payment_methods.from_params(account, params["payment_method_data"])
    chosen = params.get("payment_method") or intent["payment_method"]
    if not chosen:
        raise StripeError(
            400,
            "You cannot confirm this intent because it's missing a payment method. You can either "
            "update the intent with a payment method and then confirm it again, or confirm it "
            "again directly with a payment method or ConfirmationToken.",
            code=f"{intent['object']}_unexpected_state",
            about=account.objects[intent["object"]].get(intent["id"]),
        )
    payment_method = payment_methods.usable(account, chosen)
    _check_owner(account, intent, payment_method)
    return payment_method


def _check_owner(account: Account, intent: Object, payment_method: Object) -> None:
    if payment_method["id"] in account.used_up:
        raise payment_methods.spent()
    if payment_method["customer"] not in (None, intent["customer"]):
        raise StripeError(
            400,
            f"The customer does not have a payment method with the ID {payment_method['id']}. "
            "The payment method must be attached to the customer.",
            code="resource_missing",
            param="payment_method",
        )


def check_payment_method_types(params: Object) -> None:
    """Refuse intents and sessions that do not take cards: nothing else is simulated.

    Raises:
        InvalidParameterError: for types without ``card``.
    """
    for name in ("allowed_payment_method_types", "payment_method_types"):
        if "card" not in params.get(name, ["card"]):
            raise InvalidParameterError("Only card is simulated.", param=name)


def updated(intent: Object, params: Object) -> Object:
    """Apply an update's parameters to an intent and return it; Stripe sends no event for it."""
    changes = {name: value or None for name, value in params.items()}
    if "metadata" in changes:
        changes["metadata"] = merged(intent["metadata"], params["metadata"])
    intent.update(changes)
    return intent


def listed(account: Account, kind: str, params: Object, *names: str) -> Object:
    """Return a page of intents."""
    rows = listing.matching(account.all(kind), params, *names)
    return listing.page(f"/v1/{kind}s", rows, params)
