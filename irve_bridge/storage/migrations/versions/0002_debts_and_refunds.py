"""Debts, refunds, disputes, fees and terms; movements know the payment they are part of."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
DUE = sa.text("state = 'due'")
NOBODYS = sa.text("session_id IS NULL")


def upgrade() -> None:
    """Add the columns, and fill in what older rows say already."""
    _fees()
    op.add_column("charge_points", sa.Column("behind_at", MOMENT))
    _sessions()
    _movements()
    op.create_index("ix_inbox_session_id", "inbox", ["session_id"])
    op.create_index(
        "ix_transactions_unbilled",
        "transactions",
        ["stop_at"],
        sqlite_where=NOBODYS,
        postgresql_where=NOBODYS,
    )


def _fees() -> None:
    for table in ("charge_points", "sessions"):
        op.add_column(table, _counted("application_fee_bps"))


def _sessions() -> None:
    for column in (
        _counted("step_minor", "1"),
        _flag("keeps_remainder"),
        _flag("incremental"),
        sa.Column("overcapture_minor", sa.Integer()),
        sa.Column("card_fingerprint", sa.Text()),
        sa.Column("debt_session_id", sa.Text()),
        _counted("paid_minor"),
        _flag("taken"),
        sa.Column("due_since", MOMENT),
        _counted("charge_tries"),
        sa.Column("paying_since", MOMENT),
        _counted("refund_tries"),
        sa.Column("dispute", sa.Text()),
        sa.Column("erased_at", MOMENT),
    ):
        op.add_column("sessions", column)
    op.create_index(
        "ix_sessions_debts",
        "sessions",
        ["card_fingerprint"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )
    op.execute("UPDATE sessions SET due_since = ended_at WHERE state = 'due'")
    # Their deadlines are new: the sweep finds out when each is, starting from now.
    op.execute(
        "UPDATE sessions SET deadline_at = opened_at WHERE deadline_at IS NULL AND "
        "(state IN ('due', 'settled', 'released', 'abandoned', 'written_off') OR "
        "capture_before IS NOT NULL AND state IN ('charging', 'stopping', 'review'))"
    )


def _movements() -> None:
    op.add_column("movements", sa.Column("payment_id", sa.Text()))
    op.execute("UPDATE movements SET payment_id = provider_id WHERE kind <> 'refund'")
    op.execute(
        "UPDATE movements SET payment_id = (SELECT payment_intent_id FROM sessions "
        "WHERE sessions.id = movements.session_id) WHERE kind = 'refund'"
    )
    op.execute(
        "UPDATE sessions SET paid_minor = (SELECT COALESCE(SUM(CASE kind WHEN 'refund' "
        "THEN -amount_minor ELSE amount_minor END), 0) FROM movements "
        "WHERE movements.session_id = sessions.id AND kind IN ('charge', 'capture', 'refund'))"
    )
    op.execute(
        "UPDATE sessions SET taken = TRUE WHERE EXISTS (SELECT 1 FROM movements "
        "WHERE movements.session_id = sessions.id AND kind IN ('charge', 'capture'))"
    )


def _counted(name: str, start: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=start)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
