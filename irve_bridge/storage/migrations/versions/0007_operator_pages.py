"""Accounts of the operator's pages, and what these look for among many rows."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the accounts, who gave a command, and indexes."""
    op.create_table(
        "operator_accounts",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
    )
    op.create_table(
        "operator_logins",
        sa.Column("digest", TEXT, primary_key=True),
        sa.Column("account", TEXT, sa.ForeignKey("operator_accounts.name"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_operator_logins_account", "operator_logins", ["account"])
    op.create_index("ix_operator_logins_expires_at", "operator_logins", ["expires_at"])
    op.add_column("commands", sa.Column("by", TEXT, nullable=False, server_default=""))
    _partial("ix_charge_points_offline", "charge_points", ["id"], "connected_at IS NULL")
    _partial(
        *("ix_connectors_faulted", "connectors", ["charge_point_id", "number"]),
        "status = 'Faulted'",
    )
    _partial(
        *("ix_sessions_transaction", "sessions", ["transaction_id"]), "transaction_id IS NOT NULL"
    )
    op.create_index(
        *("ix_sessions_charge_point", "sessions", ["charge_point_id", "opened_at"]),
    )
    op.create_index("ix_receipts_number", "receipts", ["number"])
    op.create_index("ix_movements_day", "movements", ["at", "kind", "currency", "amount_minor"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    of = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=of, postgresql_where=of)
