"""What moved of money."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement of money, proven by the provider; rows are only ever added.

    `kind` is hold, charge, capture, refund, refund_returned (a refund that failed after all),
    refund_failed (one that was never heard of otherwise: nothing moved), release, dispute, or
    dispute_ and how one was closed. `payment_id` is the payment it is part of.
    """

    session_id: str
    kind: str
    amount_minor: int
    currency: str
    provider: str
    account: str
    provider_id: str
    payment_id: str | None = None
    at: datetime
