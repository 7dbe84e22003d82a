"""The audit's truth: what every card really lived through, from its movements alone."""

from collections import Counter

from simulators.stripe.store import Account, Movement
from simulators.stripe.wire import Object


def lines(account: Account) -> list[Object]:
    """Return one line per PaymentIntent, oldest first, amounts in minor units.

    ``charged_minor`` was taken, ``captured_minor`` of it from a hold, ``refunded_minor`` given back
    of it; ``held_minor`` is still held and ``released_minor`` was held and let go;
    ``disputed_minor`` was taken back by the cardholder, ``application_fee_minor`` kept by the
    platform. ``refund_pending_minor`` is still on its way.
    """
    totals: dict[str, Counter[Movement]] = {}
    for movement in account.movements:
        totals.setdefault(movement.payment_intent, Counter())[movement.kind] += (
            movement.amount_minor
        )
    intents = account.objects["payment_intent"].values()
    return [_line(account, intent, totals.get(intent["id"], Counter())) for intent in intents]


def _line(account: Account, intent: Object, moved: Counter[Movement]) -> Object:
    charge = account.objects["charge"].get(intent["latest_charge"] or "")
    checkout_id = account.checkout_of.get(intent["id"])
    checkout = account.objects["checkout.session"].get(checkout_id or "", {})
    captured_minor = moved[Movement.CAPTURE]
    released_minor = moved[Movement.RELEASE]
    return {
        "id": intent["id"],
        "account": account.id,
        "status": intent["status"],
        "currency": intent["currency"],
        "customer": intent["customer"],
        "metadata": intent["metadata"],
        "checkout_session": checkout_id,
        "client_reference_id": checkout.get("client_reference_id"),
        "last4": charge and charge["payment_method_details"]["card"]["last4"],
        "charged_minor": moved[Movement.CHARGE] + captured_minor,
        "captured_minor": captured_minor,
        "refunded_minor": moved[Movement.REFUND] - moved[Movement.REFUND_RETURNED],
        "refund_pending_minor": _pending_minor(account, intent["id"]),
        "disputed_minor": moved[Movement.DISPUTE] - moved[Movement.DISPUTE_RETURNED],
        "application_fee_minor": moved[Movement.FEE] - moved[Movement.FEE_REFUND],
        "released_minor": released_minor,
        "held_minor": moved[Movement.HOLD] - captured_minor - released_minor,
    }


def _pending_minor(account: Account, intent_id: str) -> int:
    refunds = account.objects["refund"].values()
    return sum(
        refund["amount"]
        for refund in refunds
        if (refund["payment_intent"], refund["status"]) == (intent_id, "pending")
    )
