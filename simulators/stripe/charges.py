"""Charges, the attempts to move money, and the balance transactions that follow.

https://docs.stripe.com/api/charges
"""

import stripe

from simulators.stripe import balance_transactions, disputes, listing, payment_methods, refunds
from simulators.stripe.cards import Decline
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import Object, new_id

routes = Routes()
CUSTOMER_HOLD_S = 7 * 24 * 3600
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
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
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
    features: Object = {
        "amount_authorized": intent["amount"],
        "authorization_code": "123456",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": "104102910410110",
        "overcapture": {
            "maximum_amount_capturable": intent["amount"],
            "status": "unavailable",
        },
        "three_d_secure": None,
    }
    return {"card": payment_methods.card_fields(card, expiry) | features, "type": "card"}


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
    merchant_initiated = intent["id"] in account.off_session
    visa = account.cards[payment_method["id"]].brand == "visa"
    hold_s = MERCHANT_VISA_HOLD_S if merchant_initiated and visa else CUSTOMER_HOLD_S
    charge["payment_method_details"]["card"]["capture_before"] = charge["created"] + hold_s
    account.move(Movement.HOLD, intent["id"], charge["amount"])
    account.emit("charge.succeeded", charge)
    return charge


def taken(account: Account, intent: Object, payment_method: Object) -> Object:
    """Take the intent's amount from the card and return the captured charge."""
    charge = account.add(_new(account, intent, payment_method))
    charge |= {"captured": True, "amount_captured": charge["amount"]}
    account.move(Movement.CHARGE, intent["id"], charge["amount"])
    account.emit("charge.succeeded", charge)
    account.afterwards(lambda: _book(account, charge))
    return charge


def captured(account: Account, charge: Object, amount_minor: int) -> None:
    """Take part of a hold and let the rest go.

    A partial capture leaves ``amount_refunded`` at 0 and makes no refund object.
    """
    charge |= {"captured": True, "amount_captured": amount_minor}
    account.move(Movement.CAPTURE, charge["payment_intent"], amount_minor)
    if rest_minor := charge["amount"] - amount_minor:
        account.move(Movement.RELEASE, charge["payment_intent"], rest_minor)
    account.emit("charge.captured", charge)
    account.afterwards(lambda: _book(account, charge))


def released(account: Account, charge: Object, *, expired: bool) -> None:
    """Let a whole hold go; Stripe shows it as a refund of the uncaptured charge."""
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    account.move(Movement.RELEASE, charge["payment_intent"], charge["amount"])
    reason = "expired_uncaptured_charge" if expired else None
    refund = refunds.new(account, charge, charge["amount"], reason=reason)
    account.emit("refund.created", refund)
    account.emit("charge.expired" if expired else "charge.refunded", charge)


def _book(account: Account, charge: Object) -> None:
    """Give a captured charge its balance transaction, a moment later as Stripe does."""
    transaction = balance_transactions.book(account, charge["amount_captured"], charge, "charge")
    account.update(charge, "charge.updated", balance_transaction=transaction["id"])
    if account.cards[charge["payment_method"]].disputed:
        disputes.raised(account, charge)


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
