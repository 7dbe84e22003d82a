"""Facts as they arrived, each once."""

from sqlalchemy import Connection, bindparam, select

from irve_bridge.domain.facts import Fact
from irve_bridge.storage.rows import insert_once
from irve_bridge.storage.schema import inbox

_PUT = insert_once(inbox)
_KNOWN = select(inbox.c.key).where(inbox.c.key == bindparam("of_key"))


class SqlInbox:
    """Implements `ports.Inbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, key: str, fact: Fact, session_id: str | None = None) -> bool:
        """Store a fact under its key; False when it is known already."""
        row = {
            "key": key,
            "kind": type(fact).__name__,
            "session_id": session_id,
            "at": fact.at,
            "fact": fact,
        }
        return self._connection.execute(_PUT, row).rowcount == 1

    def knows(self, key: str) -> bool:
        """Return whether a fact is stored under this key."""
        return self._connection.execute(_KNOWN, {"of_key": key}).first() is not None
