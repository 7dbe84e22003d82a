"""How much there is of what is not over: each query walks a partial index or a range of one."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    text,
)

from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import State
from irve_bridge.service.ports import (
    FleetTally,
    LaneTally,
    MovedTally,
    SessionsTally,
    TakingsTally,
)
from irve_bridge.storage import takings
from irve_bridge.storage.rows import from_row
from irve_bridge.storage.schema import (
    attempts,
    charge_points,
    connectors,
    intents,
    movements,
    sessions,
)


def _sum(of: ColumnElement[int]) -> ColumnElement[int]:
    """PostgreSQL sums to decimals."""
    return cast(func.sum(of), BigInteger)


_SESSIONS = (
    select(
        sessions.c.state,
        sessions.c.currency,
        func.count().label("sessions"),
        _sum(func.coalesce(sessions.c.secured_minor, 0)).label("secured_minor"),
        _sum(func.coalesce(sessions.c.decided_minor, 0) - sessions.c.paid_minor).label(
            "owed_minor"
        ),
    )
    .where(sessions.c.state.in_([state.value for state in State if state not in DONE]))
    .group_by(sessions.c.state, sessions.c.currency)
)
_unclaimed = or_(intents.c.lease_until.is_(None), intents.c.lease_until <= bindparam("now"))
_in_doubt = (
    select(attempts.c.number)
    .where(attempts.c.intent_id == intents.c.id, attempts.c.outcome.is_(None))
    .exists()
)
_LANES = (
    select(
        intents.c.lane,
        func.count().label("pending"),
        func.min(intents.c.created_at).label("oldest_at"),
        _sum(case((and_(_unclaimed, intents.c.tries > 0, _in_doubt), 1), else_=0)).label("unknown"),
    )
    .where(intents.c.ended_at.is_(None))
    .group_by(intents.c.lane)
)
_GIVEN_UP = select(func.count()).where(
    intents.c.status == text("'failed'"), intents.c.kind == bindparam("of_kind")
)
_FLEET: Select[Any] = select(
    select(func.count()).select_from(charge_points).scalar_subquery().label("charge_points"),
    select(func.count())
    .where(charge_points.c.connected_at.is_(None))
    .scalar_subquery()
    .label("offline"),
    select(func.count())
    .where(connectors.c.status == text("'Faulted'"))
    .scalar_subquery()
    .label("faulted"),
)
_MOVED = (
    select(
        movements.c.kind,
        movements.c.currency,
        func.count().label("movements"),
        _sum(movements.c.amount_minor).label("amount_minor"),
    )
    .where(movements.c.at >= bindparam("since"), movements.c.at < bindparam("until"))
    .group_by(movements.c.kind, movements.c.currency)
)


class SqlTallies:
    """Implements `ports.Tallies`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sessions(self) -> list[SessionsTally]:
        """Return what there is of sessions that are not over."""
        return [from_row(row, SessionsTally) for row in self._connection.execute(_SESSIONS)]

    def lanes(self, now: datetime) -> list[LaneTally]:
        """Return what there is to do, of lanes where there is anything."""
        return [from_row(row, LaneTally) for row in self._connection.execute(_LANES, {"now": now})]

    def given_up(self, kind: str) -> int:
        """Return how many intents of a kind were given up."""
        return self._connection.execute(_GIVEN_UP, {"of_kind": kind}).scalar_one()

    def fleet(self) -> FleetTally:
        """Return how charge points and connectors are."""
        return from_row(self._connection.execute(_FLEET).one(), FleetTally)

    def moved(self, since: datetime, until: datetime) -> list[MovedTally]:
        """Return what money moved in [since, until), by kind and currency."""
        rows = self._connection.execute(_MOVED, {"since": since, "until": until})
        return [from_row(row, MovedTally) for row in rows]

    def takings(
        self, since: datetime, until: datetime, charge_point_id: str | None = None
    ) -> list[TakingsTally]:
        """Return what [since, until) brought in, at one station or at all, by currency."""
        return takings.of(self._connection, since, until, charge_point_id)

    def takings_by_station(
        self, since: datetime, until: datetime, limit: int, after: tuple[str, str] = ("", "")
    ) -> list[TakingsTally]:
        """Return what [since, until) brought in, by station and currency, behind one of these."""
        return takings.by_station(self._connection, since, until, limit, after)
