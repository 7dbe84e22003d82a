"""Checkout Sessions: https://docs.stripe.com/api/checkout/sessions."""

import stripe.params.checkout as params_types

from simulators.stripe import (
    application_fees,
    customers,
    intents,
    line_items,
    listing,
    payment_lifecycle,
    setup_intents,
)
from simulators.stripe.currencies import normalised
from simulators.stripe.payment_lifecycle import UNSET_CARD_OPTIONS
from simulators.stripe.routing import Call, Routes, check_simulated
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id

routes = Routes()
LEAST_LIFE_S = 30 * 60
LONGEST_LIFE_S = 24 * 3600
GRACE_S = 60
"""Virtual time may run many times faster than a request travels."""
_PAYMENT_DATA = frozenset(
    {
        "application_fee_amount",
        "capture_method",
        "description",
        "metadata",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "statement_descriptor_suffix",
        "transfer_group",
    }
)
_SETUP_DATA = frozenset({"description", "metadata"})
_ECHOED = (
    "allowed_payment_method_types billing_address_collection cancel_url client_reference_id"
    " customer customer_creation customer_email locale metadata origin_context submit_type"
    " success_url wallet_options"
)
_REQUIRED = {"payment": ("success_url", "line_items"), "setup": ("success_url",)}
_UNSET = (
    "allowed_payment_method_types",
    "after_expiration",
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer",
    "customer_account",
    "customer_details",
    "customer_email",
    "invoice",
    "invoice_creation",
    "locale",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "recovered_from",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "success_url",
    "wallet_options",
)


@routes(
    "POST",
    "/v1/checkout/sessions",
    params_types.SessionCreateParams,
    f"{_ECHOED} currency custom_text expires_at line_items mode"
    " payment_intent_data payment_method_options payment_method_types setup_intent_data ui_mode",
)
def create(call: Call) -> Object:
    """Open a session; in setup mode its SetupIntent is made at once."""
    account, params = call.account, call.params
    _check(account, params)
    items = line_items.priced(account, params)
    fee_minor = params.get("payment_intent_data", {}).get("application_fee_amount")
    application_fees.check(account, fee_minor, _total_minor(items))
    session = account.add(_new(account, params, items))
    account.line_items[session["id"]] = items
    account.payment_fields[session["id"]] = params.get("payment_intent_data", {}) | {
        "payment_method_options": intents.card_options(params, *UNSET_CARD_OPTIONS)
    }
    if session["mode"] == "setup":
        intent = setup_intents.new(
            account, customer=session["customer"], **params.get("setup_intent_data", {})
        )
        session["setup_intent"] = intent["id"]
        account.checkout_of[intent["id"]] = session["id"]
    account.at(session["expires_at"], lambda: _expire_if_open(account, session))
    return session


def _new(account: Account, params: Object, items: Object) -> Object:
    session_id = new_id("cs_test", 58)
    payment = params["mode"] == "payment"
    total_minor = _total_minor(items)
    session: Object = dict.fromkeys(_UNSET) | {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False} if payment else None,
        "amount_subtotal": total_minor if payment else None,
        "amount_total": total_minor if payment else None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": account.now(),
        "currency": _currency(params, items),
        "custom_fields": [],
        "custom_text": _custom_text(params),
        "customer_creation": "if_required" if payment and "customer" not in params else None,
        "discounts": [] if payment else None,
        "expires_at": params.get("expires_at", account.now() + LONGEST_LIFE_S),
        "livemode": False,
        "metadata": {},
        "mode": params["mode"],
        "payment_method_collection": "if_required" if payment else "always",
        "payment_method_options": intents.card_options(params),
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if payment else "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
        if payment
        else None,
        "ui_mode": "hosted_page",
        "url": f"{account.base_url}/c/pay/{session_id}",
    }
    return session | {name: params[name] for name in _ECHOED.split() if name in params}


def _total_minor(items: Object) -> int:
    return sum(item["amount_total"] for item in items["data"])


def _custom_text(params: Object) -> Object:
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    texts: Object = params.get("custom_text", {})
    return dict.fromkeys(names) | texts


def _currency(params: Object, items: Object) -> str | None:
    if items["data"]:
        return str(items["data"][0]["currency"])
    return normalised(params["currency"]) if "currency" in params else None


def _check(account: Account, params: Object) -> None:
    """Refuse what Stripe refuses, in the order it is written here."""
    if params.setdefault("mode", "payment") == "subscription":
        raise InvalidParameterError("Subscriptions are not simulated.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise InvalidParameterError("Only hosted_page is simulated.", param="ui_mode")
    check_simulated(params.get("payment_intent_data", {}), _PAYMENT_DATA, "payment_intent_data")
    check_simulated(params.get("setup_intent_data", {}), _SETUP_DATA, "setup_intent_data")
    intents.check_payment_method_types(params)
    _check_mode(params)
    _check_urls(params)
    if "customer" in params:
        customers.existing(account, params["customer"], "customer")
    _check_life(account, params)


def _check_life(account: Account, params: Object) -> None:
    life_s = params.get("expires_at", account.now() + LONGEST_LIFE_S) - account.now()
    if not LEAST_LIFE_S - GRACE_S <= life_s <= LONGEST_LIFE_S + GRACE_S:
        raise InvalidParameterError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )


def _check_urls(params: Object) -> None:
    for name in ("success_url", "cancel_url"):
        if not params.get(name, "https://").startswith(("https://", "http://")):
            raise InvalidParameterError("Not a valid URL", code="url_invalid", param=name)


def _check_mode(params: Object) -> None:
    setup = params["mode"] == "setup"
    types_given = "allowed_payment_method_types" in params or "payment_method_types" in params
    required = _REQUIRED[params["mode"]] + (("currency",) if setup and not types_given else ())
    for name in required:
        if name not in params:
            raise InvalidParameterError(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
    foreign = ("payment_intent_data", "line_items") if setup else ("setup_intent_data",)
    for name in foreign:
        if name in params:
            raise InvalidParameterError(
                f"You can not pass `{name}` in `{params['mode']}` mode.", param=name
            )
    if "customer" in params and "customer_creation" in params:
        raise InvalidParameterError(
            "You may only specify one of these parameters: customer, customer_creation.",
            param="customer_creation",
        )


def _expire_if_open(account: Account, session: Object) -> None:
    if session["status"] == "open":
        _expire(account, session)


def _expire(account: Account, session: Object) -> None:
    """Close a session and cancel the intent it may have."""
    session |= {"status": "expired", "url": None}
    if session["payment_intent"]:
        intent = account.objects["payment_intent"][session["payment_intent"]]
        payment_lifecycle.cancel_now(account, intent, None)
    if session["setup_intent"]:
        intent = account.objects["setup_intent"][session["setup_intent"]]
        setup_intents.cancel_now(account, intent, None)
    account.emit("checkout.session.expired", session)


@routes("POST", "/v1/checkout/sessions/{id}/expire", params_types.SessionExpireParams)
def expire(call: Call) -> Object:
    """Expire an open session."""
    session = call.account.get("checkout.session", call.id)
    if session["status"] != "open":
        raise StripeError(
            400,
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`.",
        )
    _expire(call.account, session)
    return session


@routes("GET", "/v1/checkout/sessions/{id}", params_types.SessionRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a session."""
    return call.account.get("checkout.session", call.id)


@routes(
    "GET",
    "/v1/checkout/sessions/{id}/line_items",
    params_types.SessionListLineItemsParams,
    listing.PAGE,
)
def items(call: Call) -> Object:
    """List a session's line items."""
    session = call.account.get("checkout.session", call.id)
    listed = call.account.line_items[session["id"]]
    return listing.page(listed["url"], listed["data"], call.params)


@routes(
    "GET",
    "/v1/checkout/sessions",
    params_types.SessionListParams,
    f"{listing.DATED_PAGE} customer payment_intent status",
)
def index(call: Call) -> Object:
    """List sessions."""
    rows = listing.matching(
        call.account.all("checkout.session"), call.params, "customer", "payment_intent", "status"
    )
    return listing.page("/v1/checkout/sessions", rows, call.params)
