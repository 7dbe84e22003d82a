"""What charge points are asked and say: tags, configuration, events, commands, reservations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what is remembered of charge points, and let intents and CDRs be of no session."""
    _security()
    op.add_column("charge_points", sa.Column("display", sa.Text))
    op.add_column("transactions", sa.Column("reservation_id", sa.BigInteger))
    op.create_index("ix_transactions_start_at", "transactions", ["start_at"])
    _subjects()
    _cdrs()
    _id_tags()
    _configuration()
    _station_events()
    _commands()
    _reservations()
    _charging_profiles()
    _strangers()


def _security() -> None:
    op.add_column("charge_points", sa.Column("next_password_hash", sa.Text))
    op.add_column("charge_points", sa.Column("given_password_hash", sa.Text))
    op.add_column(
        "charge_points",
        sa.Column("security_profile", sa.Integer, nullable=False, server_default="0"),
    )
    op.add_column("charge_points", sa.Column("next_security_profile", sa.Integer))
    op.add_column(
        "charge_points",
        sa.Column("serial_number", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    # A password was asked for wherever there was one: that is profile 1.
    op.execute("UPDATE charge_points SET security_profile = 1 WHERE password_hash IS NOT NULL")


def _subjects() -> None:
    op.add_column("intents", sa.Column("subject", sa.Text))
    op.execute("UPDATE intents SET subject = session_id")
    op.drop_index("ix_intents_order", "intents")
    with op.batch_alter_table("intents") as intents:
        intents.alter_column("subject", existing_type=sa.Text, nullable=False)
        intents.alter_column("session_id", existing_type=sa.Text, nullable=True)
    op.create_index("ix_intents_session_id", "intents", ["session_id"])
    waiting = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_intents_order",
        "intents",
        ["subject", "lane", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _cdrs() -> None:
    with op.batch_alter_table("cdrs") as cdrs:
        cdrs.alter_column("session_id", existing_type=sa.Text, nullable=True)
    op.create_index(
        "ix_cdrs_charge_point_id_transaction_id", "cdrs", ["charge_point_id", "transaction_id"]
    )


def _id_tags() -> None:
    op.create_table(
        "id_tags",
        sa.Column("id_tag", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("parent_id_tag", sa.Text),
        sa.Column("expires_at", MOMENT),
        sa.Column("name", sa.Text, nullable=False, server_default=sa.text("''")),
    )


def _configuration() -> None:
    op.create_table(
        "configuration",
        sa.Column("charge_point_id", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text),
        sa.Column("readonly", sa.Boolean, nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("refused", sa.Text),
    )


def _station_events() -> None:
    op.create_table(
        "station_events",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("charge_point_id", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_station_events_charge_point_id_id", "station_events", ["charge_point_id", "id"]
    )


def _commands() -> None:
    op.create_table(
        "commands",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("charge_point_id", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("answered_at", MOMENT),
    )
    op.create_index("ix_commands_charge_point_id_id", "commands", ["charge_point_id", "id"])


def _reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("charge_point_id", sa.Text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("connector_number", sa.Integer, nullable=False),
        sa.Column("id_tag", sa.Text, nullable=False),
        sa.Column("parent_id_tag", sa.Text),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("session_id", sa.Text),
    )


def _charging_profiles() -> None:
    op.create_table(
        "charging_profiles",
        sa.Column("charge_point_id", sa.Text, primary_key=True),
        sa.Column("connector_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("stack_level", sa.Integer, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
    )


def _strangers() -> None:
    op.create_table(
        "strangers",
        sa.Column("charge_point_id", sa.Text, primary_key=True),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
    )
