"""Charges, the attempts to move money, and the balance transactions that follow.

https://docs.stripe.com/api/charges
"""

import stripe

from simulators.stripe import (
    application_fees,
    balance_transactions,
    customers,
    disputes,
    listing,
    payment_methods,
    refund_lifecycle,
)
from simulators.stripe.cards import Decline
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import Object, new_id

routes = Routes()
CUSTOMER_HOLD_S = 7 * 24 * 3600
EXTENDED_HOLD_S = 30 * 24 * 3600
MERCHANT_VISA_HOLD_S = (4 * 24 + 18) * 3600
_AUTHORIZED: Object = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 12,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def _new(account: Account, intent: Object, payment_method: Object) -> Object:
    """Return a charge that has neither succeeded nor failed yet."""
    charge_id = new_id("ch")
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": account.application,
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": payment_method["billing_details"],
        "calculated_statement_descriptor": "SIMULATED",
        "captured": False,
        "created": account.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": dict(_AUTHORIZED),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": payment_method["id"],
        "payment_method_details": _details(account, intent, payment_method),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{account.base_url}/receipts/{charge_id}",
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def _details(account: Account, intent: Object, payment_method: Object) -> Object:
    card = account.cards[payment_method["id"]]
    expiry = (payment_method["card"]["exp_month"], payment_method["card"]["exp_year"])
    features: Object = _flexibility(account, intent) | {
        "amount_authorized": intent["amount"],
        "authorization_code": "123456",
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": "104102910410110",
        "three_d_secure": None,
    }
    fields = payment_methods.card_fields(account, card, expiry)
    return {"card": fields | features, "type": "card"}


def _flexibility(account: Account, intent: Object) -> Object:
    """Return how a hold may grow: what was requested and the account has.

    https://docs.stripe.com/payments/flexible-acquiring
    """
    features = account.conditions.features
    requested = intent["payment_method_options"]["card"]

    def granted(name: str, *, has: bool) -> bool:
        manual = intent["capture_method"] == "manual"
        return manual and has and requested.get(f"request_{name}") == "if_available"

    extended = granted("extended_authorization", has=features.extended)
    incremental = granted("incremental_authorization", has=features.incremental)
    more = granted("overcapture", has=features.overcapture_percent > 0)
    percent = features.overcapture_percent if more else 0
    return {
        "extended_authorization": {"status": "enabled" if extended else "disabled"},
        "incremental_authorization": {"status": "available" if incremental else "unavailable"},
        "overcapture": {
            "maximum_amount_capturable": intent["amount"] * (100 + percent) // 100,
            "status": "available" if more else "unavailable",
        },
    }


def declined(account: Account, intent: Object, payment_method: Object, decline: Decline) -> Object:
    """Keep the charge of a refused attempt and return it."""
    charge = _new(account, intent, payment_method) | {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": _AUTHORIZED
        | {
            "network_status": "declined_by_network",
            "reason": decline.decline_code,
            "seller_message": "The bank returned a decline code.",
            "type": "issuer_declined",
        },
        "paid": False,
        "receipt_url": None,
        "status": "failed",
    }
    account.add(charge)
    account.emit("charge.failed", charge)
    return charge


def held(account: Account, intent: Object, payment_method: Object) -> Object:
    """Hold the intent's amount on the card and return the uncaptured charge."""
    charge = account.add(_new(account, intent, payment_method))
    card = charge["payment_method_details"]["card"]
    card["capture_before"] = charge["created"] + _hold_s(account, intent, card)
    account.move(Movement.HOLD, intent["id"], charge["amount"])
    account.emit("charge.succeeded", charge)
    return charge


def _hold_s(account: Account, intent: Object, card: Object) -> int:
    if account.conditions.hold_lasts_s is not None:
        return account.conditions.hold_lasts_s
    if card["extended_authorization"]["status"] == "enabled":
        return EXTENDED_HOLD_S
    merchant_initiated = intent["id"] in account.off_session
    visa = card["brand"] == "visa"
    return MERCHANT_VISA_HOLD_S if merchant_initiated and visa else CUSTOMER_HOLD_S


def raised(account: Account, intent: Object, charge: Object, amount_minor: int) -> None:
    """Hold more on the card: the intent's new amount."""
    account.move(Movement.HOLD, intent["id"], amount_minor - charge["amount"])
    card = charge["payment_method_details"]["card"]
    card["amount_authorized"] = amount_minor
    most_minor = card["overcapture"]["maximum_amount_capturable"] * amount_minor
    card["overcapture"]["maximum_amount_capturable"] = most_minor // charge["amount"]
    account.update(charge, "charge.updated", amount=amount_minor)


def taken(account: Account, intent: Object, payment_method: Object) -> Object:
    """Take the intent's amount from the card and return the captured charge."""
    charge = account.add(_new(account, intent, payment_method))
    charge |= {"captured": True, "amount_captured": charge["amount"]}
    account.move(Movement.CHARGE, intent["id"], charge["amount"])
    application_fees.take(account, charge)
    account.emit("charge.succeeded", charge)
    account.afterwards(lambda: _book(account, charge))
    return charge


def captured(account: Account, charge: Object, amount_minor: int) -> None:
    """Take part of a hold and let the rest go, or take more than it where that is available.

    A partial capture leaves ``amount_refunded`` at 0 and makes no refund object.
    """
    charge |= {"captured": True, "amount_captured": amount_minor}
    rest_minor = charge["amount"] - amount_minor
    if rest_minor < 0:
        account.move(Movement.HOLD, charge["payment_intent"], -rest_minor)
    account.move(Movement.CAPTURE, charge["payment_intent"], amount_minor)
    if rest_minor > 0:
        account.move(Movement.RELEASE, charge["payment_intent"], rest_minor)
    application_fees.take(account, charge)
    account.emit("charge.captured", charge)
    account.afterwards(lambda: _book(account, charge))


def released(account: Account, charge: Object, *, expired: bool) -> None:
    """Let a whole hold go; Stripe shows it as a refund of the uncaptured charge."""
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    account.move(Movement.RELEASE, charge["payment_intent"], charge["amount"])
    reason = "expired_uncaptured_charge" if expired else None
    refund = refund_lifecycle.new(account, charge, charge["amount"], reason=reason)
    account.emit("refund.created", refund)
    account.emit("charge.expired" if expired else "charge.refunded", charge)


def _book(account: Account, charge: Object) -> None:
    """Give a captured charge its balance transaction, a moment later as Stripe does."""
    transaction = balance_transactions.book(account, charge["amount_captured"], charge, "charge")
    account.update(charge, "charge.updated", balance_transaction=transaction["id"])
    card = account.cards[charge["payment_method"]]
    if card.dispute_reason:
        disputes.opened(account, charge, card.dispute_reason, inquiry=card.inquiry)


@routes(
    "GET",
    "/v1/charges",
    stripe.params.ChargeListParams,
    f"{listing.DATED_PAGE} customer payment_intent",
)
def index(call: Call) -> Object:
    """List charges."""
    rows = listing.matching(call.account.all("charge"), call.params, "customer", "payment_intent")
    return listing.page("/v1/charges", rows, call.params)


@routes("GET", "/v1/charges/{id}", stripe.params.ChargeRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a charge."""
    return call.account.get("charge", call.id)


@routes(
    "POST",
    "/v1/charges/{id}",
    stripe.params.ChargeUpdateParams,
    "description metadata receipt_email",
)
def update(call: Call) -> Object:
    """Change what is said of a charge; one with a new address is receipted to it."""
    charge = call.account.get("charge", call.id)
    said = {
        name: call.params[name] for name in ("description", "receipt_email") if name in call.params
    }
    metadata = customers.merged(charge["metadata"], call.params.get("metadata", {}))
    call.account.update(charge, "charge.updated", **said, metadata=metadata)
    return charge
