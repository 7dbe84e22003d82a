"""Charges that end by somebody's word: the CSMS that meters them, or a person who reviewed them."""

from datetime import datetime

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.classify import bounded
from irve_bridge.domain.errors import Conflict, UnknownThing
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.period import Period
from irve_bridge.domain.session import MeteredBy, Session, State
from irve_bridge.service.handle import Work
from irve_bridge.service.prices import pricer

_WITH_THE_BANK = frozenset({"needs_response", "under_review", "lost"})


def decide_review(work: Work, fact: facts.ReviewDecided) -> Session:
    """Settle what a person reviewed, or forgive what is due.

    Raises:
        UnknownThing: There is no such session.
        Conflict: Nothing is to be decided there, or more than was secured.
    """
    session = work.tx.sessions.get(fact.session_id)
    if session is None:
        raise UnknownThing("There is no session of this id.", "unknown_session")
    if session.state not in (State.REVIEW, State.DUE):
        raise Conflict(f"This session is {session.state}: nothing is to be decided.")
    most_minor = most_decided_minor(session)
    if not 0 <= fact.amount_minor <= most_minor:
        raise Conflict(f"Decide between 0 and {most_minor} (minor units of {session.currency}).")
    return work.advance(session, fact)


def most_decided_minor(session: Session) -> int:
    """Return the most that a person can decide to be owed; what is due can only become less."""
    if session.state is State.DUE:
        return (session.decided_minor or 0) - 1
    return bounded(session, session.secured_minor or 0)


def refund(
    work: Work, fact: facts.RefundAsked, key: str = "", owed_minor: int | None = None
) -> Session:
    """Give back what was paid, whole or in part; the same key again changes nothing.

    Nothing goes back where other than `owed_minor` is owed by now, if it is given.

    The key is stored with the fact: whoever repeats after a crash cannot be answered twice.

    Raises:
        UnknownThing: There is no such session.
        Conflict: Nothing was paid there, less than that is left, or a refund is under way.
    """
    session = work.tx.sessions.get(fact.session_id)
    if session is None:
        raise UnknownThing("There is no session of this id.", "unknown_session")
    if key and not work.tx.inbox.put(f"refund_asked:{session.id}:{key}", fact, session.id):
        return session
    if session.state is not State.SETTLED:
        raise Conflict(f"This session is {session.state}: only what is settled is refunded.")
    if session.dispute in _WITH_THE_BANK:
        raise Conflict("This payment is disputed: the bank has the money, and decides.")
    if work.tx.intents.pending(session.id, Kind.REFUND):
        raise Conflict("A refund of this session is under way: wait until it has ended.")
    left_minor = session.decided_minor or 0
    if not 0 < fact.amount_minor <= left_minor:
        raise Conflict(f"Refund between 1 and {left_minor} (minor units of {session.currency}).")
    if owed_minor not in (None, left_minor):
        raise Conflict(f"Something went back meanwhile: {left_minor} is left.")
    return work.advance(session, fact)


def report_end(
    work: Work, session_id: str, energy_wh: int | None, amount_minor: int | None, now: datetime
) -> Session:
    """End a charge that the CSMS meters, by its energy or its amount; the first value wins.

    Raises:
        UnknownThing: There is no such session.
        Conflict: The bridge meters it, it is not charging, or another end was reported first.
    """
    session = work.tx.sessions.get(session_id)
    if session is None:
        raise UnknownThing("There is no session of this id.", "unknown_session")
    if session.metered_by is not MeteredBy.CSMS:
        raise Conflict("The bridge meters this session: it takes no energy and no amount.")
    if session.stopped_at is not None:
        return _same_end(session, energy_wh, amount_minor)
    if session.state not in (State.CHARGING, State.STOPPING, State.REVIEW):
        raise Conflict(f"This session is {session.state}: there is no charge to end.")
    cost = _reported_cost(session, energy_wh, amount_minor, now)
    ended = facts.ChargingEnded(
        at=now,
        session_id=session.id,
        stopped_at=now,
        energy_wh=energy_wh,
        cost=cost,
        reason="Remote",
    )
    return work.advance(session, ended)


def _same_end(session: Session, energy_wh: int | None, amount_minor: int | None) -> Session:
    cost_minor = session.cost.gross_minor if session.cost else None
    same_energy = energy_wh is not None and energy_wh == session.energy_wh
    same_amount = amount_minor is not None and session.energy_wh is None
    if same_energy or (same_amount and amount_minor == cost_minor):
        return session
    raise Conflict("Another end of this charge was reported first.")


def _reported_cost(
    session: Session, energy_wh: int | None, amount_minor: int | None, now: datetime
) -> Breakdown:
    if energy_wh is None:
        total = amount_minor or 0
        return Breakdown(session.currency, total, total)
    start_at = session.started_at or now
    charged = Period(start_at=start_at, end_at=now, energy_wh=energy_wh, charging=now - start_at)
    priced = pricer(session.tariff, session.time_zone)
    return priced.cost(priced.tally(start_at, [charged]))
