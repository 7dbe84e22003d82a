"""What an error of Stripe says about the call that met it.

Sources: https://docs.stripe.com/error-handling, https://docs.stripe.com/api/idempotent_requests.
"""

from dataclasses import dataclass
from datetime import timedelta

import stripe

from irve_bridge.service.ports import Again, Attempt

KEY_LIFE = timedelta(hours=23)
"""Stripe may forget a key after 24 hours; an hour is left for calls under way and slow clocks."""
OPERATORS_TURN = timedelta(hours=1)
"""How long to wait for what only a person can put right: the hand tells it as an error."""
REFUND_PENDING = timedelta(hours=2)
"""How long to wait before a refund that takes days is looked at again, which is no error."""

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """A definite no: nothing happened. `by_bank` where the card's bank said it."""

    code: str
    message: str
    param: str | None
    by_bank: bool


def refusal(error: stripe.StripeError) -> Refusal | None:
    """Return the definite no that an error is; None where the effect is open."""
    if not isinstance(error, stripe.CardError | stripe.InvalidRequestError):
        return None
    return Refusal(
        code=_decline_code(error) or error.code or "invalid_request",
        message=error.user_message or "",
        param=error.param,
        by_bank=isinstance(error, stripe.CardError),
    )


def _decline_code(error: stripe.StripeError) -> str | None:
    if error.error is None or error.code == "authentication_required":
        return error.code
    return getattr(error.error, "decline_code", None)


def again(error: stripe.StripeError, attempt: Attempt) -> Again:
    """Return when and how to go on after an error that is no refusal of the request itself."""
    match error:
        case stripe.AuthenticationError() | stripe.PermissionError():
            return Again(reason=_reason(error), known=not attempt.unknown, after=OPERATORS_TURN)
        case stripe.RateLimitError() if _code(error) != "lock_timeout":
            return Again(reason=_reason(error), known=not attempt.unknown)
        case stripe.IdempotencyError():
            return Again(reason=_reason(error), known=False, burnt=True)
        case stripe.APIError() if (error.http_status or 0) >= _SERVER_ERROR:
            return Again(reason=_reason(error), known=False, burnt=True)
    return Again(reason=_reason(error), known=False)


def unseen(error: stripe.StripeError, attempt: Attempt) -> Again:
    """Return how to go on when looking failed: the attempt is what it was."""
    return Again(reason=_reason(error), known=not attempt.unknown, burnt=attempt.burnt)


def _code(error: stripe.StripeError) -> str | None:
    return getattr(error.error, "code", None) or error.code


def _reason(error: stripe.StripeError) -> str:
    words = (type(error).__name__, str(error.http_status or ""), _code(error) or "")
    return " ".join(word for word in words if word)
