"""The id tags of the operator's own customers."""

from sqlalchemy import Connection, bindparam, delete, select

from irve_bridge.domain.id_tag import IdTag, folded
from irve_bridge.storage.rows import from_row, maybe, to_row, upsert
from irve_bridge.storage.schema import id_tags

_GET = select(id_tags).where(id_tags.c.id_tag == bindparam("of_tag"))
_AFTER = (
    select(id_tags)
    .where(id_tags.c.id_tag > bindparam("after"))
    .order_by(id_tags.c.id_tag)
    .limit(bindparam("most"))
)
_PUT = upsert(id_tags)
_REMOVE = delete(id_tags).where(id_tags.c.id_tag == bindparam("of_tag"))


class SqlIdTags:
    """Implements `ports.IdTags`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, id_tag: str) -> IdTag | None:
        """Return a tag, whatever the case of its letters."""
        return maybe(self._connection.execute(_GET, {"of_tag": folded(id_tag)}).first(), IdTag)

    def after(self, id_tag: str, limit: int) -> list[IdTag]:
        """Return the tags that follow on one, in order; from the first for ""."""
        rows = self._connection.execute(_AFTER, {"after": folded(id_tag), "most": limit})
        return [from_row(row, IdTag) for row in rows]

    def put(self, tag: IdTag) -> None:
        """Register or change a tag."""
        self._connection.execute(_PUT, to_row(tag) | {"id_tag": folded(tag.id_tag)})

    def remove(self, id_tag: str) -> bool:
        """Forget a tag; False where there is none."""
        gone = self._connection.execute(_REMOVE, {"of_tag": folded(id_tag)})
        return gone.rowcount > 0
