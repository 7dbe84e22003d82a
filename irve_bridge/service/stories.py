"""One session for those who look into it, and what they look for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import Session
from irve_bridge.service.evidence import Record, record
from irve_bridge.service.ports import Intended, Sought, Tried, Tx
from irve_bridge.service.running import Live

INTENTS_SHOWN, ATTEMPTS_SHOWN = 200, 200
Lively = Callable[[Tx, Session, datetime], Live | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is kept of a session, with its live figures while it charges."""

    record: Record
    live: Live | None
    intents: Sequence[Intended]
    attempts: Sequence[Tried]

    @property
    def session(self) -> Session:
        """The session as it stands."""
        return self.record.session

    @property
    def callbacks(self) -> Sequence[Intended]:
        """What the CSMS was to be told, in order."""
        return [each for each in self.intents if each.kind == Kind.CALLBACK]

    @property
    def calls(self) -> Sequence[Intended]:
        """What else was to be done, in order."""
        return [each for each in self.intents if each.kind != Kind.CALLBACK]

    def tries_of(self, intent: Intended) -> Sequence[Tried]:
        """Return the attempts at an intent, in order."""
        return [each for each in self.attempts if each.intent_id == intent.id]


def story(tx: Tx, session_id: str, now: datetime, lively: Lively) -> Story:
    """Return a session's story.

    Raises:
        UnknownThing: There is none of that id.
    """
    kept = record(tx, session_id)
    return Story(
        record=kept,
        live=lively(tx, kept.session, now),
        intents=tx.searches.intents(session_id, INTENTS_SHOWN),
        attempts=tx.searches.attempts(session_id, ATTEMPTS_SHOWN),
    )


def found(tx: Tx, text: str, sought: Sought, limit: int) -> list[Session]:
    """Return sessions, newest first; `text` names one, a transaction, a receipt or a charge point.

    What a text names exactly is found whatever else is sought.
    """
    if not text:
        return tx.searches.sessions(sought, limit)
    if sought.before is None and (exact := tx.searches.named(text, limit)):
        return exact
    return tx.searches.sessions(replace(sought, charge_point_id=text), limit)
