"""What must be done: claimed with a lease, performed once, in order per subject and lane."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from irve_bridge.domain.intents import Intent, Lane
from irve_bridge.service.ports import ALONE, NODE_ID_LENGTH, Attempt, Due, Unfinished
from irve_bridge.storage.nodes import OF_NODE
from irve_bridge.storage.rows import from_row, to_row
from irve_bridge.storage.schema import attempts, charge_points, intents, nodes, sessions
from irve_bridge.storage.sessions import SqlSessions
from irve_bridge.storage.turns import Turns

_WAITS = intents.c.ended_at.is_(None)
_ONE = intents.c.id == bindparam("of_id")
_earlier = intents.alias("earlier")
_AT_HAND = (
    select(sessions.c.id)
    .outerjoin(charge_points, charge_points.c.id == sessions.c.charge_point_id)
    .where(sessions.c.id == intents.c.session_id, OF_NODE)
    .exists()
)
_FIRST = and_(
    _WAITS,
    intents.c.lane.in_(bindparam("of_lanes", expanding=True)),
    or_(intents.c.lane != Lane.CHARGER.value, intents.c.tries == 0, _AT_HAND),
    ~select(_earlier.c.id)
    .where(
        _earlier.c.subject == intents.c.subject,
        _earlier.c.lane == intents.c.lane,
        _earlier.c.id < intents.c.id,
        _earlier.c.ended_at.is_(None),
    )
    .exists(),
)
_NEXT_DUE = (
    select(intents)
    .where(
        _FIRST,
        intents.c.not_before <= bindparam("now"),
        or_(intents.c.lease_until.is_(None), intents.c.lease_until <= bindparam("now")),
    )
    .order_by(intents.c.not_before, intents.c.id)
    .limit(bindparam("most"))
)
# Who else claims at this moment is not waited for (SQLite has one writer, and no such clause).
_CLAIMABLE = _NEXT_DUE.with_for_update(skip_locked=True, key_share=True, of=intents)
_NEXT_MOMENT = select(
    func.min(
        case(
            (intents.c.lease_until > intents.c.not_before, intents.c.lease_until),
            else_=intents.c.not_before,
        )
    )
).where(_FIRST)
_ADD = insert(intents)
_PENDING = (
    select(intents.c.id)
    .where(
        _WAITS,
        intents.c.subject == bindparam("of_session"),  # its index finds those that wait
        intents.c.kind == bindparam("of_kind"),
    )
    .limit(1)
)
_UNCLAIMED = _PENDING.where(intents.c.lease.is_(None))
_IN_DOUBT = _PENDING.join_from(intents, attempts, attempts.c.intent_id == intents.c.id).where(
    attempts.c.outcome.is_(None)
)
_CLAIM = update(intents).where(_ONE, _WAITS).values(tries=intents.c.tries + 1)
# Who takes over a lease that has passed, and who held it, do not both go on.
_LEASED = (
    select(intents.c.id)
    .where(
        _ONE,
        _WAITS,
        intents.c.lease == bindparam("of_lease"),
        intents.c.lease_until > bindparam("now"),
    )
    .with_for_update(key_share=True)
)
_UNFINISHED = (
    select(intents)
    .where(
        intents.c.session_id == bindparam("of_session"),
        intents.c.status.in_(["waiting", "failed", "refused"]),
    )
    .order_by(intents.c.id)
)
_FAILED = (
    select(intents)
    .where(
        intents.c.status == text("'failed'"),
        intents.c.kind == bindparam("of_kind"),
        intents.c.id > bindparam("after"),
    )
    .order_by(intents.c.id)
    .limit(bindparam("most"))
)
_REVIVE = (
    update(intents)
    .where(_ONE, intents.c.status == "failed")
    .values(status="waiting", ended_at=None, note=None, tries=0, lease=None, lease_until=None)
)
_GIVE_BACK = update(intents).where(_ONE, _WAITS).values(lease=None, lease_until=None)
_VOID = (
    update(intents)
    .where(
        _WAITS,
        intents.c.lease.is_not(None),
        func.substr(intents.c.lease, 1, NODE_ID_LENGTH).not_in(select(nodes.c.id)),
    )
    .values(lease=None, lease_until=None)
)

_OPEN_ATTEMPT = (
    select(attempts)
    .where(attempts.c.intent_id == bindparam("of_id"), attempts.c.outcome.is_(None))
    .order_by(attempts.c.number.desc())
    .limit(1)
)
_LAST_NUMBER = select(func.coalesce(func.max(attempts.c.number), 0)).where(
    attempts.c.intent_id == bindparam("of_id")
)
_BEGIN = insert(attempts)
_CLOSE = update(attempts).where(
    attempts.c.intent_id == bindparam("of_id"), attempts.c.number == bindparam("of_number")
)


class SqlIntents:
    """Implements `ports.Intents`."""

    def __init__(self, connection: Connection, turns: Turns) -> None:
        self._connection = connection
        self._sessions = SqlSessions(connection, turns)
        self._added_to: set[Lane] = set()

    def add(self, session_id: str, intent: Intent, at: datetime) -> None:
        """Record an intent behind the session's others in its lane."""
        self._add(session_id, session_id, intent, at)

    def add_of(self, subject: str, intent: Intent, at: datetime) -> None:
        """Record an intent of no session behind the subject's others in its lane."""
        self._add(subject, None, intent, at)

    def _add(self, subject: str, session_id: str | None, intent: Intent, at: datetime) -> None:
        self._added_to.add(intent.kind.lane)
        row = to_row(intent) | {
            "subject": subject,
            "session_id": session_id,
            "lane": intent.kind.lane.value,
            "created_at": at,
            "not_before": at,
            "tries": 0,
            "status": "waiting",
        }
        self._connection.execute(_ADD, row)

    def pending(self, session_id: str, kind: str, *, unclaimed: bool = False) -> bool:
        """Return whether such an intent waits or is being performed; `unclaimed`: only waits."""
        named = {"of_session": session_id, "of_kind": kind}
        query = _UNCLAIMED if unclaimed else _PENDING
        return self._connection.execute(query, named).first() is not None

    def in_doubt(self, session_id: str, kind: str) -> bool:
        """Return whether such a call was begun and nobody knows yet what came of it."""
        named = {"of_session": session_id, "of_kind": kind}
        return self._connection.execute(_IN_DOUBT, named).first() is not None

    def next_due(
        self,
        lanes: Sequence[Lane],
        now: datetime,
        limit: int,
        *,
        node_id: str = ALONE,
        claiming: bool = False,
    ) -> list[Due]:
        """Return those that a node may claim now.

        Only the first unfinished intent of a subject's lane, due, and under no live lease. What a
        charge point was asked in vain, the node that has it asks again: it needs no bus.
        `claiming` leaves out what another node is about to claim, and keeps these from others.
        """
        named = _of(lanes, node_id) | {"now": now, "most": limit}
        rows = self._connection.execute(_CLAIMABLE if claiming else _NEXT_DUE, named).all()
        named_ids = [row.session_id for row in rows if row.session_id is not None]
        owners = self._sessions.get_many(named_ids) if named_ids else {}
        return [
            Due(
                id=row.id,
                subject=row.subject,
                session=owners.get(row.session_id),
                intent=from_row(row, Intent),
                created_at=row.created_at,
                tries=row.tries,
            )
            for row in rows
        ]

    def claim(self, intent_id: int, lease: str, until: datetime) -> None:
        """Take the lease and count one more try."""
        self._write(_CLAIM, intent_id, lease=lease, lease_until=until)

    def open_attempt(self, intent_id: int) -> Attempt | None:
        """Return the attempt whose outcome nobody knows, marked `unknown`."""
        row = self._connection.execute(_OPEN_ATTEMPT, {"of_id": intent_id}).first()
        return None if row is None else replace(from_row(row, Attempt), unknown=True)

    def last_attempt_number(self, intent_id: int) -> int:
        """Return the number of the latest attempt, 0 for none."""
        number: int = self._connection.execute(_LAST_NUMBER, {"of_id": intent_id}).scalar_one()
        return number

    def begin_attempt(self, intent_id: int, attempt: Attempt) -> None:
        """Store an attempt before its call."""
        row = to_row(attempt) | {"intent_id": intent_id}
        del row["unknown"]  # what a later claim finds out, not what is stored
        self._connection.execute(_BEGIN, row)

    def close_attempt(self, intent_id: int, number: int, outcome: str, at: datetime) -> None:
        """Write an attempt's known outcome; `burnt` leaves it unknown and its key unusable."""
        if outcome == "burnt":
            self._write(_CLOSE, intent_id, of_number=number, burnt=True)
        else:
            self._write(_CLOSE, intent_id, of_number=number, outcome=outcome, ended_at=at)

    def leased(self, intent_id: int, lease: str, now: datetime) -> bool:
        """Return whether this lease is still alive."""
        named = {"of_id": intent_id, "of_lease": lease, "now": now}
        return self._connection.execute(_LEASED, named).first() is not None

    def finish(self, intent_id: int, status: str, note: str | None, at: datetime) -> None:
        """End an intent: done, failed, refused or cancelled."""
        self._write(_GIVE_BACK, intent_id, status=status, note=note, ended_at=at)

    def postpone(self, intent_id: int, until: datetime, note: str) -> None:
        """Give the lease back; the intent is due again at `until`."""
        self._write(_GIVE_BACK, intent_id, not_before=until, note=note)

    def unfinished(self, session_id: str) -> list[Unfinished]:
        """Return what waits, is being performed, was given up or was refused, in order."""
        rows = self._connection.execute(_UNFINISHED, {"of_session": session_id})
        return [from_row(row, Unfinished) for row in rows]

    def failed(self, kind: str, after_id: int, limit: int) -> list[Unfinished]:
        """Return what of a kind was given up, of every session, with an id above, in order."""
        named = {"of_kind": kind, "after": after_id, "most": limit}
        return [from_row(row, Unfinished) for row in self._connection.execute(_FAILED, named)]

    def revive(self, intent_id: int, at: datetime) -> None:
        """Have an intent that was given up tried again, from its first delay on.

        It stands before what its lane was to do after it, once more. What was refused stays so.
        """
        self._added_to.update(Lane)
        self._connection.execute(_REVIVE, {"of_id": intent_id, "not_before": at})

    def lanes_added_to(self) -> frozenset[Lane]:
        """Return the lanes in which something became due since this was last asked."""
        lanes = frozenset(self._added_to)
        self._added_to.clear()
        return lanes

    def void_leases(self) -> None:
        """Take back the leases of nodes that live no more: a lease begins with its node's id."""
        self._connection.execute(_VOID)

    def next_moment(self, lanes: Sequence[Lane], node_id: str = ALONE) -> datetime | None:
        """Return when the next waiting intent that a node may claim is due, None for none."""
        moment: datetime | None = self._connection.scalar(_NEXT_MOMENT, _of(lanes, node_id))
        return moment

    def _write(self, statement: Update, intent_id: int, **values: Any) -> None:
        self._connection.execute(statement, values | {"of_id": intent_id})


def _of(lanes: Sequence[Lane], node_id: str) -> dict[str, Any]:
    return {"of_lanes": [lane.value for lane in lanes], "of_node": node_id}
