"""A session as JSON."""

from datetime import datetime
from typing import Any

import msgspec

from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Movement
from irve_bridge.service.views import Debt, SessionView
from irve_bridge.web.receipt import money_of


def summary(session: Session) -> dict[str, Any]:
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


def listed(session: Session, debt: Debt | None) -> dict[str, Any]:
    """Return a line of the operator's list; nothing in it tells one card from another."""
    return summary(session) | {
        "opened_at": iso(session.opened_at),
        "ended_at": iso(session.ended_at),
        "dispute": session.dispute,
        "debt": _debt(debt),
    }


def session_document(view: SessionView, debt: Debt | None) -> dict[str, Any]:
    """Return what a driver may know of their session; the token is not among it."""
    session = view.session
    money = money_of(view)
    return summary(session) | {
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


def operator_document(view: SessionView, debt: Debt | None) -> dict[str, Any]:
    """Return what the CSMS may know besides: how a dispute stands."""
    return session_document(view, debt) | {
        "dispute": view.session.dispute,
        "movements": [_movement(movement) for movement in view.movements],
    }


def _movement(movement: Movement) -> dict[str, Any]:
    return {
        "kind": movement.kind,
        "amount": movement.amount_minor,
        "currency": movement.currency,
        "provider_id": movement.provider_id,
        "at": iso(movement.at),
    }


def _disputed(movement: Movement) -> bool:
    return movement.kind.startswith("dispute")


def _debt(debt: Debt | None) -> dict[str, Any] | None:
    if debt is None:
        return None
    return {
        "due_since": iso(debt.since),
        "tries": debt.tries,
        "next_try_at": iso(debt.next_try_at),
        "written_off_at": iso(debt.written_off_at),
    }


def iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601."""
    return moment.isoformat() if moment else None
