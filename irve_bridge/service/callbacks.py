"""What the CSMS is told: one body for every type of callback, and when each is sent.

| type | sent when |
|---|---|
| `session_opened` | a driver chose how to pay and is being sent to the checkout |
| `session_completed` | the checkout is completed: the card, hold or payment is proven |
| `session_abandoned` | the checkout was left, refused or expired; nothing was paid |
| `charging_started` | the transaction started |
| `stop_requested` | the driver, the CSMS or the limit asked for the stop |
| `charging_stopped` | the transaction stopped, or is taken to have: the cost is known |
| `charging_refused` | nothing started and the money is on its way back |
| `payment_succeeded` | the exact amount is paid: `amount` is what the driver paid in the end |
| `cdr_created` | what a charge costs is final, or was corrected: `cdr` is the OCPI CDR of it |
| `payment_released` | nothing is owed and everything secured was given back |
| `charge_failed` | the card was declined: the amount is due |
| `debt_written_off` | what was due is given up: forgiven, or not paid within the term |
| `payment_extended` | the driver agreed to a larger hold, and the bank to hold it |
| `payment_refunded` | after the end, money went back to the card: `amount` is what remains paid |
| `dispute_opened` | the cardholder takes the payment back; `dispute` says how that stands |
| `dispute_closed` | the dispute is decided; `dispute` says how |
| `review_needed` | a person must decide what is owed, or give a second payment back by hand |

`cdr_created` also tells of charges that have no session: those of own customers, by their id tags.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.facts import Fact, Refunded
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import Session
from irve_bridge.domain.transaction import Transaction

CDR_CREATED = "cdr_created"
MAILED = {
    "session_completed": "link",
    "payment_succeeded": "receipt",
    "payment_released": "released",
    "charge_failed": "due",
    "payment_refunded": "refunded",
}
"""Which callbacks also go to the driver, by which mail."""


def callback(session: Session, type_: str, sequence: int, at: datetime) -> Intent:
    """Return the intent to tell the CSMS; its body is frozen here (Standard Webhooks 1.0)."""
    body = {"type": type_, "timestamp": at.isoformat(), "data": _data(session, sequence)}
    return Intent(Do.TELL, Kind.CALLBACK, body)


def cdr_callback(session: Session, cdr: Cdr, sequence: int, at: datetime) -> Intent:
    """Return the intent to send the CSMS a CDR."""
    intent = callback(session, CDR_CREATED, sequence, at)
    data = intent.parameters["data"] | {"cdr": cdr.document}
    return replace(intent, parameters={**intent.parameters, "data": data})


def own_cdr_callback(transaction: Transaction, cdr: Cdr, sequence: int, at: datetime) -> Intent:
    """Return the intent to send the CSMS the CDR of a transaction that is no session's."""
    data = {
        "session_id": None,
        "sequence": sequence,
        "charge_point_id": transaction.charge_point_id,
        "connector_id": transaction.connector_number,
        "transaction_id": transaction.id,
        "id_tag": transaction.id_tag,
        "currency": cdr.document["currency"],
        "amount": cdr.total_minor,
        "started_at": transaction.start_at.isoformat(),
        "stopped_at": transaction.stop_at.isoformat() if transaction.stop_at else None,
        "cdr": cdr.document,
    }
    body = {"type": CDR_CREATED, "timestamp": at.isoformat(), "data": data}
    return Intent(Do.TELL, Kind.CALLBACK, body)


def mail(template: str, fact: Fact | None) -> Intent:
    """Return the intent to mail the driver; a refund's mail names what went back."""
    back = {"amount_minor": fact.amount_minor} if isinstance(fact, Refunded) else {}
    return Intent(Do.TELL, Kind.MAIL, {"template": template, **back})


def _data(session: Session, sequence: int) -> dict[str, Any]:
    """Amounts are in minor units of `currency`."""
    return {
        "session_id": session.id,
        "sequence": sequence,
        "client_id": session.client_id,
        "status": session.state.value,
        "payment_type": session.plan.value,
        "metered_by": session.metered_by.value,
        "charge_point_id": session.charge_point_id,
        "connector_id": session.connector_number,
        "transaction_id": session.transaction_id,
        "setup_intent_id": session.setup_intent_id,
        "payment_intent_id": session.payment_intent_id,
        "currency": session.currency,
        "amount": session.decided_minor,
        "secured_amount": session.secured_minor,
        "paid_amount": session.paid_minor,
        "dispute": session.dispute,
        "energy_wh": session.energy_wh,
        "started_at": session.started_at.isoformat() if session.started_at else None,
        "stopped_at": session.stopped_at.isoformat() if session.stopped_at else None,
        "error": session.outcome,
    }
