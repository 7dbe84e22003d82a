"""Debts, refunds, disputes, fees, terms, signatures, receipts, CDRs and wrong clocks."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DUE = sa.text("state = 'due'")
NOBODYS = sa.text("session_id IS NULL")
FAILED = sa.text("status = 'failed'")
PRESUMED = sa.text("presumed = TRUE")
DISPUTES = sa.text("kind = 'dispute'")
RAN_ON = sa.text("ran_on_at IS NOT NULL")
SAID = sa.text("start_said_at IS NOT NULL")
APART = timedelta(seconds=1)
OVER = ("settled", "released", "abandoned", "written_off")


def upgrade() -> None:
    """Add the columns, and fill in what older rows say already."""
    _fees()
    op.add_column("charge_points", sa.Column("behind_at", MOMENT))
    op.add_column("connectors", _text("next_tariff_ids", "[]"))
    op.add_column("connectors", sa.Column("status_since", MOMENT))
    op.execute("UPDATE connectors SET status_since = status_at")
    _transactions()
    _identities()
    _receipts()
    _cdrs()
    _sessions()
    _movements()
    _clocks()
    _terms()
    _signatures()
    # What nobody's webhooks said was never read, and would be kept without a term.
    op.execute("UPDATE inbox SET fact = '{}' WHERE kind = 'ProviderSpoke' AND session_id IS NULL")
    op.execute(
        "UPDATE intents SET lane = 'afterwards' "
        "WHERE kind IN ('forget_card', 'forget_customer') AND ended_at IS NULL"
    )
    # A 410 was not told apart from the other failures, which are sent again.
    op.execute(
        "UPDATE intents SET status = 'refused' WHERE kind = 'callback' AND status = 'failed' "
        "AND note = 'the CSMS answered 410'"
    )
    op.create_index("ix_inbox_session_id", "inbox", ["session_id"])
    op.create_index("ix_replies_at", "replies", ["at"])
    op.create_index(
        "ix_transactions_unbilled",
        "transactions",
        ["stop_at"],
        sqlite_where=NOBODYS,
        postgresql_where=NOBODYS,
    )
    op.create_index(
        "ix_intents_failed",
        "intents",
        ["kind", "id"],
        sqlite_where=FAILED,
        postgresql_where=FAILED,
    )


def _fees() -> None:
    for table in ("charge_points", "sessions"):
        op.add_column(table, _counted("application_fee_bps"))


def _transactions() -> None:
    op.add_column("transactions", sa.Column("heard_at", MOMENT))
    op.add_column("transactions", _flag("presumed"))
    op.add_column("transactions", sa.Column("ran_on_at", MOMENT))
    op.create_index(
        "ix_transactions_ran_on",
        "transactions",
        ["ran_on_at"],
        sqlite_where=RAN_ON,
        postgresql_where=RAN_ON,
    )
    op.create_index(
        "ix_transactions_presumed",
        "transactions",
        ["charge_point_id", "start_at"],
        sqlite_where=PRESUMED,
        postgresql_where=PRESUMED,
    )


def _clocks() -> None:
    op.add_column("transactions", sa.Column("start_said_at", MOMENT))
    op.add_column("transactions", _flag("stop_doubted"))
    op.add_column("readings", sa.Column("said_at", MOMENT))
    op.add_column(
        "readings",
        sa.Column("rounding_wh", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_index(
        "ix_transactions_said",
        "transactions",
        ["charge_point_id", "start_said_at"],
        sqlite_where=SAID,
        postgresql_where=SAID,
    )


def _identities() -> None:
    """Who operates and where it is: the stations file, applied anew, fills them in."""
    for name in ("operator_address", "operator_siren", "operator_vat_number", "operator_email"):
        op.add_column("charge_points", _text(name))
    for name in ("city", "postal_code", "latitude", "longitude"):
        op.add_column("charge_points", _text(name))
    op.add_column("charge_points", _text("country", "FRA"))
    op.add_column("connectors", _text("standard", "IEC_62196_T2"))
    op.add_column("connectors", _text("format", "SOCKET"))
    op.add_column("connectors", _text("power_type", "AC_3_PHASE"))


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_receipts_session_id"),
        sa.PrimaryKeyConstraint("operator", "number", name="pk_receipts"),
    )
    op.create_index("ix_receipts_session_id", "receipts", ["session_id"])


def _cdrs() -> None:
    op.create_table(
        "cdrs",
        sa.Column("sequence", BIG_ID, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("charge_point_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text()),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Text()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_cdrs_session_id"),
        sa.PrimaryKeyConstraint("sequence", name="pk_cdrs"),
        sa.UniqueConstraint("id", name="uq_cdrs_id"),
    )
    op.create_index("ix_cdrs_session_id", "cdrs", ["session_id"])


def _sessions() -> None:
    for column in (
        _text("time_zone", "Europe/Paris"),
        _counted("step_minor", "1"),
        _flag("keeps_remainder"),
        _flag("incremental"),
        sa.Column("overcapture_minor", sa.Integer()),
        sa.Column("card_fingerprint", sa.Text()),
        sa.Column("debt_session_id", sa.Text()),
        _flag("end_presumed"),
        _flag("end_corrected"),
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
    op.execute(
        "UPDATE sessions SET step_minor = 10 WHERE currency IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND')"
    )
    op.execute("UPDATE sessions SET due_since = ended_at WHERE state = 'due'")
    # Their deadlines are new: the sweep finds out when each is, at once.
    op.execute(
        "UPDATE sessions SET deadline_at = opened_at WHERE deadline_at IS NULL AND "
        "(state = 'due' OR "
        "state IN ('charging', 'stopping') OR plan = 'estimated' AND state = 'review')"
    )


def _terms() -> None:
    """Have the sweep find out how long each ended session is kept, one after the other.

    They may be tens of thousands: all at once they would stand before the deadlines of those who
    charge, and their customers be deleted at the provider in one burst.
    """
    sessions = sa.table(
        "sessions",
        sa.column("id", sa.Text()),
        sa.column("state", sa.Text()),
        sa.column("opened_at", MOMENT),
        sa.column("ended_at", MOMENT),
        sa.column("deadline_at", MOMENT),
    )
    over = (
        sa.select(sessions.c.id)
        .where(sessions.c.deadline_at.is_(None), sessions.c.state.in_(OVER))
        .order_by(sa.func.coalesce(sessions.c.ended_at, sessions.c.opened_at), sessions.c.id)
    )
    look = sa.update(sessions).where(sessions.c.id == sa.bindparam("of_id"))
    connection, now = op.get_bind(), datetime.now(UTC)
    looks = [
        {"of_id": of_id, "deadline_at": now + number * APART}
        for number, of_id in enumerate(connection.scalars(over).all(), 1)
    ]
    if looks:
        connection.execute(look, looks)


def _movements() -> None:
    op.add_column("movements", sa.Column("payment_id", sa.Text()))
    op.create_index(
        "ix_movements_disputes",
        "movements",
        ["session_id"],
        sqlite_where=DISPUTES,
        postgresql_where=DISPUTES,
    )
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


def _signatures() -> None:
    op.add_column("charge_points", _flag("requires_signatures"))
    op.add_column("connectors", sa.Column("meter_public_key", sa.Text()))
    op.create_table(
        "signed_readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("charge_point_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_signed_readings"),
        sa.UniqueConstraint(
            "charge_point_id",
            "transaction_id",
            "digest",
            name="uq_signed_readings_charge_point_id_transaction_id_digest",
        ),
    )
    op.create_index(
        "ix_signed_readings_charge_point_id_digest",
        "signed_readings",
        ["charge_point_id", "digest"],
    )


def _counted(name: str, start: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=start)


def _text(name: str, start: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=start)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
