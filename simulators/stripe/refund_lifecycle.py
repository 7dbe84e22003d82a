"""The life of a refund: https://docs.stripe.com/refunds.

::

    pending ──▶ succeeded ──▶ failed
       └──────▶ failed, canceled
"""

from simulators.stripe import application_fees, balance_transactions
from simulators.stripe.cards import RefundMode
from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import Object, new_id

LEADS_TO = {"pending": ("succeeded", "failed", "canceled"), "succeeded": ("failed",)}
_FAILED = "expired_or_canceled_card"


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


def begin(account: Account, charge: Object, refund: Object, *, with_fee: bool) -> None:
    """Give money back as the card, or what was decreed, wants it."""
    mode = account.conditions.next_refund() or account.cards[charge["payment_method"]].refund_mode
    if mode in (RefundMode.SUCCEED, RefundMode.FAIL_LATER):
        account.move(Movement.REFUND, charge["payment_intent"], refund["amount"])
    else:
        refund |= {"status": "pending", "pending_reason": "processing"}
    _count(charge, refund["amount"])
    booking = balance_transactions.book(account, -refund["amount"], refund, "refund")
    refund["balance_transaction"] = booking["id"]
    if with_fee:
        application_fees.give_back(account, charge, refund["amount"])
    account.emit("refund.created", refund)
    account.emit("charge.refunded", charge)
    _go_on(account, refund, mode)


def _go_on(account: Account, refund: Object, mode: RefundMode) -> None:
    match mode:
        case RefundMode.FAIL:
            settle(account, refund, "failed")
        case RefundMode.FAIL_LATER:
            account.afterwards(lambda: settle(account, refund, "failed"))
        case RefundMode.SUCCEED_LATER:
            account.afterwards(lambda: settle(account, refund, "succeeded"))
        case RefundMode.SUCCEED:
            account.afterwards(lambda: _referenced(account, refund))


def settle(account: Account, refund: Object, status: str, failure_reason: str = _FAILED) -> None:
    """Have the card's bank take a refund or send it back, which may happen days later."""
    previous = {"status": refund["status"]}
    refund.pop("pending_reason", None)
    if status == "succeeded":
        account.move(Movement.REFUND, refund["payment_intent"], refund["amount"])
    else:
        _send_back(account, refund, failure_reason if status == "failed" else "merchant_request")
    refund["status"] = status
    tell(account, refund, previous)
    if status == "failed":
        account.emit("refund.failed", refund)


def _send_back(account: Account, refund: Object, reason: str) -> None:
    if refund["status"] == "succeeded":
        account.move(Movement.REFUND_RETURNED, refund["payment_intent"], refund["amount"])
    _count(account.objects["charge"][refund["charge"]], -refund["amount"])
    booking = balance_transactions.book(account, refund["amount"], refund, "refund_failure")
    refund |= {"failure_balance_transaction": booking["id"], "failure_reason": reason}


def _count(charge: Object, amount_minor: int) -> None:
    charge["amount_refunded"] += amount_minor
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def _referenced(account: Account, refund: Object) -> None:
    """Give a refund the reference that banks trace it by, a moment later."""
    card = refund["destination_details"]["card"]
    previous = {"destination_details": {"card": dict(card), "type": "card"}}
    card |= {"reference": "7426892200000000000000", "reference_status": "available"}
    tell(account, refund, previous)


def tell(account: Account, refund: Object, previous: Object) -> None:
    """Emit that a refund changed, in both of the ways Stripe does."""
    account.emit("refund.updated", refund, previous)
    account.emit("charge.refund.updated", refund, previous)
