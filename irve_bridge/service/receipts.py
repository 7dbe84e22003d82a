"""Receipts and credit notes: written in the transaction that decides what they say.

No state is left to ask for one later: whoever is settled has a number, and no number is without
its paper.
"""

from collections.abc import Sequence
from datetime import datetime

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.period import Period
from irve_bridge.domain.receipt import Charge, Operator, Place, missing_minor, paper_of
from irve_bridge.domain.session import Session
from irve_bridge.domain.signatures import signature_of
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Tx


def issue(tx: Tx, session: Session, periods: Sequence[Period], at: datetime) -> None:
    """Number the paper without which a session's papers do not say what is owed, if any."""
    issued = tuple(tx.receipts.of_session(session.id))
    if not missing_minor(session, issued):
        return
    point = tx.stations.charge_point(session.charge_point_id)
    paper = paper_of(
        session,
        issued,
        at=at,
        operator=operator_of(point),
        place=_place(tx, session, point),
        charge=_charge(tx, session, periods),
    )
    tx.receipts.add(paper)


def operator_of(point: ChargePoint | None) -> Operator:
    """Return who is paid at a charge point."""
    if point is None:
        return Operator(name="")
    return Operator(
        name=point.operator_name,
        address=point.operator_address,
        siren=point.operator_siren,
        vat_number=point.operator_vat_number,
        phone=point.operator_phone,
        email=point.operator_email,
    )


def _place(tx: Tx, session: Session, point: ChargePoint | None) -> Place:
    outlet = tx.stations.connector(session.charge_point_id, session.connector_number)
    return Place(
        charge_point_id=session.charge_point_id,
        connector_number=session.connector_number,
        evse_id=outlet.evse_id if outlet else "",
        name=point.name if point else "",
        address=point.address if point else "",
        time_zone=point.time_zone if point else "UTC",
    )


def _charge(tx: Tx, session: Session, periods: Sequence[Period]) -> Charge:
    place, named = session.charge_point_id, session.transaction_id or ""
    transaction = tx.transactions.get(place, named)
    start_wh = transaction.meter_start_wh if transaction else None
    return Charge(
        transaction_id=session.transaction_id,
        started_at=session.started_at,
        stopped_at=session.stopped_at,
        register_start_wh=start_wh if start_wh is not None and start_wh >= 0 else None,
        register_stop_wh=_shown_at_the_end(tx, session, transaction) if transaction else None,
        energy_wh=session.energy_wh,
        charging_s=round(sum(p.charging.total_seconds() for p in periods)) if periods else None,
        parking_s=round(sum(p.parking.total_seconds() for p in periods)) if periods else None,
        signature=signature_of(tx.signatures.telling(place, named)),
    )


def _shown_at_the_end(tx: Tx, session: Session, transaction: Transaction) -> int | None:
    """Return the register up to which it is billed, if the meter ever showed it.

    It need not: of what a meter signed only a part may be billed, and of what a person decided
    nobody knows how much energy it stands for.
    """
    if session.energy_wh is None or transaction.meter_start_wh < 0:
        return None
    billed_to_wh = transaction.meter_start_wh + session.energy_wh
    if transaction.meter_stop_wh == billed_to_wh and not transaction.presumed:
        return billed_to_wh
    readings = tx.transactions.readings(transaction.charge_point_id, transaction.id)
    shown = any(reading.register_wh == billed_to_wh for reading in readings)
    return billed_to_wh if shown else None
