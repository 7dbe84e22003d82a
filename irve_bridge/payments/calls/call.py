"""What every call to Stripe is made of."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from irve_bridge.domain.facts import (
    CheckoutRefused,
    PaymentDeclined,
    SessionFact,
    SettlementRefused,
)
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.client import Account, StripeSettings, metadata_of
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Again, Done, Outcome, Task

Request = Mapping[str, Any]


class Call(Protocol):
    """One effectful request to Stripe. Only `post` and `look` speak to it; errors pass through."""

    def prepare(
        self, session: Session, intent: Intent, settings: StripeSettings, now: datetime
    ) -> Request:
        """Return the request's parameters, JSON-ready. Pure."""

    async def post(self, account: Account, task: Task) -> Outcome:
        """Send the stored request under the attempt's key."""

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return what the call became; None where its effect is proven absent."""

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """Return what a definite no means; nothing where only a person can go on."""


def proven(facts: Iterable[SessionFact]) -> Done | None:
    """Return an outcome if there is any fact to prove it."""
    found = tuple(facts)
    return Done(found) if found else None


def under_way(status: str | None) -> Again:
    """Return the outcome of a call that took effect but has not ended yet."""
    return Again(reason=f"still {status}", known=False)


def stamped(task: Task) -> Any:
    """Return the stored request with its intent and attempt in every `metadata`.

    Typed Any: the SDK's parameter types cannot be told of a mapping that was stored.
    """
    return _stamped(task.attempt.request, _stamp(task))


def _stamped(request: Request, stamp: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: value
        if not isinstance(value, Mapping)
        else {**value, **stamp}
        if name == "metadata"
        else _stamped(value, stamp)
        for name, value in request.items()
    }


def _stamp(task: Task) -> dict[str, str]:
    return {"intent": str(task.intent_id), "attempt": task.attempt.key}


def ours(thing: Any, task: Task) -> bool:
    """Return whether an object is the effect of this intent, of whichever attempt."""
    metadata = metadata_of(thing)
    return (metadata.get("session_id"), metadata.get("intent")) == (
        task.session.id,
        str(task.intent_id),
    )


def mark(session: Session) -> dict[str, str]:
    """Return the metadata that leads from an object back to its session."""
    return {"session_id": session.id}


def not_opened(task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
    """Return that a refusal ended the attempt to secure the payment."""
    return (
        CheckoutRefused(
            session_id=task.session.id, at=at, code=refusal.code, message=refusal.message
        ),
    )


def unpaid(task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
    """Return what a refusal of the charge means: due if it is the card, else a person's turn."""
    told: Any = {
        "session_id": task.session.id,
        "at": at,
        "code": refusal.code,
        "message": refusal.message,
    }
    if refusal.by_bank or refusal.param in _THE_CARD:
        return (PaymentDeclined(**told),)
    return (SettlementRefused(**told),)


def receipt(session: Session) -> dict[str, str]:
    """Return where Stripe mails its receipt, as a parameter, once an address was given.

    Source: https://docs.stripe.com/payments/advanced/receipts.
    """
    return {"receipt_email": session.email} if session.email else {}


_THE_CARD = frozenset({"payment_method", "customer"})


def fee(session: Session, wire: int) -> dict[str, int]:
    """Return the platform's share of what a connected account charges, as a parameter.

    Source: https://docs.stripe.com/connect/direct-charges#collect-fees.
    """
    if not session.account or not session.application_fee_bps:
        return {}
    return {"application_fee_amount": wire * session.application_fee_bps // 10_000}
