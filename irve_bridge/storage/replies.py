"""Answers to HTTP requests that carried an Idempotency-Key."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql

from irve_bridge.service.ports import BEGUN, StoredReply
from irve_bridge.storage.rows import insert_once, maybe, to_row
from irve_bridge.storage.schema import nodes, replies

KEPT = timedelta(hours=48)
"""Nobody repeats a request later than that, and an answer names the driver's session."""

_ONE = replies.c.key == bindparam("of_key")
_UNANSWERED = replies.c.status == BEGUN
_GET = select(replies).where(_ONE)
_BEGIN = insert_once(replies)
_BEGIN_ANEW = (
    update(replies)
    .where(
        _ONE,
        _UNANSWERED,
        or_(replies.c.body == bindparam("by"), replies.c.body.not_in(select(nodes.c.id))),
    )
    .values(body=bindparam("by"), fingerprint=bindparam("of_request"))
)
_put = postgresql.insert(replies)
_PUT = _put.on_conflict_do_update(
    index_elements=replies.primary_key.columns,
    set_={name: _put.excluded[name] for name in ("fingerprint", "status", "body", "at")},
    where=_UNANSWERED,
)
_WITHDRAW = delete(replies).where(_ONE, _UNANSWERED)
_AGE_OUT = delete(replies).where(replies.c.at < bindparam("before"))


class SqlReplies:
    """Implements `ports.Replies`; the first answer under a key stays, for two days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> StoredReply | None:
        """Return what this key was answered."""
        found = self._found(key)
        return None if found is None or found.status == BEGUN else found

    def begin(self, key: str, begun: StoredReply, at: datetime) -> StoredReply | None:
        """Claim a key; None where it is now the node's to answer, else what is known of it.

        What a node began that lives no more, or this one before and never answered, begins anew.
        """
        if self._connection.execute(_BEGIN, to_row(begun) | {"key": key, "at": at}).rowcount:
            return None
        named = {"of_key": key, "by": begun.body, "of_request": begun.fingerprint}
        if self._connection.execute(_BEGIN_ANEW, named).rowcount:
            return None
        return self._found(key)

    def put(self, key: str, reply: StoredReply, at: datetime) -> None:
        """Remember an answer, and forget those nobody asks for any more."""
        self._connection.execute(_AGE_OUT, {"before": at - KEPT})
        self._connection.execute(_PUT, to_row(reply) | {"key": key, "at": at})

    def withdraw(self, key: str) -> None:
        """Forget that somebody is about to answer."""
        self._connection.execute(_WITHDRAW, {"of_key": key})

    def _found(self, key: str) -> StoredReply | None:
        return maybe(self._connection.execute(_GET, {"of_key": key}).first(), StoredReply)
