"""What is taken away to other books, a page at a time: each begins behind the last of another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.session import Session
from irve_bridge.service.ports.movements import Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A movement with its place in the books, and the station whose session it is of."""

    number: int
    charge_point_id: str
    movement: Movement


class Exports(Protocol):
    """Long lists in the order of time, of one station or of all.

    A first page begins behind a moment and "" or 0.
    """

    def sessions_ended(
        self,
        after: tuple[datetime, str],
        until: datetime,
        limit: int,
        charge_point_id: str | None = None,
    ) -> list[Session]:
        """Return sessions that ended before `until`, by that moment and id."""

    def movements(
        self,
        after: tuple[datetime, int],
        until: datetime,
        limit: int,
        charge_point_id: str | None = None,
    ) -> list[Booked]:
        """Return what moved before `until`, by that moment and number."""

    def cdrs(
        self,
        after: tuple[datetime, str],
        until: datetime,
        limit: int,
        charge_point_id: str | None = None,
    ) -> list[Cdr]:
        """Return CDRs that were made before `until`, by that moment and id."""
