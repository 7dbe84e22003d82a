"""What operators look for among all that ever was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from irve_bridge.domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which sessions: in one of some states, if any are given, and opened in [since, until).

    `before` is when and which one was listed last.
    """

    states: Sequence[str] = ()
    charge_point_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """An intent of a session, however it ended: waiting, done, failed, refused or cancelled."""

    id: int
    lane: str
    do: str
    kind: str
    parameters: Mapping[str, Any]
    created_at: datetime
    not_before: datetime
    tries: int
    status: str
    note: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt at an intent; without an outcome nobody knows what became of it."""

    intent_id: int
    number: int
    key: str
    request: Mapping[str, Any]
    started_at: datetime
    burnt: bool
    outcome: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """A session of which something waits since a moment, or was given up at one."""

    session_id: str
    at: datetime


class Searches(Protocol):
    """Each walks an index, and reads no more than is shown."""

    def sessions(self, sought: Sought, limit: int) -> list[Session]:
        """Return sessions, newest first."""

    def named(self, text: str, limit: int) -> list[Session]:
        """Return sessions of this id, of a transaction of this id or with a receipt so numbered."""

    def intents(self, session_id: str, limit: int) -> list[Intended]:
        """Return what was to be done for a session, the last of it, in order."""

    def attempts(self, session_id: str, limit: int) -> list[Tried]:
        """Return the attempts at that, the last of them, in order."""

    def waiting(self, lane: str, limit: int) -> list[Concerned]:
        """Return the sessions for which a lane has something to do, the longest waiting first."""

    def given_up(self, kind: str, limit: int) -> list[Concerned]:
        """Return the sessions of which an intent of a kind was given up, the last one first."""
