"""The price of an own customer's charge as it began; what a charge point lacks and suffers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let transactions keep their tariff: those that run already are priced as they end."""
    op.add_column("transactions", sa.Column("tariff", sa.Text))
    missing = sa.Column("missing", sa.Text, nullable=False, server_default="[]")
    op.add_column("configuration", missing)
    op.add_column("charge_points", sa.Column("error_code", sa.Text))
