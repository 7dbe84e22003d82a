"""Every deadline and retry schedule in one place, as the settings give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from irve_bridge.domain.debts import may_pass
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State

LEASE = timedelta(seconds=90)
CALLBACK_DELAYS = tuple(
    timedelta(seconds=s) for s in (5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After Standard Webhooks 1.0: half a minute of impatience, then days of patience."""


DEBT_RETRIES = tuple(timedelta(days=d) for d in (1, 3, 7, 14))
"""Counted from the refusal: wages and transfers come in days, not in minutes."""

SHORTEST_HOLD = timedelta(days=4, hours=18)
"""Visa's, where the merchant initiates it; others live longer
(https://docs.stripe.com/payments/place-a-hold-on-a-payment-method)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may be secured: the ceiling of a dynamic charge, and what a driver may choose."""

    dynamic_ceiling_minor: int = 15_000
    fixed_least_minor: int = 500
    fixed_most_minor: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long things may take, and how much may be secured.

    A transaction whose stop does not come is over once its connector has been free for `idle_end`,
    or `transaction_most` after it was paid for where no hold ends it.
    `hold_margin` lies before a hold's end: by then it is captured; `hold_stop` before that the
    charge is stopped. `stop_lead` is what a stop takes to arrive. `start_recheck` is how soon a
    deadline that proves nothing yet is looked at again. A call that did not get through is made
    again after `retry_first`, then twice as long each time, up to `retry_most`.
    """

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
    idle_end: timedelta = timedelta(minutes=15)
    transaction_most: timedelta = timedelta(days=7)
    hold_margin: timedelta = timedelta(hours=2)
    hold_stop: timedelta = timedelta(minutes=15)
    debt_retries: tuple[timedelta, ...] = DEBT_RETRIES
    debt_term: timedelta = timedelta(days=30)
    refund_retries: int = 3
    refund_retry_after: timedelta = timedelta(hours=6)
    customer_kept: timedelta = timedelta(days=30)
    personal_data_kept: timedelta = timedelta(days=395)
    commands_kept: timedelta = timedelta(days=395)
    stop_lead: timedelta = timedelta(seconds=5)
    lease: timedelta = LEASE
    retry_first: timedelta = timedelta(seconds=2)
    retry_most: timedelta = timedelta(minutes=5)
    usual: Bounds = Bounds()
    by_currency: Mapping[str, Bounds] = field(default_factory=dict)
    keeps_remainder: bool = False
    reserves: bool = True
    callbacks: bool = True
    mail: bool = False

    def bounds(self, currency: str) -> Bounds:
        """Return how much may be secured in a currency."""
        return self.by_currency.get(currency, self.usual)


def deadline(session: Session, policy: Policy) -> datetime | None:
    """Return when time itself will have something to say about a session that just moved."""
    match session.state:
        case State.OPEN:
            ends_at = session.checkout_expires_at or session.opened_at + policy.checkout_lasts
            return ends_at + policy.checkout_margin
        case State.SECURED:
            return _earliest(start_deadline(session, policy), hold_deadline(session, policy))
        case State.CHARGING if session.metered_by is MeteredBy.CSMS:
            ends_at = (session.secured_at or session.opened_at) + policy.csms_end_within
            return _earliest(ends_at, hold_deadline(session, policy))
        case State.CHARGING:
            return end_deadline(session, policy) - policy.hold_stop
        case State.STOPPING:
            return end_deadline(session, policy)
        case State.REVIEW:
            return None if session.decided_minor is not None else hold_deadline(session, policy)
        case State.DUE:
            return debt_deadline(session, policy)
        case State.SETTLED | State.RELEASED | State.ABANDONED | State.WRITTEN_OFF:
            return keeping_deadline(session, policy)
        case _:
            return None


def hold_deadline(session: Session, policy: Policy) -> datetime | None:
    """Return by when a hold must be captured; None where there is none, or it is captured.

    One whose charge does not say until when it lives is taken to be the shortest there is.
    """
    ends_at = session.capture_before
    if ends_at is None and session.plan is PlanName.ESTIMATED and session.secured_at is not None:
        ends_at = session.secured_at + SHORTEST_HOLD
    return None if ends_at is None or session.taken else ends_at - policy.hold_margin


def end_deadline(session: Session, policy: Policy) -> datetime:
    """Return when a transaction without a stop is ended: before its hold ends, or has none."""
    paid_for_at = session.secured_at or session.opened_at
    return hold_deadline(session, policy) or paid_for_at + policy.transaction_most


def debt_deadline(session: Session, policy: Policy) -> datetime:
    """Return when to look at a checkout for what is due, charge again, or give up."""
    since = session.due_since or session.opened_at
    if session.paying_since is not None:
        ends_at = session.checkout_expires_at or session.paying_since + policy.checkout_lasts
        return ends_at + policy.checkout_margin
    tries = session.charge_tries
    if may_pass(session) and tries < len(policy.debt_retries):
        return min(since + policy.debt_retries[tries], since + policy.debt_term)
    return since + policy.debt_term


def keeping_deadline(session: Session, policy: Policy) -> datetime | None:
    """Return until when the guest customer, then the driver's personal data, are kept."""
    ended_at = session.ended_at or session.opened_at
    if session.customer_id is not None:
        return ended_at + policy.customer_kept
    return None if session.erased_at else ended_at + policy.personal_data_kept


def _earliest(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)


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
