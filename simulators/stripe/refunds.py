"""Refunds: https://docs.stripe.com/api/refunds."""

import stripe

from simulators.stripe import balance_transactions, listing
from simulators.stripe.currencies import readable
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id

routes = Routes()


def new(
    account: Account,
    charge: Object,
    amount_minor: int,
    *,
    reason: str | None,
    metadata: Object | None = None,
) -> Object:
    """Keep a refund of a charge and return it; moving and telling is the caller's part."""
    return account.add(
        {
            "id": new_id("re"),
            "object": "refund",
            "amount": amount_minor,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": account.now(),
            "currency": charge["currency"],
            "customer": charge["customer"],
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund" if charge["captured"] else "reversal",
                },
                "type": "card",
            },
            "metadata": metadata or {},
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        }
    )


@routes(
    "POST",
    "/v1/refunds",
    stripe.params.RefundCreateParams,
    "amount charge metadata payment_intent reason",
)
def create(call: Call) -> Object:
    """Give money back, all that is left unless an amount is given."""
    account, charge = call.account, _charge(call)
    amount_minor = _amount(call, charge)
    account.move(Movement.REFUND, charge["payment_intent"], amount_minor)
    charge["amount_refunded"] += amount_minor
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    refund = new(
        account,
        charge,
        amount_minor,
        reason=call.params.get("reason"),
        metadata=call.params.get("metadata") or {},
    )
    booking = balance_transactions.book(account, -amount_minor, refund, "refund")
    refund["balance_transaction"] = booking["id"]
    account.emit("refund.created", refund)
    account.emit("charge.refunded", charge)
    if account.cards[charge["payment_method"]].refund_fails:
        account.afterwards(lambda: _fail(account, charge, refund))
    return refund


def _charge(call: Call) -> Object:
    if "charge" in call.params:
        return call.account.get("charge", call.params["charge"], "charge")
    if "payment_intent" not in call.params:
        raise InvalidParameterError(
            "One of the following params should be provided for this "
            "request: payment_intent or charge."
        )
    intent = call.account.get("payment_intent", call.params["payment_intent"], "payment_intent")
    charge = call.account.objects["charge"].get(intent["latest_charge"] or "")
    if charge is None or not charge["captured"]:
        raise StripeError(
            400,
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return charge


def _amount(call: Call, charge: Object) -> int:
    left_minor: int = charge["amount_captured"] - charge["amount_refunded"]
    amount_minor: int = call.params.get("amount", left_minor)
    if not charge["captured"] or left_minor == 0:
        raise StripeError(
            400,
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
        )
    if charge["disputed"]:
        raise StripeError(
            400,
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if amount_minor < 1:
        raise InvalidParameterError(
            "Invalid positive integer", code="parameter_invalid_integer", param="amount"
        )
    if amount_minor > left_minor:
        asked, left = (
            readable(amount, charge["currency"]) for amount in (amount_minor, left_minor)
        )
        raise StripeError(
            400,
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    return amount_minor


def _fail(account: Account, charge: Object, refund: Object) -> None:
    """Have the card's bank send the money back, which it may do days later."""
    amount_minor = refund["amount"]
    account.move(Movement.REFUND_RETURNED, charge["payment_intent"], amount_minor)
    charge["amount_refunded"] -= amount_minor
    charge["refunded"] = False
    booking = balance_transactions.book(account, amount_minor, refund, "refund_failure")
    refund |= {
        "failure_balance_transaction": booking["id"],
        "failure_reason": "expired_or_canceled_card",
        "status": "failed",
    }
    account.emit("refund.failed", refund)
    account.emit("charge.refund.updated", refund, {"status": "succeeded"})


@routes(
    "GET",
    "/v1/refunds",
    stripe.params.RefundListParams,
    f"{listing.DATED_PAGE} charge payment_intent",
)
def index(call: Call) -> Object:
    """List refunds."""
    rows = listing.matching(call.account.all("refund"), call.params, "charge", "payment_intent")
    return listing.page("/v1/refunds", rows, call.params)


@routes("GET", "/v1/refunds/{id}", stripe.params.RefundRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a refund."""
    return call.account.get("refund", call.id)
