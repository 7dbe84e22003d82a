"""How much there is of what is not over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsTally:
    """Sessions in one state and one currency: how many, what they secured, what they still owe."""

    state: str
    currency: str
    sessions: int
    secured_minor: int
    owed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTally:
    """The intents of a lane that have not ended.

    `unknown` are calls whose outcome nobody knows and nobody looks up at this moment.
    """

    lane: str
    pending: int
    oldest_at: datetime
    unknown: int


class Tallies(Protocol):
    """Figures for who watches. Each reads what is not over, and nothing of what is."""

    def sessions(self) -> list[SessionsTally]:
        """Return what there is of sessions that are not over."""

    def lanes(self, now: datetime) -> list[LaneTally]:
        """Return what there is to do, of lanes where there is anything."""

    def given_up(self, kind: str) -> int:
        """Return how many intents of a kind were given up."""
