"""Disputes: a cardholder takes a payment back (https://docs.stripe.com/api/disputes)."""

import stripe

from simulators.stripe import balance_transactions, listing
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import Object, new_id

routes = Routes()
ANSWER_WITHIN_S = 9 * 24 * 3600


def raised(account: Account, charge: Object) -> None:
    """Dispute a charge in full: the card has its money back while the dispute is open."""
    dispute = account.add(_new(account, charge))
    account.move(Movement.DISPUTE, charge["payment_intent"], charge["amount_captured"])
    charge["disputed"] = True
    account.emit("charge.dispute.created", dispute)
    booking = balance_transactions.book(account, -dispute["amount"], dispute, "adjustment")
    dispute["balance_transactions"].append(booking)
    account.emit("charge.dispute.funds_withdrawn", dispute)


def _new(account: Account, charge: Object) -> Object:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": account.now() + ANSWER_WITHIN_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }


@routes(
    "GET",
    "/v1/disputes",
    stripe.params.DisputeListParams,
    f"{listing.DATED_PAGE} charge payment_intent",
)
def index(call: Call) -> Object:
    """List disputes."""
    rows = listing.matching(call.account.all("dispute"), call.params, "charge", "payment_intent")
    return listing.page("/v1/disputes", rows, call.params)


@routes("GET", "/v1/disputes/{id}", stripe.params.DisputeRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a dispute."""
    return call.account.get("dispute", call.id)
