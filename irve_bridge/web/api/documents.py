"""A session as JSON."""

from datetime import datetime
from typing import Annotated, NotRequired, TypedDict, overload

import msgspec

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.ocpi import Document
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from irve_bridge.service.ports import Movement
from irve_bridge.service.running import Live
from irve_bridge.service.views import Debt, SessionView
from irve_bridge.web.receipt import money_of

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""A moment as ISO 8601, with its offset."""


class SessionSummary(TypedDict):
    """A session's identity, state and figures; amounts in minor units of `currency`."""

    session_id: str
    status: State
    payment_type: PlanName
    metered_by: MeteredBy
    client_id: str | None
    charge_point_id: str
    connector_id: int
    transaction_id: str | None
    currency: str
    agreed_amount: int
    secured_amount: int | None
    amount: int | None
    paid_amount: int
    energy_wh: int | None
    outcome: str | None


class DebtDocument(TypedDict):
    """Since when something is due, how often the card was charged again, and what comes."""

    due_since: Moment
    tries: int
    next_try_at: Moment | None
    written_off_at: Moment


class ListedSession(SessionSummary):
    """A line of the operator's list; nothing in it tells one card from another."""

    opened_at: Moment
    ended_at: Moment | None
    dispute: str | None
    debt: DebtDocument | None


class MovementDocument(TypedDict):
    """One movement of money, proven by the provider."""

    kind: str
    amount: int
    currency: str
    provider_id: str
    at: Moment


class SessionDocument(SessionSummary):
    """What a driver may know of their session; the token is not among it."""

    setup_intent_id: str | None
    payment_intent_id: str | None
    cost: Breakdown | None
    live: Live | None
    keeps_remainder: bool
    refunded_amount: int
    debt: DebtDocument | None
    debt_session_id: str | None
    movements: list[MovementDocument]
    opened_at: Moment
    secured_at: Moment | None
    started_at: Moment | None
    stopped_at: Moment | None
    end_presumed: bool
    ended_at: Moment | None


class OperatorSessionDocument(SessionDocument):
    """What the CSMS may know besides: how a dispute stands."""

    dispute: str | None


class Sessions(TypedDict):
    """Sessions, newest first."""

    sessions: list[ListedSession]


class Cdrs(TypedDict):
    """OCPI 2.2.1 CDR objects (mod_cdrs), in the order they were made."""

    cdrs: list[Document]


class Refunding(SessionSummary):
    """The session as it is from here on, and what goes back."""

    refund_amount: int


class Stopping(TypedDict):
    """A session that was asked to stop."""

    session_id: str
    status: State


class Started(Stopping):
    """A session of the CSMS's own; `url` is where its driver must act, if they must."""

    url: NotRequired[str]
    expires_at: NotRequired[Moment | None]


class Opened(TypedDict):
    """A session and where its driver pays; `amount` is what is paid, held, or at most charged."""

    session_id: str
    url: str | None
    expires_at: Moment | None
    session_url: str
    token: str
    amount: int
    currency: str


class Checkout(TypedDict):
    """Where what is due is paid."""

    url: str | None
    expires_at: Moment | None
    amount: int | None
    currency: str


class Quotation(TypedDict):
    """A price with VAT; `price_digest` stands for the prices, `text` is the amount in words."""

    amount: int
    currency: str
    price_digest: str
    text: str


def summary(session: Session) -> SessionSummary:
    """Return a session's identity, state and figures; amounts in minor units of `currency`."""
    return {
        "session_id": session.id,
        "status": session.state,
        "payment_type": session.plan,
        "metered_by": session.metered_by,
        "client_id": session.client_id,
        "charge_point_id": session.charge_point_id,
        "connector_id": session.connector_number,
        "transaction_id": session.transaction_id,
        "currency": session.currency,
        "agreed_amount": session.amount_minor,
        "secured_amount": session.secured_minor,
        "amount": session.decided_minor,
        "paid_amount": session.paid_minor,
        "energy_wh": session.energy_wh,
        "outcome": session.outcome,
    }


def listed(session: Session, debt: Debt | None) -> ListedSession:
    """Return a line of the operator's list; nothing in it tells one card from another."""
    return {
        **summary(session),
        "opened_at": iso(session.opened_at),
        "ended_at": iso(session.ended_at),
        "dispute": session.dispute,
        "debt": _debt(debt),
    }


def session_document(view: SessionView, debt: Debt | None) -> SessionDocument:
    """Return what a driver may know of their session; the token is not among it."""
    session = view.session
    money = money_of(view)
    return {
        **summary(session),
        "setup_intent_id": session.setup_intent_id,
        "payment_intent_id": session.payment_intent_id,
        "cost": msgspec.to_builtins(session.cost),
        "live": msgspec.to_builtins(view.live),
        "keeps_remainder": session.keeps_remainder,
        "refunded_amount": money.refunded_minor + money.refunded_later_minor,
        "debt": _debt(debt),
        "debt_session_id": session.debt_session_id,
        "movements": [_movement(m) for m in view.movements if not _disputed(m)],
        "opened_at": iso(session.opened_at),
        "secured_at": iso(session.secured_at),
        "started_at": iso(session.started_at),
        "stopped_at": iso(session.stopped_at),
        "end_presumed": session.end_presumed,
        "ended_at": iso(session.ended_at),
    }


def operator_document(view: SessionView, debt: Debt | None) -> OperatorSessionDocument:
    """Return what the CSMS may know besides: how a dispute stands."""
    return {
        **session_document(view, debt),
        "dispute": view.session.dispute,
        "movements": [_movement(movement) for movement in view.movements],
    }


def _movement(movement: Movement) -> MovementDocument:
    return {
        "kind": movement.kind,
        "amount": movement.amount_minor,
        "currency": movement.currency,
        "provider_id": movement.provider_id,
        "at": iso(movement.at),
    }


def _disputed(movement: Movement) -> bool:
    return movement.kind.startswith("dispute")


def _debt(debt: Debt | None) -> DebtDocument | None:
    if debt is None:
        return None
    return {
        "due_since": iso(debt.since),
        "tries": debt.tries,
        "next_try_at": iso(debt.next_try_at),
        "written_off_at": iso(debt.written_off_at),
    }


@overload
def iso(moment: datetime) -> Moment: ...
@overload
def iso(moment: datetime | None) -> Moment | None: ...
def iso(moment: datetime | None) -> Moment | None:
    """Return a moment as ISO 8601."""
    return moment.isoformat() if moment else None
