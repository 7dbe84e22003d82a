"""What an operator sees first: how everything stands, in one read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import (
    KEPT,
    Concerned,
    FleetTally,
    LaneTally,
    MovedTally,
    SessionsTally,
    Sought,
    Tx,
)
from irve_bridge.service.running import Live
from irve_bridge.service.stories import Lively

RUNNING_SHOWN, NAMED, STRANGERS_MOST = 12, 5, 100
LATE = timedelta(minutes=15)
"""What waits longer to be done is worth a look."""
RUNNING = (State.CHARGING, State.STOPPING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How everything stands at a moment; `moved` is what moved since the day began.

    `late` is where something has waited too long, or nobody knows what became of it. `running` are
    the newest of all that run; of what is named otherwise, these are the first.
    """

    at: datetime
    fleet: FleetTally
    sessions: Sequence[SessionsTally]
    moved: Sequence[MovedTally]
    late: Sequence[tuple[LaneTally, Sequence[Concerned]]]
    callbacks_given_up: int
    untold: Sequence[Concerned]
    running: Sequence[tuple[Session, Live | None]]
    offline: Sequence[ChargePoint]
    faulted: Sequence[Connector]
    strangers: int

    def count(self, *states: State) -> int:
        """Return how many sessions stand in one of these states."""
        return sum(tally.sessions for tally in self.sessions if tally.state in states)

    @property
    def secured(self) -> dict[str, int]:
        """What is secured by drivers and not settled yet, in minor units by currency."""
        holding = (t for t in self.sessions if t.state != State.DUE)
        return _added((tally.currency, tally.secured_minor) for tally in holding)

    @property
    def due(self) -> dict[str, int]:
        """What is owed, in minor units by currency."""
        owing = (tally for tally in self.sessions if tally.state == State.DUE)
        return _added((tally.currency, tally.owed_minor) for tally in owing)

    @property
    def taken(self) -> dict[str, int]:
        """What was paid since the day began and not given back, in minor units by currency."""
        moved = (tally for tally in self.moved if tally.kind in KEPT)
        return _added((tally.currency, KEPT[tally.kind] * tally.amount_minor) for tally in moved)


def overview(tx: Tx, now: datetime, since: datetime, lively: Lively) -> Overview:
    """Return how everything stands; `since` is when the day began."""
    running = tx.searches.sessions(Sought(states=RUNNING), RUNNING_SHOWN)
    return Overview(
        at=now,
        fleet=tx.tallies.fleet(),
        sessions=tx.tallies.sessions(),
        moved=tx.tallies.moved(since, now + timedelta(days=1)),
        late=_late(tx, now),
        callbacks_given_up=tx.tallies.given_up(Kind.CALLBACK),
        untold=tx.searches.given_up(Kind.CALLBACK, NAMED),
        running=[(session, lively(tx, session, now)) for session in running],
        offline=tx.listings.charge_points(NAMED, online=False),
        faulted=tx.listings.faulted(NAMED),
        strangers=len(tx.strangers.page(STRANGERS_MOST)),
    )


def _late(tx: Tx, now: datetime) -> list[tuple[LaneTally, list[Concerned]]]:
    late = (t for t in tx.tallies.lanes(now) if t.unknown or t.oldest_at + LATE <= now)
    return [(tally, tx.searches.waiting(tally.lane, NAMED)) for tally in late]


def _added(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for currency, amount_minor in amounts:
        total[currency] = total.get(currency, 0) + amount_minor
    return total
