"""The price of an own customer's charge, as it was when it began."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let transactions keep their tariff; those that run already are priced as they end."""
    op.add_column("transactions", sa.Column("tariff", sa.Text))
