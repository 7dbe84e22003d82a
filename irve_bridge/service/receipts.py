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
    """The register is read up to what is billed of it."""
    transaction = tx.transactions.get(session.charge_point_id, session.transaction_id or "")
    start_wh = transaction.meter_start_wh if transaction else None
    known = start_wh is not None and session.energy_wh is not None
    return Charge(
        transaction_id=session.transaction_id,
        started_at=session.started_at,
        stopped_at=session.stopped_at,
        register_start_wh=start_wh,
        register_stop_wh=(start_wh or 0) + (session.energy_wh or 0) if known else None,
        energy_wh=session.energy_wh,
        charging_s=round(sum(p.charging.total_seconds() for p in periods)) if periods else None,
        parking_s=round(sum(p.parking.total_seconds() for p in periods)) if periods else None,
    )
