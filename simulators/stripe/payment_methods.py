"""PaymentMethods of type card: https://docs.stripe.com/api/payment_methods."""

import hashlib

import stripe

from simulators.stripe import listing
from simulators.stripe.cards import BY_NUMBER, BY_PAYMENT_METHOD, Card
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id

routes = Routes()
EXPIRY = (12, 2034)
NO_ADDRESS: Object = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_NO_CHECKS: Object = dict.fromkeys(
    ("address_line1_check", "address_postal_code_check", "cvc_check")
)


def new(
    account: Account,
    card: Card,
    *,
    billing_details: Object | None = None,
    expiry: tuple[int, int] = EXPIRY,
    metadata: Object | None = None,
) -> Object:
    """Create a payment method for a test card and return it."""
    payment_method = account.add(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": _billing_details(billing_details or {}),
            "card": card_fields(account, card, expiry) | {"generated_from": None},
            "created": account.now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": metadata or {},
            "type": "card",
        }
    )
    payment_method["card"] |= {
        "display_brand": card.brand,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
    }
    account.cards[payment_method["id"]] = card
    return payment_method


def _billing_details(given: Object) -> Object:
    empty = {"address": NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
    return empty | given | {"address": NO_ADDRESS | (given.get("address") or {})}


def card_fields(account: Account, card: Card, expiry: tuple[int, int]) -> Object:
    """Return what payment methods and charges both tell about a card.

    The fingerprint is the same wherever an account meets the card again.
    """
    fingerprint = hashlib.sha256(f"{account.id}:{card.number}".encode()).hexdigest()[:16]
    return {
        "brand": card.brand,
        "checks": _NO_CHECKS | {"cvc_check": "pass"},
        "country": card.country,
        "exp_month": expiry[0],
        "exp_year": expiry[1],
        "fingerprint": fingerprint,
        "funding": "credit",
        "last4": card.last4,
        "regulated_status": "unregulated",
        "wallet": None,
    }


def from_params(account: Account, params: Object) -> Object:
    """Create a payment method from ``card[token]`` or ``card[number]``.

    Raises:
        StripeError: for a card that is no test card.
    """
    given: Object = params.get("card") or {}
    expiry = (given.get("exp_month", EXPIRY[0]), given.get("exp_year", EXPIRY[1]))
    return new(
        account,
        _test_card(given),
        billing_details=params.get("billing_details"),
        expiry=expiry,
        metadata=params.get("metadata"),
    )


def _test_card(given: Object) -> Card:
    token = given.get("token", "").replace("tok_", "pm_card_", 1)
    card = BY_PAYMENT_METHOD.get(token) or BY_NUMBER.get(given.get("number", ""))
    if card is None:
        raise StripeError(
            402,
            "Your card was declined. Your request was in test mode, but used a non test card.",
            type="card_error",
            code="card_declined",
            decline_code="test_mode_live_card",
        )
    return card


def usable(account: Account, payment_method_id: str) -> Object:
    """Return a payment method, a new one for a test id such as ``pm_card_visa``.

    Raises:
        StripeError: ``resource_missing``.
    """
    if payment_method_id in BY_PAYMENT_METHOD:
        return new(account, BY_PAYMENT_METHOD[payment_method_id])
    return account.get("payment_method", payment_method_id, "payment_method")


def attach_to(account: Account, payment_method_id: str, customer_id: str) -> Object:
    """Attach a payment method to a customer after asking the card's bank.

    Raises:
        StripeError: 402 if the bank refuses, 400 for one already used up or attached elsewhere.
    """
    payment_method = usable(account, payment_method_id)
    if payment_method["id"] in account.used_up:
        raise spent()
    if payment_method["customer"] not in (None, customer_id):
        raise StripeError(
            400, "The payment method you provided has already been attached to a customer."
        )
    decline = account.cards[payment_method["id"]].decline
    if decline and not account.cards[payment_method["id"]].attaches:
        raise StripeError(
            402,
            decline.message,
            type="card_error",
            code=decline.code,
            decline_code=decline.decline_code,
        )
    mark_attached(account, payment_method, customer_id)
    return payment_method


def mark_attached(account: Account, payment_method: Object, customer_id: str) -> None:
    """Attach a payment method that was just proven good."""
    if payment_method["customer"] is None:
        payment_method["customer"] = customer_id
        account.emit("payment_method.attached", payment_method)


def spent() -> StripeError:
    """Return Stripe's refusal of a payment method that cannot be used again."""
    return StripeError(
        400,
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
        "attachment, shared with a connected account without Customer attachment, or was detached "
        "from a Customer. It may not be used again. To use a PaymentMethod multiple times, you "
        "must attach it to a Customer first.",
        param="payment_method",
    )


def detach_from(account: Account, payment_method: Object) -> None:
    """Detach a payment method for good."""
    previous = {"customer": payment_method["customer"]}
    payment_method["customer"] = None
    account.used_up.add(payment_method["id"])
    account.emit("payment_method.detached", payment_method, previous)


def listed(account: Account, url: str, params: Object) -> Object:
    """Return a page of attached payment methods; unattached ones are never listed."""
    rows = [row for row in account.all("payment_method") if row["customer"]]
    return listing.page(url, listing.matching(rows, params, "customer", "type"), params)


@routes(
    "POST",
    "/v1/payment_methods",
    stripe.params.PaymentMethodCreateParams,
    "type card billing_details metadata",
)
def create(call: Call) -> Object:
    """Create a payment method."""
    return from_params(call.account, call.params)


@routes(
    "GET",
    "/v1/payment_methods",
    stripe.params.PaymentMethodListParams,
    f"{listing.PAGE} customer type",
)
def index(call: Call) -> Object:
    """List payment methods, of one customer if it is given."""
    return listed(call.account, "/v1/payment_methods", call.params)


@routes("GET", "/v1/payment_methods/{id}", stripe.params.PaymentMethodRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a payment method."""
    return call.account.get("payment_method", call.id)


@routes(
    "POST", "/v1/payment_methods/{id}/attach", stripe.params.PaymentMethodAttachParams, "customer"
)
def attach(call: Call) -> Object:
    """Attach a payment method to a customer."""
    if "customer" not in call.params:
        raise InvalidParameterError(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = call.account.get("customer", call.params["customer"], "customer")
    return attach_to(call.account, call.id, customer["id"])


@routes("POST", "/v1/payment_methods/{id}/detach", stripe.params.PaymentMethodDetachParams)
def detach(call: Call) -> Object:
    """Detach a payment method from its customer."""
    payment_method = call.account.get("payment_method", call.id)
    if payment_method["customer"] is None:
        raise StripeError(
            400,
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
        )
    detach_from(call.account, payment_method)
    return payment_method
