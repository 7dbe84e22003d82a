"""What is due after a charge that its card did not pay."""

from irve_bridge.domain.session import PlanName, Session

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
