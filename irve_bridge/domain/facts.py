"""What happened, in the past tense and in no protocol's words.

A fact names the moment `at` when it was learnt. Facts about one session carry its `session_id`;
the others (a charge point spoke) find their session through the transaction they concern.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.signatures import SignedReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened, learnt at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFact(Fact):
    """Something that happened to one session."""

    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact(SessionFact):
    """Something that happened to one payment of a session.

    `beside`: the books know the payment as a second one, beside the session's own.
    """

    payment_intent_id: str | None
    beside: bool = False


# What a charge point says


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointConnected(Fact):
    """Its socket opened."""

    charge_point_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointDisconnected(Fact):
    """The socket that opened at `connected_at` closed."""

    charge_point_id: str
    connected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointBooted(Fact):
    """It started and said what it is."""

    charge_point_id: str
    vendor: str
    model: str
    firmware: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorStatusChanged(Fact):
    """A connector reports its status, of `since`; number 0 speaks for the whole charge point.

    `told` is the report as it came.
    """

    charge_point_id: str
    connector_number: int
    status: ConnectorStatus
    since: datetime
    error_code: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStarted(Fact):
    """A transaction started at the charge point, perhaps long ago (`started_at`)."""

    charge_point_id: str
    connector_number: int
    id_tag: str
    meter_start_wh: int
    started_at: datetime
    reservation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationOver(Fact):
    """A connector is reserved no more, or never was."""

    charge_point_id: str
    reservation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStopped(Fact):
    """A transaction stopped at the charge point, perhaps long ago (`stopped_at`).

    Not `dated`: the charge point said no moment at which any clock was right.
    """

    charge_point_id: str
    transaction_id: str
    meter_stop_wh: int
    stopped_at: datetime
    reason: str = "Local"
    id_tag: str | None = None
    readings: tuple[Reading, ...] = ()
    signed: tuple[SignedReading, ...] = ()
    dated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUnreadable(Fact):
    """A transaction message failed validation: kept whole for a person to look at."""

    charge_point_id: str
    action: str
    raw: str
    error: str


# What a driver, the CSMS or the operator asks


class StopCause(StrEnum):
    """Who wants the charge to stop."""

    DRIVER = "driver"
    CSMS = "csms"
    OPERATOR = "operator"
    LIMIT = "limit"
    HOLD = "hold"
    TERM = "term"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp(SessionFact):
    """The driver left the checkout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked(SessionFact):
    """Somebody wants the charge to stop; `by` is an operator's account, "" of everybody else."""

    cause: StopCause
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecided(SessionFact):
    """A person decided what the driver pays, zero for nothing.

    `by` is the account of theirs on the operator's pages, "" where it was decided elsewhere.
    """

    amount_minor: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayAsked(SessionFact):
    """The driver wants to pay what is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreAsked(SessionFact):
    """The driver agrees to a larger hold: this much in all."""

    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked(SessionFact):
    """The operator gives this much of what was paid back; `by` as where a review is decided."""

    amount_minor: int
    reason: str
    by: str = ""


# How a charge went, for its session


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingBegan(SessionFact):
    """The session's transaction started."""

    transaction_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingEnded(SessionFact):
    """The session's charge ended; `doubt` says why its meter is not to be billed, if so.

    `energy_wh` is None where the CSMS reported only an amount. `note` says why it is billed up to
    the last trusted reading, not by the final register. `presumed`: its stop never came, and it
    ends at its last trusted reading; one that comes after all may only make it cost less.
    """

    stopped_at: datetime
    energy_wh: int | None
    cost: Breakdown
    doubt: str | None = None
    note: str | None = None
    reason: str = "Local"
    presumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAccepted(SessionFact):
    """The charge point will try to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUnconfirmed(SessionFact):
    """The charge point may or may not have heard the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRefused(SessionFact):
    """The charge point rejected the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CablePlugged(SessionFact):
    """The connector went from Available to Preparing while the session waits to start."""


# What time brings


@dataclass(frozen=True, slots=True, kw_only=True)
class NoStart(SessionFact):
    """The start deadline passed with proof that nothing started, or the long deadline did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutOverdue(SessionFact):
    """The checkout should have ended by now: ask the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOverdue(SessionFact):
    """The CSMS never reported the end of a charge it meters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnding(SessionFact):
    """The hold ends soon: what is proven by now must be captured, or nothing ever will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDue(SessionFact):
    """What is due should be charged to the kept card once more.

    `tries`: how many of the scheduled moments have passed by now; those missed are not made up for.
    """

    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtTermPassed(SessionFact):
    """What is due was not paid within the operator's term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTermPassed(SessionFact):
    """Nothing needs the guest customer at the provider any more."""

    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataTermPassed(SessionFact):
    """What tells who the driver was is to be deleted."""


# What the payment provider shows


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpoke(Fact):
    """A webhook arrived: a hint to look at the objects it names, never a proof by itself.

    What else it says is not kept: it may tell of people and payments that are none of ours.
    """

    provider: str
    account: str
    event_id: str
    type: str
    object_ids: tuple[str, ...]
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCreated(SessionFact):
    """The provider's customer exists."""

    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutOpened(SessionFact):
    """The driver may go to `url` to secure the payment until `expires_at`."""

    url: str
    expires_at: datetime
    checkout_id: str | None = None
    setup_intent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRefused(SessionFact):
    """The provider will not open a checkout, or not with this card."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutExpired(SessionFact):
    """The checkout ended unpaid; which one, where more than one may have been."""

    checkout_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSecured(PaymentFact):
    """The provider proves a card, a hold or a payment; `secured_minor` None is the asked amount.

    `connector_lost`: another session has the connector by now. `debt_session_id`: the same card
    still owes that session's amount. `left_minor`: what the books say is left of this payment.
    """

    secured_minor: int | None = None
    setup_intent_id: str | None = None
    payment_method_id: str | None = None
    payment_intent_id: str | None = None
    capture_before: datetime | None = None
    incremental: bool = False
    overcapture_minor: int | None = None
    card_fingerprint: str | None = None
    email: str | None = None
    connector_lost: bool = False
    debt_session_id: str | None = None
    left_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCreated(SessionFact):
    """An unconfirmed payment exists, its id stored before anything is taken."""

    payment_intent_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded(PaymentFact):
    """A charge or a capture took this amount, of which the books say `left_minor` is left."""

    payment_intent_id: str
    amount_minor: int
    left_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(SessionFact):
    """The card was not charged; `code` is the provider's decline code."""

    code: str
    message: str
    payment_intent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRefused(SessionFact):
    """The provider will not charge, for a reason that only a person can put right."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCanceled(SessionFact):
    """A payment was cancelled before anything was taken."""

    payment_intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExtended(PaymentFact):
    """The hold secures this much by now."""

    payment_intent_id: str
    secured_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLimited(SessionFact):
    """The hold can be captured only up to this much, though more had been promised."""

    payment_intent_id: str
    secured_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRefused(SessionFact):
    """The hold stays as it is."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased(PaymentFact):
    """The hold is gone without a capture."""

    payment_intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardForgotten(SessionFact):
    """The kept card was detached; nothing can be charged to it any more."""

    payment_method_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerForgotten(SessionFact):
    """The guest customer was deleted, with every card it had."""

    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded(PaymentFact):
    """This amount of a payment went back to the card."""

    refund_id: str
    payment_intent_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(PaymentFact):
    """The refund will not arrive, even if it was reported as made; no `refund_id` if refused.

    `again`: the operator's settings allow another try. `left_minor`: what the books say is left of
    its payment.
    """

    refund_id: str
    payment_intent_id: str
    amount_minor: int
    code: str = "refund_failed"
    again: bool = False
    left_minor: int = 0


DISPUTE_CLOSED = frozenset({"won", "lost", "warning_closed", "prevented"})
"""How a dispute ends, in the provider's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeChanged(PaymentFact):
    """The cardholder takes a payment back, or that ended; `status` in the provider's words.

    `first`: nothing was heard of this dispute before.
    """

    dispute_id: str
    payment_intent_id: str
    status: str
    reason: str
    amount_minor: int
    first: bool = True

    @property
    def closed(self) -> bool:
        """Whether it is decided."""
        return self.status in DISPUTE_CLOSED
