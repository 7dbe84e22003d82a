"""What the operator can show of a session when its payment is disputed.

The categories are those that a cardholder's bank asks for
(https://docs.stripe.com/disputes/reason-codes-defense-requirements): what was agreed to, what was
delivered, what was charged and given back.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.facts import CheckoutOpened, DisputeChanged
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.lifecycle import TABLE
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.receipt import Receipt
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.signatures import SignedReading
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.callbacks import CDR_CREATED
from irve_bridge.service.exhibits import (
    AgreedPrice,
    Amounts,
    Callback,
    Consent,
    Dispute,
    Evidence,
    Meter,
    Moved,
    Register,
    Shown,
    Times,
    Where,
)
from irve_bridge.service.ports import Happening, Movement, Tx, Unfinished

_PER = {
    Dimension.ENERGY: "kWh",
    Dimension.TIME: "hour",
    Dimension.PARKING_TIME: "hour",
    Dimension.FLAT: "session",
}
_TELLS = {(state.value, event.value): row.tell for (state, event), row in TABLE.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that storage holds of one session."""

    session: Session
    charge_point: ChargePoint | None
    connector: Connector | None
    transaction: Transaction | None
    readings: Sequence[Reading]
    signed: Sequence[SignedReading]
    history: Sequence[Happening]
    movements: Sequence[Movement]
    unfinished: Sequence[Unfinished]
    cdrs: Sequence[Cdr] = ()
    receipts: Sequence[Receipt] = ()

    @property
    def ordered_on_page(self) -> bool:
        """Whether the driver went to a checkout: otherwise the CSMS brought the card."""
        return any(
            line.fact.get("type") == CheckoutOpened.__name__ and line.fact.get("checkout_id")
            for line in self.history
            if line.before == State.OPEN
        )


def record(tx: Tx, session_id: str) -> Record:
    """Return all that is kept of a session.

    Raises:
        UnknownThing: There is none of that id.
    """
    session = tx.sessions.get(session_id)
    if session is None:
        raise UnknownThing("There is no such session.", "unknown_session")
    place, transaction_id = session.charge_point_id, session.transaction_id or ""
    return Record(
        session=session,
        charge_point=tx.stations.charge_point(place),
        connector=tx.stations.connector(place, session.connector_number),
        transaction=tx.transactions.get(place, transaction_id),
        readings=tx.transactions.readings(place, transaction_id),
        signed=tx.signatures.of(place, transaction_id),
        history=tx.sessions.history(session_id),
        movements=tx.books.movements(session_id),
        unfinished=tx.intents.unfinished(session_id),
        cdrs=tx.cdrs.of_session(session_id),
        receipts=tx.receipts.of_session(session_id),
    )


def evidence(kept: Record, wording: Sequence[str]) -> Evidence:
    """Return the document of a session.

    `wording` is what the driver agreed to, as the page says it; without who the driver was where
    that was erased.
    """
    session = kept.session
    return {
        "session_id": session.id,
        "status": session.state,
        "currency": session.currency,
        "price": price_shown(session.tariff),
        "consent": _consent(kept, wording),
        "driver": {"client_id": session.client_id, "email": session.email},
        "place": _place(kept),
        "times": _times(session),
        "meter": _meter(kept),
        "energy_wh": session.energy_wh,
        "cost": session.cost,
        "amounts": _amounts(session),
        "history": [
            {"at": line.at, "event": line.event, "before": line.before, "after": line.after}
            for line in kept.history
        ],
        "movements": [_movement(movement) for movement in kept.movements],
        "receipts": [
            {"number": r.number, "kind": r.kind, "at": r.issued_at, "amount": r.signed_minor}
            for r in kept.receipts
        ],
        "callbacks": sorted(_callbacks(kept), key=lambda told: told["at"]),
        "callbacks_not_delivered": [
            {"since": left.created_at, "status": left.status, "note": left.note}
            for left in kept.unfinished
            if left.kind == Kind.CALLBACK
        ],
        "disputes": list(_disputes(kept)),
    }


def price_digest(tariff: Tariff) -> str:
    """Return what stands for the prices shown: another tariff at the same prices has the same."""
    prices = (tariff.currency, tariff.elements, tariff.min_price, tariff.max_price)
    return hashlib.sha256(msgspec.json.encode(prices)).hexdigest()[:16]


def price_shown(tariff: Tariff) -> AgreedPrice:
    """Return the tariff as it was frozen, with the prices including VAT that were shown."""
    shown: list[Shown] = [
        {
            "type": component.type,
            "per": _PER[component.type],
            "gross": component.price * (1 + component.vat / Decimal(100)),
            "restrictions": restrictions,
        }
        for component, restrictions in tariff.prices
    ]
    return {"digest": price_digest(tariff), "shown": shown, "tariff": tariff}


def _consent(kept: Record, wording: Sequence[str]) -> Consent:
    session = kept.session
    return {
        "plan": session.plan,
        "agreed_amount": session.amount_minor,
        "unused_part_refunded": not session.keeps_remainder,
        "ordered_at": session.opened_at,
        "language": session.locale,
        "card_brought_by_csms": not kept.ordered_on_page,
        "wording": list(wording) if kept.ordered_on_page else [],
    }


def _place(kept: Record) -> Where:
    point, outlet = kept.charge_point, kept.connector
    return {
        "charge_point_id": kept.session.charge_point_id,
        "connector_id": kept.session.connector_number,
        "evse_id": outlet.evse_id if outlet else None,
        "name": point.name if point else None,
        "address": point.address if point else None,
        "time_zone": point.time_zone if point else None,
        "operator": point.operator_name if point else None,
        "operator_phone": point.operator_phone if point else None,
    }


def _times(session: Session) -> Times:
    return {
        "opened_at": session.opened_at,
        "secured_at": session.secured_at,
        "started_at": session.started_at,
        "stopped_at": session.stopped_at,
        "due_since": session.due_since,
        "ended_at": session.ended_at,
    }


def _meter(kept: Record) -> Meter | None:
    """None where the CSMS metered, or nothing started."""
    transaction = kept.transaction
    if transaction is None:
        return None
    readings: list[Register] = [
        {
            "at": each.at,
            "said_at": each.said_at,
            "register_wh": each.register_wh,
            "rounding_wh": each.rounding_wh,
            "power_w": each.power_w,
            "context": each.context,
        }
        for each in kept.readings
    ]
    return {
        "transaction_id": transaction.id,
        "start_at": transaction.start_at,
        "start_said_at": transaction.start_said_at,
        "start_register_wh": transaction.meter_start_wh,
        "stop_at": transaction.stop_at,
        "stop_register_wh": transaction.meter_stop_wh,
        "stop_reason": transaction.stop_reason,
        "stop_presumed": transaction.presumed,
        "readings": readings,
        "signed_readings": kept.signed,
    }


def _amounts(session: Session) -> Amounts:
    return {
        "agreed": session.amount_minor,
        "secured": session.secured_minor,
        "decided": session.decided_minor,
        "paid": session.paid_minor,
    }


def _movement(movement: Movement) -> Moved:
    return {
        "at": movement.at,
        "kind": movement.kind,
        "amount": movement.amount_minor,
        "currency": movement.currency,
        "provider": movement.provider,
        "account": movement.account,
        "provider_id": movement.provider_id,
        "payment_id": movement.payment_id,
    }


def _callbacks(kept: Record) -> Iterator[Callback]:
    """What the CSMS was told, by the rows that were walked; nothing where callbacks are off."""
    if not kept.session.callback_sequence:
        return
    yield {"type": "session_opened", "at": kept.session.opened_at}
    for line in kept.history:
        for type_ in _TELLS.get((line.before, line.event), ()):
            yield {"type": type_, "at": line.at}
    for cdr in kept.cdrs:
        yield {"type": CDR_CREATED, "at": cdr.created_at}


def _disputes(kept: Record) -> Iterator[Dispute]:
    for line in kept.history:
        if line.fact.get("type") == DisputeChanged.__name__:
            yield {
                "at": line.at,
                "dispute_id": line.fact["dispute_id"],
                "payment_id": line.fact["payment_intent_id"],
                "status": line.fact["status"],
                "reason": line.fact["reason"],
                "amount": line.fact["amount_minor"],
            }
