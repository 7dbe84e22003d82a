"""Every deadline and retry schedule in one place, as the settings give them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from irve_bridge.domain.session import MeteredBy, Session, State

LEASE = timedelta(seconds=90)
CALLBACK_DELAYS = tuple(
    timedelta(seconds=s) for s in (5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After Standard Webhooks 1.0: half a minute of impatience, then days of patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long things may take, and how much may be secured."""

    claim: timedelta = timedelta(minutes=5)
    checkout_lasts: timedelta = timedelta(minutes=31)
    checkout_margin: timedelta = timedelta(minutes=2)
    connection_timeout: timedelta = timedelta(seconds=60)
    start_within: timedelta = timedelta(minutes=5)
    start_within_most: timedelta = timedelta(hours=6)
    start_recheck: timedelta = timedelta(seconds=15)
    start_retry: timedelta = timedelta(seconds=10)
    stop_repeat: timedelta = timedelta(seconds=20)
    csms_end_within: timedelta = timedelta(hours=24)
    lease: timedelta = LEASE
    retry_first: timedelta = timedelta(seconds=2)
    retry_most: timedelta = timedelta(minutes=5)
    dynamic_ceiling_minor: int = 15_000
    fixed_least_minor: int = 500
    fixed_most_minor: int = 20_000
    callbacks: bool = True
    mail: bool = False


def deadline(session: Session, policy: Policy) -> datetime | None:
    """Return when time itself will have something to say about a session that just moved."""
    match session.state:
        case State.OPEN:
            ends_at = session.checkout_expires_at or session.opened_at + policy.checkout_lasts
            return ends_at + policy.checkout_margin
        case State.SECURED:
            return start_deadline(session, policy)
        case State.CHARGING if session.metered_by is MeteredBy.CSMS:
            return (session.secured_at or session.opened_at) + policy.csms_end_within
        case _:
            return None


def start_deadline(session: Session, policy: Policy) -> datetime:
    """Return until when a secured session waits for its start.

    A start that is accepted begins the wait anew; unanswered repeats do not, and nothing moves it
    beyond the long deadline. Once a stop is wished, it is only a question of proof.
    """
    secured_at = session.secured_at or session.opened_at
    since = session.start_sent_at or secured_at
    if session.stop_cause is not None:
        return since + (policy.connection_timeout if session.start_sent_at else timedelta())
    return min(since + policy.start_within, secured_at + policy.start_within_most)
