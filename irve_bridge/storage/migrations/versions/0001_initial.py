"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _stations()
    _sessions()
    _about_sessions()
    _transactions()
    _intents()
    _papers()


def _stations() -> None:
    op.create_table(
        "charge_points",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("operator_phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("connected_at", MOMENT),
        sa.Column("seen_at", MOMENT),
        sa.Column("vendor", sa.Text()),
        sa.Column("model", sa.Text()),
        sa.Column("firmware", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_charge_points"),
    )
    op.create_table(
        "tariffs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tariffs"),
    )
    op.create_table(
        "connectors",
        sa.Column("charge_point_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("evse_id", sa.Text(), nullable=False),
        sa.Column("power_w", sa.Integer(), nullable=False),
        sa.Column("tariff_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.Column("status_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["charge_point_id"], ["charge_points.id"], name="fk_connectors_charge_point_id"
        ),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariffs.id"], name="fk_connectors_tariff_id"),
        sa.PrimaryKeyConstraint("charge_point_id", "number", name="pk_connectors"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("metered_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("charge_point_id", sa.Text(), nullable=False),
        sa.Column("connector_number", sa.Integer(), nullable=False),
        sa.Column("id_tag", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("tariff", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("least_minor", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("deadline_at", MOMENT),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text()),
        sa.Column("checkout_id", sa.Text()),
        sa.Column("checkout_url", sa.Text()),
        sa.Column("checkout_expires_at", MOMENT),
        sa.Column("setup_intent_id", sa.Text()),
        sa.Column("payment_method_id", sa.Text()),
        sa.Column("payment_intent_id", sa.Text()),
        sa.Column("secured_minor", sa.Integer()),
        sa.Column("secured_at", MOMENT),
        sa.Column("capture_before", MOMENT),
        sa.Column("email", sa.Text()),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("start_sent_at", MOMENT),
        sa.Column("stop_cause", sa.Text()),
        sa.Column("transaction_id", sa.Text()),
        sa.Column("started_at", MOMENT),
        sa.Column("stopped_at", MOMENT),
        sa.Column("stop_reason", sa.Text()),
        sa.Column("energy_wh", sa.Integer()),
        sa.Column("cost", sa.Text()),
        sa.Column("decided_minor", sa.Integer()),
        sa.Column("outcome", sa.Text()),
        sa.Column("ended_at", MOMENT),
        sa.Column("callback_sequence", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Text()),
        sa.Column("claim_until", MOMENT),
        sa.Column("id_tag_folded", sa.Text(), sa.Computed("lower(id_tag)", persisted=True)),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token", name="uq_sessions_token"),
    )
    op.create_index(
        "ix_sessions_charge_point_id_id_tag_folded",
        "sessions",
        ["charge_point_id", "id_tag_folded"],
    )
    op.create_index(
        "ix_sessions_deadline_at",
        "sessions",
        ["deadline_at"],
        sqlite_where=sa.text("deadline_at IS NOT NULL"),
        postgresql_where=sa.text("deadline_at IS NOT NULL"),
    )
    op.create_index("ix_sessions_opened_at", "sessions", ["opened_at"])
    op.create_index("ix_sessions_state_opened_at", "sessions", ["state", "opened_at"])
    op.create_index(
        "uq_sessions_claim",
        "sessions",
        ["claim"],
        unique=True,
        sqlite_where=sa.text("claim IS NOT NULL"),
        postgresql_where=sa.text("claim IS NOT NULL"),
    )


def _about_sessions() -> None:
    op.create_table(
        "history",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_history_session_id"),
        sa.PrimaryKeyConstraint("session_id", "sequence", name="pk_history"),
    )
    op.create_table(
        "provider_objects",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_provider_objects_session_id"
        ),
        sa.PrimaryKeyConstraint("provider", "account", "object_id", name="pk_provider_objects"),
    )


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("charge_point_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connector_number", sa.Integer(), nullable=False),
        sa.Column("id_tag", sa.Text(), nullable=False),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("meter_start_wh", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.Text()),
        sa.Column("acknowledged", sa.Boolean, nullable=False),
        sa.Column("stop_at", MOMENT),
        sa.Column("meter_stop_wh", sa.BigInteger()),
        sa.Column("stop_reason", sa.Text()),
        sa.PrimaryKeyConstraint("charge_point_id", "id", name="pk_transactions"),
    )
    op.create_index(
        "ix_transactions_charge_point_id_start_at", "transactions", ["charge_point_id", "start_at"]
    )
    op.create_index(
        "ix_transactions_running",
        "transactions",
        ["charge_point_id", "start_at"],
        sqlite_where=sa.text("stop_at IS NULL"),
        postgresql_where=sa.text("stop_at IS NULL"),
    )
    op.create_table(
        "readings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("charge_point_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("register_wh", sa.BigInteger()),
        sa.Column("power_w", sa.BigInteger()),
        sa.Column("current_ma", sa.BigInteger()),
        sa.Column("voltage_mv", sa.BigInteger()),
        sa.Column("soc_percent", sa.BigInteger()),
        sa.Column("activity", sa.Text()),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
        sa.UniqueConstraint(
            "charge_point_id",
            "transaction_id",
            "at",
            "content",
            name="uq_readings_charge_point_id_transaction_id_at_content",
        ),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("do", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Text()),
        sa.Column("lease_until", MOMENT),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("ended_at", MOMENT),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_intents_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
    )
    op.create_index(
        "ix_intents_due",
        "intents",
        ["lane", "not_before"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_intents_order",
        "intents",
        ["session_id", "lane", "id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "attempts",
        sa.Column("intent_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("burnt", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("ended_at", MOMENT),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"], name="fk_attempts_intent_id"),
        sa.PrimaryKeyConstraint("intent_id", "number", name="pk_attempts"),
        sa.UniqueConstraint("key", name="uq_attempts_key"),
    )


def _papers() -> None:
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text()),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_inbox"),
    )
    op.create_table(
        "movements",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_movements_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_movements"),
        sa.UniqueConstraint(
            "provider",
            "account",
            "kind",
            "provider_id",
            name="uq_movements_provider_account_kind_provider_id",
        ),
    )
    op.create_index("ix_movements_session_id", "movements", ["session_id"])
    op.create_table(
        "replies",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_replies"),
    )
