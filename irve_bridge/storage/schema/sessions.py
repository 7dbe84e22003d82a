"""Charging sessions, what happened to them, and what is to be done for them."""

from sqlalchemy import Boolean, Column, Computed, ForeignKey, Index, Table, false, text

from irve_bridge.storage.columns import Integer, Json, TariffJson, Text, UTCDateTime
from irve_bridge.storage.schema.metadata import metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    Column("plan", Text, nullable=False),
    Column("metered_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("charge_point_id", Text, nullable=False),
    Column("connector_number", Integer, nullable=False),
    Column("id_tag", Text, nullable=False),
    Column("client_id", Text),
    Column("locale", Text, nullable=False),
    Column("tariff", TariffJson, nullable=False),
    Column("time_zone", Text, nullable=False, server_default="Europe/Paris"),
    Column("currency", Text, nullable=False),
    Column("amount_minor", Integer, nullable=False),
    Column("least_minor", Integer, nullable=False),
    Column("step_minor", Integer, nullable=False, server_default="1"),
    Column("keeps_remainder", Boolean, nullable=False, server_default=false()),
    Column("application_fee_bps", Integer, nullable=False, server_default="0"),
    Column("opened_at", UTCDateTime, nullable=False),
    Column("deadline_at", UTCDateTime),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("customer_id", Text),
    Column("checkout_id", Text),
    Column("checkout_url", Text),
    Column("checkout_expires_at", UTCDateTime),
    Column("setup_intent_id", Text),
    Column("payment_method_id", Text),
    Column("payment_intent_id", Text),
    Column("secured_minor", Integer),
    Column("secured_at", UTCDateTime),
    Column("capture_before", UTCDateTime),
    Column("incremental", Boolean, nullable=False, server_default=false()),
    Column("overcapture_minor", Integer),
    Column("card_fingerprint", Text),
    Column("debt_session_id", Text),
    Column("email", Text),
    Column("delivery", Text, nullable=False),
    Column("start_sent_at", UTCDateTime),
    Column("stop_cause", Text),
    Column("transaction_id", Text),
    Column("started_at", UTCDateTime),
    Column("stopped_at", UTCDateTime),
    Column("stop_reason", Text),
    Column("end_presumed", Boolean, nullable=False, server_default=false()),
    Column("end_corrected", Boolean, nullable=False, server_default=false()),
    Column("energy_wh", Integer),
    Column("cost", Json),
    Column("decided_minor", Integer),
    Column("paid_minor", Integer, nullable=False, server_default="0"),
    Column("taken", Boolean, nullable=False, server_default=false()),
    Column("due_since", UTCDateTime),
    Column("charge_tries", Integer, nullable=False, server_default="0"),
    Column("paying_since", UTCDateTime),
    Column("refund_tries", Integer, nullable=False, server_default="0"),
    Column("dispute", Text),
    Column("outcome", Text),
    Column("ended_at", UTCDateTime),
    Column("erased_at", UTCDateTime),
    Column("callback_sequence", Integer, nullable=False),
    # Not of the domain. The connector this session holds, as "charge_point_id/number"; until
    # when, for a claim that lapses; the tag with its letters' case taken away.
    Column("claim", Text),
    Column("claim_until", UTCDateTime),
    Column("id_tag_folded", Text, Computed("lower(id_tag)", persisted=True)),
)
# One holder per connector: this index decides the race.
Index(
    "uq_sessions_claim",
    sessions.c.claim,
    unique=True,
    sqlite_where=sessions.c.claim.is_not(None),
    postgresql_where=sessions.c.claim.is_not(None),
)
# A StartTransaction finds its session.
Index(None, sessions.c.charge_point_id, sessions.c.id_tag_folded)
# The operator's list by state, and the few SECURED ones a plugged cable looks through.
Index(None, sessions.c.state, sessions.c.opened_at)
# The operator's list of everything, newest first.
Index(None, sessions.c.opened_at)
# The operator looks for what happened at a charge point, and for a transaction.
Index("ix_sessions_charge_point", sessions.c.charge_point_id, sessions.c.opened_at)
Index(
    "ix_sessions_transaction",
    sessions.c.transaction_id,
    sqlite_where=sessions.c.transaction_id.is_not(None),
    postgresql_where=sessions.c.transaction_id.is_not(None),
)
# What ended on a day, or at a station: counted from the index alone, and listed in its order.
Index(
    "ix_sessions_ended",
    sessions.c.ended_at,
    sessions.c.id,
    sessions.c.charge_point_id,
    sessions.c.currency,
    sessions.c.state,
    sessions.c.energy_wh,
    sqlite_where=sessions.c.ended_at.is_not(None),
    postgresql_where=sessions.c.ended_at.is_not(None),
)
# The sweep; most sessions are over and have no deadline.
Index(
    None,
    sessions.c.deadline_at,
    sqlite_where=sessions.c.deadline_at.is_not(None),
    postgresql_where=sessions.c.deadline_at.is_not(None),
)

# A card that pays anew is asked for its debts; few sessions are in debt.
Index(
    "ix_sessions_debts",
    sessions.c.card_fingerprint,
    sqlite_where=sessions.c.state == text("'due'"),
    postgresql_where=sessions.c.state == text("'due'"),
)

history = Table(
    "history",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", UTCDateTime, nullable=False),
    Column("event", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("fact", Json, nullable=False),
)

provider_objects = Table(
    "provider_objects",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("object_id", Text, primary_key=True),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Integer, primary_key=True),
    # A session, or a transaction without one, as "charge_point_id/transaction_id".
    Column("subject", Text, nullable=False),
    Column("session_id", ForeignKey("sessions.id")),
    Column("lane", Text, nullable=False),
    Column("do", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("not_before", UTCDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease", Text),
    Column("lease_until", UTCDateTime),
    # waiting, done, failed, refused or cancelled
    Column("status", Text, nullable=False),
    Column("note", Text),
    Column("ended_at", UTCDateTime),
)
# Whatever was done for a session: it is compared, and forgotten, as a whole.
Index(None, intents.c.session_id)
# Workers look only at what has not ended: by lane and moment, and for what stands before it.
Index(
    "ix_intents_due",
    intents.c.lane,
    intents.c.not_before,
    sqlite_where=intents.c.ended_at.is_(None),
    postgresql_where=intents.c.ended_at.is_(None),
)
Index(
    "ix_intents_order",
    intents.c.subject,
    intents.c.lane,
    intents.c.id,
    sqlite_where=intents.c.ended_at.is_(None),
    postgresql_where=intents.c.ended_at.is_(None),
)
# What was given up, for the nightly comparison: seldom anything.
Index(
    "ix_intents_failed",
    intents.c.kind,
    intents.c.id,
    sqlite_where=intents.c.status == text("'failed'"),
    postgresql_where=intents.c.status == text("'failed'"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("intent_id", ForeignKey("intents.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("request", Json, nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("burnt", Boolean, nullable=False),
    # NULL as long as nobody knows.
    Column("outcome", Text),
    Column("ended_at", UTCDateTime),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("session_id", Text, index=True),
    Column("at", UTCDateTime, nullable=False),
    Column("fact", Json, nullable=False),
)

replies = Table(
    "replies",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", UTCDateTime, nullable=False),
)

# Answers are forgotten after two days.
Index(None, replies.c.at)
