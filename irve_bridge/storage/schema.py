"""The tables. What a comment does not explain is named as in the domain.

Rows about what a charge point said hang on no foreign key: such facts are stored whether or not
anything else is known of them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    UniqueConstraint,
    false,
    text,
    true,
)

from irve_bridge.storage.columns import Integer, Json, TariffJson, Text, UTCDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    # By the database's own clock: the nodes' may differ.
    Column("joined_at", UTCDateTime, nullable=False),
    Column("seen_at", UTCDateTime, nullable=False),
)

charge_points = Table(
    "charge_points",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("operator_phone", Text, nullable=False),
    Column("operator_address", Text, nullable=False, server_default=text("''")),
    Column("operator_siren", Text, nullable=False, server_default=text("''")),
    Column("operator_vat_number", Text, nullable=False, server_default=text("''")),
    Column("operator_email", Text, nullable=False, server_default=text("''")),
    Column("address", Text, nullable=False),
    Column("city", Text, nullable=False, server_default=text("''")),
    Column("postal_code", Text, nullable=False, server_default=text("''")),
    Column("country", Text, nullable=False, server_default="FRA"),
    Column("latitude", Text, nullable=False, server_default=text("''")),
    Column("longitude", Text, nullable=False, server_default=text("''")),
    Column("time_zone", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("application_fee_bps", Integer, nullable=False, server_default="0"),
    Column("requires_signatures", Boolean, nullable=False, server_default=false()),
    Column("password_hash", Text),
    # Of a key that was sent, as long as nobody knows whether it was taken.
    Column("next_password_hash", Text),
    # Of what the file gave, once a key that was sent has taken its place; '' of none.
    Column("given_password_hash", Text),
    Column("security_profile", Integer, nullable=False, server_default="0"),
    Column("next_security_profile", Integer),
    Column("serial_number", Text, nullable=False, server_default=text("''")),
    Column("display", Json),
    # Which one has its socket, or had it last: there its meters run.
    Column("node", Text),
    Column("connected_at", UTCDateTime),
    Column("behind_at", UTCDateTime),
    Column("seen_at", UTCDateTime),
    Column("vendor", Text),
    Column("model", Text),
    Column("firmware", Text),
    Column("status", Text, nullable=False),
    Column("error_code", Text),
)

tariffs = Table(
    "tariffs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document", TariffJson, nullable=False),
)

connectors = Table(
    "connectors",
    metadata,
    Column("charge_point_id", ForeignKey("charge_points.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("evse_id", Text, nullable=False),
    Column("power_w", Integer, nullable=False),
    Column("tariff_id", ForeignKey("tariffs.id"), nullable=False),
    Column("meter_public_key", Text),
    Column("standard", Text, nullable=False, server_default="IEC_62196_T2"),
    Column("format", Text, nullable=False, server_default="SOCKET"),
    Column("power_type", Text, nullable=False, server_default="AC_3_PHASE"),
    Column("status", Text, nullable=False),
    Column("error_code", Text),
    Column("status_at", UTCDateTime),
    Column("next_tariff_ids", Json, nullable=False, server_default="[]"),
    Column("status_since", UTCDateTime),
)

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

# Where the database has sequences; else `counters` counts.
transaction_ids = Sequence("transaction_ids", metadata=metadata)

transactions = Table(
    "transactions",
    metadata,
    Column("charge_point_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("connector_number", Integer, nullable=False),
    Column("id_tag", Text, nullable=False),
    Column("start_at", UTCDateTime, nullable=False),
    Column("meter_start_wh", BigInteger, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("start_said_at", UTCDateTime),
    Column("session_id", Text),
    Column("acknowledged", Boolean, nullable=False),
    Column("stop_at", UTCDateTime),
    Column("meter_stop_wh", BigInteger),
    Column("stop_reason", Text),
    Column("heard_at", UTCDateTime),
    Column("stop_doubted", Boolean, nullable=False, server_default=false()),
    Column("presumed", Boolean, nullable=False, server_default=false()),
    Column("ran_on_at", UTCDateTime),
    Column("reservation_id", BigInteger),
    Column("tariff", TariffJson),
)
# A repeated StartTransaction finds the first one.
Index(None, transactions.c.charge_point_id, transactions.c.start_at)
# … whatever its clock said.
Index(
    "ix_transactions_said",
    transactions.c.charge_point_id,
    transactions.c.start_said_at,
    sqlite_where=transactions.c.start_said_at.is_not(None),
    postgresql_where=transactions.c.start_said_at.is_not(None),
)
# The operator's list, newest first.
Index(None, transactions.c.start_at)
# The running ones are a handful among all that ever were.
Index(
    "ix_transactions_running",
    transactions.c.charge_point_id,
    transactions.c.start_at,
    sqlite_where=transactions.c.stop_at.is_(None),
    postgresql_where=transactions.c.stop_at.is_(None),
)

# A late stop that names only its tag looks among those whose end was presumed.
Index(
    "ix_transactions_presumed",
    transactions.c.charge_point_id,
    transactions.c.start_at,
    sqlite_where=transactions.c.presumed == true(),
    postgresql_where=transactions.c.presumed == true(),
)

# What the nightly comparison asks for: those of nobody's session.
Index(
    "ix_transactions_unbilled",
    transactions.c.stop_at,
    sqlite_where=transactions.c.session_id.is_(None),
    postgresql_where=transactions.c.session_id.is_(None),
)

# … and those that ran on after they were billed: hardly any.
Index(
    "ix_transactions_ran_on",
    transactions.c.ran_on_at,
    sqlite_where=transactions.c.ran_on_at.is_not(None),
    postgresql_where=transactions.c.ran_on_at.is_not(None),
)

readings = Table(
    "readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("charge_point_id", Text, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("register_wh", BigInteger),
    Column("power_w", BigInteger),
    Column("current_ma", BigInteger),
    Column("voltage_mv", BigInteger),
    Column("soc_percent", BigInteger),
    Column("activity", Text),
    Column("context", Text, nullable=False),
    Column("said_at", UTCDateTime),
    Column("rounding_wh", BigInteger, nullable=False, server_default=text("0")),
    # A digest of the values: a unique index over the columns themselves holds no two NULLs equal.
    Column("content", LargeBinary, nullable=False),
    # One repeated message is kept once; the same index reads a transaction by time.
    UniqueConstraint("charge_point_id", "transaction_id", "at", "content"),
)

signed_readings = Table(
    "signed_readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("charge_point_id", Text, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("context", Text, nullable=False),
    # As the charge point sent it: a signature stands over bytes.
    Column("text", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("verdict", Json),
    # Of what was signed: kept once, and looked for among what vouches for other transactions.
    UniqueConstraint("charge_point_id", "transaction_id", "digest"),
)
Index(None, signed_readings.c.charge_point_id, signed_readings.c.digest)

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

movements = Table(
    "movements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("sessions.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("amount_minor", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("payment_id", Text),
    Column("at", UTCDateTime, nullable=False),
    UniqueConstraint("provider", "account", "kind", "provider_id"),
)
# Disputes that began, for the nightly comparison: few of all movements.
Index(
    "ix_movements_disputes",
    movements.c.session_id,
    sqlite_where=movements.c.kind == text("'dispute'"),
    postgresql_where=movements.c.kind == text("'dispute'"),
)

# One sequence for each operator: who is paid needs numbers without gaps.
receipts = Table(
    "receipts",
    metadata,
    Column("operator", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("session_id", ForeignKey("sessions.id"), nullable=False, index=True),
    # receipt or credit_note
    Column("kind", Text, nullable=False),
    Column("issued_at", UTCDateTime, nullable=False),
    Column("body", Json, nullable=False),
)

cdrs = Table(
    "cdrs",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("charge_point_id", Text, nullable=False),
    Column("transaction_id", Text),
    Column("session_id", ForeignKey("sessions.id"), index=True),
    Column("total_minor", Integer, nullable=False),
    # The id of the CDR that this one credits.
    Column("credits", Text),
    Column("document", Json, nullable=False),
)
Index(None, cdrs.c.charge_point_id, cdrs.c.transaction_id)

id_tags = Table(
    "id_tags",
    metadata,
    # In upper case: OCPP's ids are the same whatever the case of their letters.
    Column("id_tag", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("parent_id_tag", Text),
    Column("expires_at", UTCDateTime),
    Column("name", Text, nullable=False, server_default=text("''")),
)

configuration = Table(
    "configuration",
    metadata,
    Column("charge_point_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text),
    Column("readonly", Boolean, nullable=False),
    Column("read_at", UTCDateTime, nullable=False),
    # What was asked for and refused: Rejected, NotSupported, a CALLERROR's code.
    Column("refused", Text),
    Column("missing", Json, nullable=False, server_default="[]"),
)

station_events = Table(
    "station_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("charge_point_id", Text, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    # The action that told of it.
    Column("kind", Text, nullable=False),
    Column("details", Json, nullable=False),
)
Index(None, station_events.c.charge_point_id, station_events.c.id)

commands = Table(
    "commands",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("charge_point_id", Text, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("payload", Json, nullable=False),
    Column("answer", Json),
    # offline, timeout, refused, or a CALLERROR's code.
    Column("error", Text),
    Column("answered_at", UTCDateTime),
)
Index(None, commands.c.charge_point_id, commands.c.id)

reservations = Table(
    "reservations",
    metadata,
    Column("charge_point_id", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("connector_number", Integer, nullable=False),
    Column("id_tag", Text, nullable=False),
    Column("parent_id_tag", Text),
    Column("made_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("session_id", Text),
)

charging_profiles = Table(
    "charging_profiles",
    metadata,
    Column("charge_point_id", Text, primary_key=True),
    Column("connector_number", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("stack_level", Integer, nullable=False),
    Column("profile", Json, nullable=False),
    Column("set_at", UTCDateTime, nullable=False),
)

strangers = Table(
    "strangers",
    metadata,
    Column("charge_point_id", Text, primary_key=True),
    Column("first_at", UTCDateTime, nullable=False),
    Column("last_at", UTCDateTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
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

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
