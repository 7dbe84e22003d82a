"""CDRs of charges that have ended: written in the transaction that decides what is billed.

One that does not say any more what is owed is credited; where something is owed, or nothing ever
was, another one says so.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from irve_bridge.domain.cdr import Cdr, Concluded, Cost, Location, Token, cdr, credit
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.period import Period
from irve_bridge.domain.receipt import split_of
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.signed_data import signed_data
from irve_bridge.service.ports import Tx


def issue_cdrs(tx: Tx, session: Session, periods: Sequence[Period], at: datetime) -> list[Cdr]:
    """Keep the CDRs without which a session's do not say what is owed, and return them in order.

    None where there are no periods: nothing was charged.
    """
    issued = list(_missing(tx, session, periods, at)) if periods else []
    for each in issued:
        tx.cdrs.add(each)
    return issued


def _missing(tx: Tx, session: Session, periods: Sequence[Period], at: datetime) -> Iterator[Cdr]:
    issued = tx.cdrs.of_session(session.id)
    owed_minor = 0 if session.state is State.RELEASED else session.decided_minor or 0
    last = standing(issued)
    if last and last.total_minor == owed_minor:
        return
    if last:
        yield credit(last, at)
    if owed_minor or not issued:
        made = sum(each.credits is None for each in issued)
        yield _made(tx, session, periods, made + 1, owed_minor, at)


def standing(issued: Sequence[Cdr]) -> Cdr | None:
    """Return the CDR that none has credited."""
    credited = {each.credits for each in issued}
    return next((c for c in issued if c.credits is None and c.id not in credited), None)


def _made(
    tx: Tx,
    session: Session,
    periods: Sequence[Period],
    number: int,
    owed_minor: int,
    at: datetime,
) -> Cdr:
    cdr_id = f"{session.id}-{number}"
    papers = tx.receipts.of_session(session.id)
    concluded = Concluded(
        cdr_id=cdr_id,
        at=at,
        token=Token(uid=session.id_tag, contract_id=session.id),
        location=location_of(tx, session.charge_point_id, session.connector_number),
        tariff=session.tariff,
        periods=periods,
        cost=Cost(
            currency=session.currency,
            net_minor=split_of(session).part(owed_minor).net_minor,
            gross_minor=owed_minor,
            breakdown=session.cost,
        ),
        session_id=session.id,
        remark=_remark(session, owed_minor),
        invoice=f"{papers[0].number:06}" if papers else None,
        signed_data=signed_data(
            tx.signatures.telling(session.charge_point_id, session.transaction_id or "")
        ),
    )
    return Cdr(
        id=cdr_id,
        created_at=at,
        charge_point_id=session.charge_point_id,
        transaction_id=session.transaction_id,
        session_id=session.id,
        total_minor=owed_minor,
        document=cdr(concluded),
    )


def location_of(tx: Tx, charge_point_id: str, number: int) -> Location:
    """Return where a connector is; what was not registered is ""."""
    point = tx.stations.charge_point(charge_point_id)
    outlet = tx.stations.connector(charge_point_id, number)
    return Location(
        id=charge_point_id,
        name=point.name if point else "",
        address=point.address if point else "",
        city=point.city if point else "",
        postal_code=point.postal_code if point else "",
        country=point.country if point else "",
        latitude=point.latitude if point else "",
        longitude=point.longitude if point else "",
        evse_id=outlet.evse_id if outlet else "",
        connector_id=str(number),
        standard=outlet.standard if outlet else "",
        format=outlet.format if outlet else "",
        power_type=outlet.power_type if outlet else "",
    )


def _remark(session: Session, owed_minor: int) -> str | None:
    """Why the charge stopped, and that another amount is billed than the parts come to."""
    said = [f"Stopped: {session.stop_reason}."] if session.stop_reason else []
    if session.cost is not None and owed_minor != session.cost.gross_minor:
        digits = minor_digits(session.currency)
        said.append(
            f"Billed {owed_minor / 10**digits:.{digits}f} of "
            f"{session.cost.gross_minor / 10**digits:.{digits}f} {session.currency}."
        )
    return " ".join(said)[:255] or None
