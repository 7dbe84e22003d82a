"""On PostgreSQL, numbers and texts as SQLite has them: of 64 bits, and in no language's order.

And transactions are numbered by a sequence: whoever counts up a row has all others wait.
"""

from collections.abc import Iterator
from secrets import randbelow

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

FIRST_ID_MAX = 999_999_999
FOLDED = "ix_sessions_charge_point_id_id_tag_folded"


def upgrade() -> None:
    """Change what PostgreSQL made of the earlier migrations."""
    if op.get_bind().dialect.name != "postgresql":
        return
    # Its text's order and case follow from those of the tag, which nobody may change beneath it.
    op.drop_index(FOLDED, "sessions")
    op.drop_column("sessions", "id_tag_folded")
    for table, changes in _changes():
        op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
    folded = sa.Computed("lower(id_tag)", persisted=True)
    op.add_column("sessions", sa.Column("id_tag_folded", sa.Text(collation="C"), folded))
    op.create_index(FOLDED, "sessions", ["charge_point_id", "id_tag_folded"])
    counted = op.get_bind().scalar(sa.text("SELECT value FROM counters WHERE name = 'transaction'"))
    first = (counted or randbelow(FIRST_ID_MAX)) + 1
    op.execute(f"CREATE SEQUENCE transaction_ids AS integer START {first}")


def _changes() -> Iterator[tuple[str, list[str]]]:
    inspector = sa.inspect(op.get_bind())
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        changes = [
            f'ALTER COLUMN "{column["name"]}" TYPE {wanted}'
            for column in inspector.get_columns(table)
            if (wanted := _wanted(column["type"]))
        ]
        if changes:
            yield table, changes


def _wanted(type_: sa.types.TypeEngine[object]) -> str | None:
    if isinstance(type_, sa.Text):
        return 'text COLLATE "C"'
    return (
        "bigint" if isinstance(type_, sa.Integer) and not isinstance(type_, sa.BigInteger) else None
    )
