"""A connector is kept for who paid for it, where its charge point can, until the start or the end.

A reservation only keeps others away: that it is refused or unheard of changes nothing for its
driver.
"""

from datetime import datetime
from zlib import crc32

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.session import Session
from irve_bridge.service.configuration import supports
from irve_bridge.service.policy import Policy, start_deadline
from irve_bridge.service.ports import Tx

PROFILE = "Reservation"


def reservation_id(session: Session) -> int:
    """Return the id of a session's reservation: 31 bits, always the same for the same session."""
    return crc32(session.id.encode()) >> 1


def reserve(tx: Tx, session: Session, policy: Policy, at: datetime) -> bool:
    """Write down the reservation of a session's connector; False where none is to be made.

    None is needed where a cable is plugged in: nobody else can take it.
    """
    named = (session.charge_point_id, session.connector_number)
    outlet = tx.stations.connector(*named)
    if not policy.reserves or outlet is None or outlet.status is not ConnectorStatus.AVAILABLE:
        return False
    if not supports(tx, session.charge_point_id, PROFILE):
        return False
    tx.reservations.put(
        Reservation(
            charge_point_id=session.charge_point_id,
            id=reservation_id(session),
            connector_number=session.connector_number,
            id_tag=session.id_tag,
            made_at=at,
            expires_at=start_deadline(session, policy),
            session_id=session.id,
        )
    )
    return True


def reserved(tx: Tx, session: Session) -> bool:
    """Return whether a session's connector may be reserved for it."""
    return tx.reservations.get(session.charge_point_id, reservation_id(session)) is not None


def over(tx: Tx, fact: facts.ReservationOver) -> None:
    """Forget a reservation that is over."""
    tx.reservations.remove(fact.charge_point_id, fact.reservation_id)
