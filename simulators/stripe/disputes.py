"""Disputes: a cardholder takes a payment back (https://docs.stripe.com/api/disputes)."""

import stripe

from simulators.stripe import balance_transactions, listing
from simulators.stripe.customers import merged
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import Object, StripeError, new_id

routes = Routes()
ANSWER_WITHIN_S = 9 * 24 * 3600
_VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}


def opened(account: Account, charge: Object, reason: str, *, inquiry: bool = False) -> Object:
    """Dispute what was not refunded of a charge: the card has it back while the dispute is open.

    An inquiry only asks; no money moves.
    """
    dispute = account.add(_new(account, charge, reason))
    charge["disputed"] = True
    if inquiry:
        dispute |= {"is_charge_refundable": True, "status": "warning_needs_response"}
    account.emit("charge.dispute.created", dispute)
    if inquiry:
        return dispute
    account.move(Movement.DISPUTE, charge["payment_intent"], dispute["amount"])
    _book(account, dispute, -dispute["amount"])
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(account: Account, dispute: Object, status: str) -> None:
    """Have the bank decide for the merchant (``won``) or the cardholder (``lost``)."""
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if inquiry else status
    account.emit("charge.dispute.closed", dispute)
    if status == "won" and not inquiry:
        account.move(Movement.DISPUTE_RETURNED, dispute["payment_intent"], dispute["amount"])
        _book(account, dispute, dispute["amount"])
        account.emit("charge.dispute.funds_reinstated", dispute)


def _book(account: Account, dispute: Object, amount_minor: int) -> None:
    booking = balance_transactions.book(account, amount_minor, dispute, "adjustment")
    dispute["balance_transactions"].append(booking)


def is_open(dispute: Object) -> bool:
    """Tell whether the bank has still to decide."""
    return dispute["status"] not in ("won", "lost", "warning_closed")


def standing(account: Account, charge: Object) -> bool:
    """Tell whether a dispute that was not won stands against a charge; inquiries do not."""
    against = [each for each in account.all("dispute") if each["charge"] == charge["id"]]
    return any(each["status"] in ("needs_response", "under_review", "lost") for each in against)


def _new(account: Account, charge: Object, reason: str) -> Object:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"] - charge["amount_refunded"],
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
        "reason": reason,
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


@routes("POST", "/v1/disputes/{id}", stripe.params.DisputeUpdateParams, "evidence metadata submit")
def update(call: Call) -> Object:
    """Answer a dispute; the words of https://docs.stripe.com/testing#disputes decide it."""
    account, dispute = call.account, call.account.get("dispute", call.id)
    _check_open(dispute)
    evidence = call.params.get("evidence") or {}
    if "metadata" in call.params:
        dispute["metadata"] = merged(dispute["metadata"], call.params["metadata"])
    dispute["evidence"] |= evidence
    if evidence:
        dispute["evidence_details"] |= {"has_evidence": True}
    if evidence and call.params.get("submit", True):
        dispute["evidence_details"] |= {"submission_count": 1, "submission_method": "manual"}
        inquiry = dispute["status"].startswith("warning")
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
    account.emit("charge.dispute.updated", dispute)
    verdict = _VERDICTS.get(evidence.get("uncategorized_text", ""))
    if verdict and dispute["status"].endswith("under_review"):
        account.afterwards(lambda: close(account, dispute, verdict))
    return dispute


@routes("POST", "/v1/disputes/{id}/close", stripe.params.DisputeCloseParams)
def give_in(call: Call) -> Object:
    """Accept that a dispute is lost."""
    dispute = call.account.get("dispute", call.id)
    _check_open(dispute)
    close(call.account, dispute, "lost")
    return dispute


def _check_open(dispute: Object) -> None:
    if not is_open(dispute):
        raise StripeError(400, f"This dispute is already closed: {dispute['status']}.")
