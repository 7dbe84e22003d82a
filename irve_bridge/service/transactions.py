"""What charge points say of their transactions, one unit of work each."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace as changed

from irve_bridge.domain import facts, moments
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.classify import says_more
from irve_bridge.domain.id_tag import ACCEPTED, INVALID, Authorization
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service import consequences, signatures
from irve_bridge.service.bills import bill
from irve_bridge.service.handle import Work
from irve_bridge.service.own_customers import conclude, judge, price
from irve_bridge.service.ports import TakenReading, Tx
from irve_bridge.service.presume import end_at_last_reading, end_replaced
from irve_bridge.service.reserving import reservation_id, reserved

NO_IDS = frozenset({"-1", "0"})
"""What charge points send that never learnt a transaction's id."""
STOPPED = "StopTransaction"
"""As what operators are shown a stop of nothing known, among what the charge point told."""
_UNTOLD_MOST = timedelta(days=31)
"""A start told later than this was dated by a clock that had not been set; a payment would show."""
_TAG_HONOURED = frozenset({State.SECURED, State.CHARGING, State.STOPPING})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StartReply:
    """The transaction's id, and whether its id tag may charge."""

    transaction_id: str
    authorization: Authorization


def authorize(
    work: Work, charge_point_id: str, id_tag: str, now: datetime, told: Authorization | None = None
) -> Authorization:
    """Return whether this tag may charge here now: a guest's, or an own customer's.

    `told` is what the CSMS says of a tag that is on no list.
    """
    session = work.tx.sessions.by_id_tag(charge_point_id, id_tag)
    if session is None:
        return judge(work.tx, id_tag, now, told)
    return ACCEPTED if session.state in _TAG_HONOURED else INVALID


def started(
    work: Work, fact: facts.TransactionStarted, told: Authorization | None = None
) -> StartReply:
    """Record a start and bind it to the session of its tag; a repeat gets the stored answer.

    A charge point may date a repeat anew. What else ran on the connector before is over. `told` is
    what the CSMS says of a tag that is on no list.
    """
    said = Transaction(
        charge_point_id=fact.charge_point_id,
        id="",
        connector_number=fact.connector_number,
        id_tag=fact.id_tag,
        start_at=fact.started_at,
        meter_start_wh=fact.meter_start_wh,
        accepted=False,
        heard_at=fact.at,
        reservation_id=fact.reservation_id,
    )
    if same := work.tx.transactions.same_start(said) or _sent_again(work, said):
        return StartReply(same.id, _answered(work, same, told))
    end_replaced(work, said, fact.at)
    session = work.tx.sessions.by_id_tag(fact.charge_point_id, fact.id_tag)
    earliest_at = session.secured_at or session.opened_at if session else fact.at - _UNTOLD_MOST
    start_at = moments.start(fact.started_at, fact.at, earliest_at)
    authorization = _judged(work.tx, session, fact.id_tag, start_at, told)
    transaction = _recorded(work.tx, said, session, start_at, accepted=authorization.accepted)
    if session and authorization.accepted:
        _begin(work, session, transaction, fact.at)
        return StartReply(transaction.id, authorization)
    work.plain.append((transaction, _rated_w(work, transaction)))
    if session:
        _refuse(work, session, transaction, fact.at)
    return StartReply(transaction.id, authorization)


def _judged(
    tx: Tx, session: Session | None, id_tag: str, start_at: datetime, told: Authorization | None
) -> Authorization:
    """Return whether a start's tag may charge: a guest's once, for what was paid for."""
    if session is None:
        return judge(tx, id_tag, start_at, told)
    return ACCEPTED if session.state is State.SECURED else INVALID


def _recorded(
    tx: Tx, said: Transaction, session: Session | None, start_at: datetime, *, accepted: bool
) -> Transaction:
    """Write down a start on our clock; what an own customer's costs is frozen with it."""
    transaction = replace(
        said,
        start_at=start_at,
        start_said_at=None if start_at == said.start_at else said.start_at,
        id=str(tx.transactions.next_id()),
        accepted=accepted,
        session_id=session.id if session and accepted else None,
    )
    if session is None and accepted:
        transaction = replace(transaction, tariff=price(tx, transaction))
    tx.transactions.add(transaction)
    consequences.started(tx, transaction)
    return transaction


def _answered(work: Work, transaction: Transaction, told: Authorization | None) -> Authorization:
    """Return what a start was answered, with the group of an own customer's tag."""
    if not transaction.accepted:
        return INVALID
    if transaction.session_id is not None:
        return ACCEPTED
    now = judge(work.tx, transaction.id_tag, transaction.start_at, told)
    return now if now.accepted else ACCEPTED


def _sent_again(work: Work, start: Transaction) -> Transaction | None:
    """Return the running transaction that a start repeats with another moment.

    A tag is of one session, and the register stands where it stood: nothing else has begun.
    """
    running = work.tx.transactions.running(start.charge_point_id)
    here = [t for t in running if t.connector_number == start.connector_number]
    if not here or here[-1].meter_start_wh != start.meter_start_wh:
        return None
    return here[-1] if here[-1].id_tag.casefold() == start.id_tag.casefold() else None


def stopped(work: Work, fact: facts.TransactionStopped) -> None:
    """Record a stop and bill its session; a repeat or a stop of nothing known changes nothing.

    Where the end was presumed, the stop takes its place, and may only make the charge cost less:
    where it would cost more, that is noted for the operator. It was no later than was presumed, if
    nobody knows when it was.
    """
    transaction = find_stopped(work, fact)
    if transaction is None:
        _stopped_in_vain(work, fact)
        return
    signatures.keep(work, transaction.charge_point_id, transaction.id, fact.signed)
    if not transaction.running and not transaction.presumed:
        return
    presumed = transaction.presumed
    stop = transaction.moment(fact.stopped_at, fact.at, dated=fact.dated)
    if not stop.believed and presumed and transaction.stop_at is not None:
        stop = moments.Moment(transaction.stop_at)
    transaction = replace(
        transaction,
        stop_at=stop.at,
        meter_stop_wh=fact.meter_stop_wh,
        stop_reason=fact.reason,
        stop_doubted=not stop.believed,
        presumed=False,
        ran_on_at=None,
    )
    work.tx.transactions.save(transaction)
    consequences.stopped(work.tx, transaction)
    work.tx.transactions.add_readings(_taken(transaction, r, stop) for r in fact.readings)
    if transaction.session_id is None:
        conclude(work, transaction, fact.at)
    elif session := work.tx.sessions.get(transaction.session_id):
        ended = bill(
            work,
            session,
            transaction,
            at=fact.at,
            stopped_at=stop.at,
            meter_stop_wh=fact.meter_stop_wh,
            reason=fact.reason,
        )
        if presumed and says_more(session, ended):
            work.tx.transactions.save(replace(transaction, ran_on_at=fact.at))
        work.advance(session, ended)


def _taken(transaction: Transaction, reading: Reading, stop: moments.Moment) -> TakenReading:
    """Return a reading that came with the stop: one of no possible moment is of the stop."""
    at = transaction.moment(reading.at, stop.at).at
    said_at = None if at == reading.at else reading.at
    placed = changed(reading, at=min(at, stop.at), said_at=said_at)
    return TakenReading(transaction.charge_point_id, transaction.id, placed)


def find_stopped(work: Work, fact: facts.TransactionStopped) -> Transaction | None:
    """Return the transaction that a stop ends: by its id, else by its tag, else the only one.

    A charge point that never learnt an id sends -1 (OCPP 1.6 errata 3.18): then the only one whose
    id it has not used can be meant, "the latest" never. Another system's id means nothing here.
    Who names the tag is believed whatever its register says: that is for a person to look at.
    """
    transactions, nameless = work.tx.transactions, fact.transaction_id in NO_IDS
    if known := transactions.get(fact.charge_point_id, fact.transaction_id):
        return known
    unheard = [
        t
        for t in transactions.unheard(fact.charge_point_id)
        if t.clock_start_at <= fact.stopped_at and not (nameless and t.acknowledged)
    ]
    running = [t for t in unheard if t.running]
    for among in (running, unheard):
        same_tag = (t for t in among if t.id_tag.casefold() == (fact.id_tag or "").casefold())
        tagged = [t for t in same_tag if not _followed(work, t, fact)]
        likely = [t for t in tagged if _meter_fits(t, fact)]
        for found in (tagged, likely):
            if len(found) == 1:
                return found[0]
    if _names_somebody(work, fact):
        return None
    unnamed = [t for t in running if not t.acknowledged and _meter_fits(t, fact)]
    return unnamed[0] if nameless and len(unnamed) == 1 else None


def _followed(work: Work, transaction: Transaction, stop: facts.TransactionStopped) -> bool:
    """A badge charges again and again: what something followed before the stop is not meant."""
    if transaction.running or transaction.session_id is not None:
        return False
    place = (transaction.charge_point_id, transaction.connector_number)
    last = work.tx.transactions.latest_at(*place)
    return last is not None and last.id != transaction.id and last.clock_start_at <= stop.stopped_at


def _names_somebody(work: Work, fact: facts.TransactionStopped) -> bool:
    """Whose tag is named is meant, and nobody else, even if it cannot be told which charge."""
    tag = (fact.id_tag or "").casefold()
    running = work.tx.transactions.running(fact.charge_point_id)
    known = any(t.id_tag.casefold() == tag for t in running)
    return known or bool(tag and work.tx.sessions.by_id_tag(fact.charge_point_id, tag))


def _stopped_in_vain(work: Work, fact: facts.TransactionStopped) -> None:
    """Keep a stop of nothing known; one with the tag of a session needs a person.

    Its start was lost, or it may be of another charge: nobody can say what was used.
    """
    key = f"stop:{fact.charge_point_id}:{fact.transaction_id}:{fact.stopped_at.isoformat()}"
    tagged = fact.id_tag and work.tx.sessions.by_id_tag(fact.charge_point_id, fact.id_tag)
    if work.tx.inbox.put(key, fact, tagged.id if tagged else None):
        work.tx.station_events.add(fact.charge_point_id, STOPPED, _in_vain(fact), fact.at)
        named = {"charge_point_id": fact.charge_point_id, "transaction_id": fact.transaction_id}
        log.warning("stop_of_nothing_known", **named)
    if tagged and tagged.state in _TAG_HONOURED:
        work.advance(tagged, _in_doubt(work, tagged, fact))


def _in_vain(fact: facts.TransactionStopped) -> dict[str, object]:
    return {
        "note": "of no transaction that is known here and can be meant",
        "transaction_id": fact.transaction_id,
        "id_tag": fact.id_tag,
        "stopped_at": fact.stopped_at.isoformat(),
        "meter_stop_wh": fact.meter_stop_wh,
        "reason": fact.reason,
    }


def _in_doubt(work: Work, session: Session, fact: facts.TransactionStopped) -> facts.ChargingEnded:
    named = (session.charge_point_id, session.transaction_id or "")
    if transaction := work.tx.transactions.get(*named):
        ended = end_at_last_reading(work, session, transaction, fact.at, fact.reason)
        return replace(ended, doubt="a stop names its tag, but no transaction that can be meant")
    return facts.ChargingEnded(
        at=fact.at,
        session_id=session.id,
        stopped_at=fact.stopped_at,
        energy_wh=None,
        cost=Breakdown(session.currency, 0, 0),
        doubt="the charge stopped, but its start was never heard of",
        reason=fact.reason,
    )


def _meter_fits(transaction: Transaction, fact: facts.TransactionStopped) -> bool:
    """A stop lies above its start on the meter; -1 is a register not known."""
    return fact.meter_stop_wh < 0 or transaction.meter_start_wh <= fact.meter_stop_wh


def _begin(work: Work, session: Session, transaction: Transaction, at: datetime) -> None:
    _use_up(work, session, transaction, at)
    began = facts.ChargingBegan(
        at=at,
        session_id=session.id,
        transaction_id=transaction.id,
        started_at=transaction.start_at,
    )
    begun = work.advance(session, began)
    work.began.append((transaction, begun, _rated_w(work, transaction)))


def _use_up(work: Work, session: Session, transaction: Transaction, at: datetime) -> None:
    """A reservation ends with the start it was for; the other connector of a guest is freed."""
    if not reserved(work.tx, session):
        return
    if transaction.connector_number != session.connector_number:
        free = Intent(Do.UNRESERVE, Kind.CANCEL_RESERVATION)
        work.tx.intents.add(session.id, free, at)
    else:
        work.tx.reservations.remove(session.charge_point_id, reservation_id(session))


def _rated_w(work: Work, transaction: Transaction) -> int:
    """Return what the connector can give, 0 for one that is not registered."""
    outlet = work.tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    return outlet.power_w if outlet else 0


def _refuse(work: Work, session: Session, transaction: Transaction, at: datetime) -> None:
    """A tag that was used or released already: whatever runs on it must stop."""
    intent = Intent(Do.REFUSE, Kind.REMOTE_STOP, {"transaction_id": transaction.id})
    work.tx.intents.add(session.id, intent, at)
