"""Refunds: https://docs.stripe.com/api/refunds."""

import stripe

from simulators.stripe import application_fees, disputes, listing, refund_lifecycle
from simulators.stripe.currencies import readable
from simulators.stripe.customers import merged
from simulators.stripe.routing import Call, Routes
from simulators.stripe.wire import InvalidParameterError, Object, StripeError

routes = Routes()


@routes(
    "POST",
    "/v1/refunds",
    stripe.params.RefundCreateParams,
    "amount charge metadata payment_intent reason refund_application_fee",
)
def create(call: Call) -> Object:
    """Give money back, all that is left unless an amount is given."""
    account, charge = call.account, _charge(call)
    amount_minor = _amount(call, charge)
    with_fee = bool(call.params.get("refund_application_fee"))
    if with_fee:
        application_fees.check_taken(charge)
    refund = refund_lifecycle.new(
        account,
        charge,
        amount_minor,
        reason=call.params.get("reason"),
        metadata=call.params.get("metadata"),
    )
    refund_lifecycle.begin(account, charge, refund, with_fee=with_fee)
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
    if disputes.standing(call.account, charge):
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


@routes("POST", "/v1/refunds/{id}", stripe.params.RefundUpdateParams, "metadata")
def update(call: Call) -> Object:
    """Change a refund's metadata."""
    refund = call.account.get("refund", call.id)
    if "metadata" in call.params:
        previous = {"metadata": refund["metadata"]}
        refund["metadata"] = merged(refund["metadata"], call.params["metadata"])
        refund_lifecycle.tell(call.account, refund, previous)
    return refund
