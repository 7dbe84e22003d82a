"""What moved of money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

CHARGED = {"charge": 1, "capture": 1}
REFUNDED = {"refund": 1, "refund_returned": -1}
KEPT = CHARGED | {kind: -sign for kind, sign in REFUNDED.items()}
DISPUTED = {"dispute": 1}
"""Which kinds come to what was charged, given back, kept and disputed, and with which sign."""


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


def moved_minor(movements: Iterable[Movement], signs: Mapping[str, int]) -> int:
    """Return what movements come to by the signs of their kinds; of other kinds nothing."""
    return sum(signs.get(each.kind, 0) * each.amount_minor for each in movements)
