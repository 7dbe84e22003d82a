"""What is wrong with a session: by our own records alone, and beside what the provider has."""

from collections.abc import Sequence
from dataclasses import dataclass

from irve_bridge.domain.facts import DISPUTE_CLOSED, DisputeChanged
from irve_bridge.domain.intents import Kind, Lane
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import Session, State
from irve_bridge.service.books import left_minor
from irve_bridge.service.ports import Movement, Sighting, Tx, Unfinished


@dataclass(frozen=True, slots=True)
class Story:
    """What is remembered of one session."""

    session: Session
    booked: Sequence[Movement]
    unfinished: Sequence[Unfinished]
    heard: frozenset[tuple[str, str]]
    """Each dispute's id with every status it was said to have."""

    @property
    def money_moves(self) -> bool:
        """Whether a call that moves money is still to be made or concluded."""
        return any(
            intent.status == "waiting" and Kind(intent.kind).lane in (Lane.MONEY, Lane.REFUNDS)
            for intent in self.unfinished
        )


def story(tx: Tx, session_id: str) -> Story | None:
    """Return what is remembered of a session, None where there is none of that id."""
    session = tx.sessions.get(session_id)
    if session is None:
        return None
    booked, unfinished = tx.books.movements(session_id), tx.intents.unfinished(session_id)
    return Story(session, booked, unfinished, _heard(tx, session))


def differs(known: Story, sighting: Sighting | None) -> tuple[str, str] | None:
    """Return what is wrong here or, beside a sighting, there: its kind and what is seen."""
    return differs_here(known) or (sighting and differs_there(known, sighting)) or None


def differs_here(known: Story) -> tuple[str, str] | None:
    """Return what is wrong with a session by our own records alone: its kind and what is seen."""
    session = known.session
    if known.money_moves:
        return None
    forgetting = any(intent.kind == Kind.FORGET_CARD for intent in known.unfinished)
    if session.state in (State.SETTLING, State.RELEASING) and not forgetting:
        return "stuck", f"{session.state}, and nothing is under way"
    if session.state is State.SETTLED and session.paid_minor != session.decided_minor:
        return "paid_differs", f"decided {session.decided_minor}, paid {session.paid_minor}"
    return None


def differs_there(known: Story, sighting: Sighting) -> tuple[str, str] | None:
    """Return what the provider has otherwise than our books."""
    session = known.session
    if known.money_moves:
        return None
    own = sighting.payment_id == session.payment_intent_id
    booked_minor = left_minor(known.booked, sighting.payment_id)
    if sighting.taken_minor != booked_minor:
        seen = f"{sighting.payment_id}: taken {sighting.taken_minor}, booked {booked_minor}"
        return "paid_unknown", seen
    # What is due keeps its own hold until the driver pays otherwise or the debt is written off.
    if sighting.held_minor and (session.state in DONE or not own):
        return "held_forgotten", f"{sighting.payment_id}: {sighting.held_minor} still held"
    if sighting.taken_minor and not own:
        return "paid_twice", f"{sighting.payment_id}: {sighting.taken_minor} beside the session's"
    return _dispute_differs(known, sighting)


def _dispute_differs(known: Story, sighting: Sighting) -> tuple[str, str] | None:
    """What was heard once is no news, and what was closed is not opened by a slow answer."""
    for dispute_id, status in sighting.disputes.items():
        heard = {said for of, said in known.heard if of == dispute_id}
        seen = f"{sighting.payment_id}: {dispute_id} is {status}"
        if not heard:
            return "dispute_unknown", f"{seen}, nothing of it is booked"
        if status not in heard and (status in DISPUTE_CLOSED or not heard & DISPUTE_CLOSED):
            return "dispute_stale", f"{seen}, which was not heard"
    return None


def _heard(tx: Tx, session: Session) -> frozenset[tuple[str, str]]:
    history = tx.sessions.history(session.id) if session.dispute else ()
    return frozenset(
        (line.fact["dispute_id"], line.fact["status"])
        for line in history
        if line.fact.get("type") == DisputeChanged.__name__
    )
