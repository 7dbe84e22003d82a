"""Answers to HTTP requests that carried an Idempotency-Key."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from irve_bridge.service.ports import StoredReply
from irve_bridge.storage.rows import insert_once, maybe, to_row
from irve_bridge.storage.schema import replies

KEPT = timedelta(hours=48)
"""Nobody repeats a request later than that, and an answer names the driver's session."""

_GET = select(replies).where(replies.c.key == bindparam("of_key"))
_PUT = insert_once(replies)
_AGE_OUT = delete(replies).where(replies.c.at < bindparam("before"))


class SqlReplies:
    """Implements `ports.Replies`; the first answer under a key stays, for two days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> StoredReply | None:
        """Return what this key was answered."""
        row = self._connection.execute(_GET, {"of_key": key}).first()
        return maybe(row, StoredReply)

    def put(self, key: str, reply: StoredReply, at: datetime) -> None:
        """Remember an answer, and forget those nobody asks for any more."""
        self._connection.execute(_AGE_OUT, {"before": at - KEPT})
        self._connection.execute(_PUT, to_row(reply) | {"key": key, "at": at})
