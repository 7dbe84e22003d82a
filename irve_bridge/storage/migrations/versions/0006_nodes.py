"""Which processes share the database, and which charge points each of them has."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the nodes; charge points are whose node comes first."""
    op.create_table(
        "nodes",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
    )
    op.add_column("charge_points", sa.Column("node", TEXT))
