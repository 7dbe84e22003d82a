"""What operators look for among all that ever was."""

from sqlalchemy import Connection, and_, bindparam, func, or_, select, text

from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Concerned, Intended, Sought, Tried
from irve_bridge.storage.rows import from_row
from irve_bridge.storage.schema import attempts, intents, receipts, sessions

NUMBER_DIGITS = 18
"""Of a receipt: whatever is longer fits into no column."""
_NEWEST = (
    select(sessions)
    .order_by(sessions.c.opened_at.desc(), sessions.c.id.desc())
    .limit(bindparam("most"))
)
_OF_TRANSACTION = _NEWEST.where(sessions.c.transaction_id == bindparam("of_text"))
_OF_RECEIPT = _NEWEST.where(
    sessions.c.id.in_(select(receipts.c.session_id).where(receipts.c.number == bindparam("number")))
)
_OF_ID = select(sessions).where(sessions.c.id == bindparam("of_text"))
_INTENTS = (
    select(intents)
    .where(intents.c.session_id == bindparam("of_session"))
    .order_by(intents.c.id.desc())
    .limit(bindparam("most"))
)
_ATTEMPTS = (
    select(attempts)
    .join_from(attempts, intents, intents.c.id == attempts.c.intent_id)
    .where(intents.c.session_id == bindparam("of_session"))
    .order_by(attempts.c.intent_id.desc(), attempts.c.number.desc())
    .limit(bindparam("most"))
)
_OF_SESSIONS = (
    select(intents.c.session_id)
    .where(intents.c.session_id.is_not(None))
    .group_by(intents.c.session_id)
    .limit(bindparam("most"))
)
_WAITING = (
    _OF_SESSIONS.add_columns(func.min(intents.c.created_at).label("at"))
    .where(intents.c.ended_at.is_(None), intents.c.lane == bindparam("of_lane"))
    .order_by(func.min(intents.c.id))
)
_GIVEN_UP = (
    _OF_SESSIONS.add_columns(func.max(intents.c.ended_at).label("at"))
    .where(intents.c.status == text("'failed'"), intents.c.kind == bindparam("of_kind"))
    .order_by(func.max(intents.c.ended_at).desc(), func.max(intents.c.id).desc())
)


class SqlSearches:
    """Implements `ports.Searches`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sessions(self, sought: Sought, limit: int) -> list[Session]:
        """Return sessions, newest first."""
        table, statement = sessions.c, _NEWEST
        if sought.states:
            statement = statement.where(table.state.in_(sought.states))
        if sought.charge_point_id is not None:
            statement = statement.where(table.charge_point_id == sought.charge_point_id)
        if sought.since is not None:
            statement = statement.where(table.opened_at >= sought.since)
        if sought.until is not None:
            statement = statement.where(table.opened_at < sought.until)
        if sought.before is not None:
            opened_at, id_ = sought.before
            at_once = and_(table.opened_at == opened_at, table.id < id_)
            # The first condition is what an index serves.
            statement = statement.where(table.opened_at <= opened_at)
            statement = statement.where(or_(table.opened_at < opened_at, at_once))
        rows = self._connection.execute(statement, {"most": limit})
        return [from_row(row, Session) for row in rows]

    def named(self, text: str, limit: int) -> list[Session]:
        """Return sessions of this id, of a transaction of this id or with a receipt so numbered."""
        named = {"of_text": text, "most": limit}
        rows = [*self._connection.execute(_OF_ID, {"of_text": text})]
        rows += self._connection.execute(_OF_TRANSACTION, named)
        if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS:
            rows += self._connection.execute(_OF_RECEIPT, {"number": int(text), "most": limit})
        found = {row.id: from_row(row, Session) for row in rows}
        return list(found.values())[:limit]

    def intents(self, session_id: str, limit: int) -> list[Intended]:
        """Return what was to be done for a session, the last of it, in order."""
        rows = self._connection.execute(_INTENTS, {"of_session": session_id, "most": limit})
        return [from_row(row, Intended) for row in rows][::-1]

    def attempts(self, session_id: str, limit: int) -> list[Tried]:
        """Return the attempts at that, the last of them, in order."""
        rows = self._connection.execute(_ATTEMPTS, {"of_session": session_id, "most": limit})
        return [from_row(row, Tried) for row in rows][::-1]

    def waiting(self, lane: str, limit: int) -> list[Concerned]:
        """Return the sessions for which a lane has something to do, the longest waiting first."""
        rows = self._connection.execute(_WAITING, {"of_lane": lane, "most": limit})
        return [from_row(row, Concerned) for row in rows]

    def given_up(self, kind: str, limit: int) -> list[Concerned]:
        """Return the sessions of which an intent of a kind was given up, the last one first."""
        rows = self._connection.execute(_GIVEN_UP, {"of_kind": kind, "most": limit})
        return [from_row(row, Concerned) for row in rows]
