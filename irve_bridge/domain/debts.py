"""What is due after a charge that its card did not pay."""

from irve_bridge.domain.session import PlanName, Session, State

PASSING = frozenset(
    {
        "insufficient_funds",
        "card_velocity_exceeded",
        "withdrawal_count_limit_exceeded",
        "issuer_not_available",
        "processing_error",
        "reenter_transaction",
        "try_again_later",
        "approve_with_id",
    }
)
"""Refusals that may pass by themselves (https://docs.stripe.com/declines/codes).

Authentication is not among them: only the driver can give it.
"""


def may_pass(session: Session) -> bool:
    """Return whether the kept card may yet pay what is due without its driver."""
    kept = session.plan is PlanName.DYNAMIC and session.payment_method_id is not None
    return kept and session.outcome in PASSING


ITS_HOLDERS = frozenset({"authentication_required", "payment_intent_authentication_failure"})
"""Refusals that only the cardholder can mend: the bank has yet to hear them, or did in vain."""


def may_authenticate(session: Session) -> bool:
    """Return whether the driver can confirm the very payment that was refused, with the same card.

    Not once a checkout was asked for: that payment is cancelled before another way to pay opens,
    so that of the two one at most can take money.
    """
    kept = session.payment_intent_id is not None and session.payment_method_id is not None
    waits = session.state is State.DUE and session.paying_since is None
    wanted = session.plan is PlanName.DYNAMIC and session.outcome in ITS_HOLDERS
    return kept and waits and wanted
