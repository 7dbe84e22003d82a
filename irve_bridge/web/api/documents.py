"""A session as JSON."""

from datetime import datetime
from typing import Any

import msgspec

from irve_bridge.domain.session import Session
from irve_bridge.service.views import SessionView


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
        "energy_wh": session.energy_wh,
        "outcome": session.outcome,
    }


def session_document(view: SessionView) -> dict[str, Any]:
    """Return everything a caller may know of a session; the driver's token is not among it."""
    session = view.session
    return summary(session) | {
        "setup_intent_id": session.setup_intent_id,
        "payment_intent_id": session.payment_intent_id,
        "cost": msgspec.to_builtins(session.cost),
        "live": msgspec.to_builtins(view.live),
        "movements": [
            {
                "kind": movement.kind,
                "amount": movement.amount_minor,
                "currency": movement.currency,
                "provider_id": movement.provider_id,
                "at": iso(movement.at),
            }
            for movement in view.movements
        ],
        "opened_at": iso(session.opened_at),
        "secured_at": iso(session.secured_at),
        "started_at": iso(session.started_at),
        "stopped_at": iso(session.stopped_at),
        "ended_at": iso(session.ended_at),
    }


def iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601."""
    return moment.isoformat() if moment else None
