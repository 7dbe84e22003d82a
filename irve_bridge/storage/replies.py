"""Answers to HTTP requests that carried an Idempotency-Key."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from irve_bridge.service.ports import StoredReply
from irve_bridge.storage.rows import insert_once, maybe, to_row
from irve_bridge.storage.schema import replies

_GET = select(replies).where(replies.c.key == bindparam("of_key"))
_PUT = insert_once(replies)


class SqlReplies:
    """Implements `ports.Replies`; the first answer under a key stays."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> StoredReply | None:
        """Return what this key was answered."""
        row = self._connection.execute(_GET, {"of_key": key}).first()
        return maybe(row, StoredReply)

    def put(self, key: str, reply: StoredReply, at: datetime) -> None:
        """Remember an answer."""
        self._connection.execute(_PUT, to_row(reply) | {"key": key, "at": at})
