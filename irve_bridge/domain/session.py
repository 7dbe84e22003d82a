"""The charging session: one driver, one connector, one payment, from price to receipt."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.tariff import Tariff


class State(StrEnum):
    """Where a session stands. The way between states is the table in `lifecycle`."""

    OPEN = "open"
    SECURED = "secured"
    CHARGING = "charging"
    STOPPING = "stopping"
    SETTLING = "settling"
    SETTLED = "settled"
    DUE = "due"
    WRITTEN_OFF = "written_off"
    RELEASING = "releasing"
    RELEASED = "released"
    REVIEW = "review"
    ABANDONED = "abandoned"

    @property
    def holds_connector(self) -> bool:
        """Whether nobody else may have the connector (an OPEN session only claims it briefly)."""
        return self in _HOLDING


_HOLDING = frozenset({State.OPEN, State.SECURED, State.CHARGING, State.STOPPING})


class PlanName(StrEnum):
    """The three ways to pay."""

    FIXED = "fixed"
    ESTIMATED = "estimated"
    DYNAMIC = "dynamic"


class MeteredBy(StrEnum):
    """Whose meter decides: fixed when the session is opened."""

    BRIDGE = "bridge"
    CSMS = "csms"


class Delivery(StrEnum):
    """How far the start got towards the charge point."""

    NONE = "none"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything decided about one charge and its payment. The tariff is frozen at opening.

    `amount_minor` is what the driver agreed to: the fixed amount, the hold or the ceiling.
    `start_sent_at` is when a start was last accepted, or first sent without an answer.
    `secured_minor` is what the provider proved; `decided_minor` what the driver owes in the end;
    `paid_minor` what the books say was charged for it and not given back.
    `taken` says that its payment was charged or captured, whatever went back of it since.
    `step_minor` is the coarsest unit the provider charges in; `keeps_remainder` the operator's
    choice not to refund the unused part of a fixed amount, shown before paying.
    `paying_since` says that what is due is being paid at a checkout, so that nothing else may
    charge it; `debt_session_id` names the unpaid session of the same card.
    `end_presumed` says that its stop has not come and it was billed at its last trusted reading;
    `end_corrected`, that one came after all and lowered the bill: more may be paid than is owed.
    `incremental` and `overcapture_minor` say how a hold may grow, where its charge allows it.
    """

    id: str
    token: str
    plan: PlanName
    metered_by: MeteredBy
    state: State = State.OPEN
    version: int = 0
    charge_point_id: str
    connector_number: int
    id_tag: str
    client_id: str | None = None
    locale: str = "fr"
    tariff: Tariff
    time_zone: str = "Europe/Paris"
    currency: str
    amount_minor: int
    least_minor: int
    step_minor: int = 1
    keeps_remainder: bool = False
    application_fee_bps: int = 0
    opened_at: datetime
    deadline_at: datetime | None = None

    provider: str
    account: str = ""
    customer_id: str | None = None
    checkout_id: str | None = None
    checkout_url: str | None = None
    checkout_expires_at: datetime | None = None
    setup_intent_id: str | None = None
    payment_method_id: str | None = None
    payment_intent_id: str | None = None
    secured_minor: int | None = None
    secured_at: datetime | None = None
    capture_before: datetime | None = None
    incremental: bool = False
    overcapture_minor: int | None = None
    card_fingerprint: str | None = None
    debt_session_id: str | None = None
    email: str | None = None

    delivery: Delivery = Delivery.NONE
    start_sent_at: datetime | None = None
    stop_cause: StopCause | None = None
    transaction_id: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_reason: str | None = None
    end_presumed: bool = False
    end_corrected: bool = False
    energy_wh: int | None = None
    cost: Breakdown | None = None
    decided_minor: int | None = None
    paid_minor: int = 0
    taken: bool = False
    due_since: datetime | None = None
    charge_tries: int = 0
    paying_since: datetime | None = None
    refund_tries: int = 0
    dispute: str | None = None
    outcome: str | None = None
    ended_at: datetime | None = None
    erased_at: datetime | None = None
    callback_sequence: int = 0
