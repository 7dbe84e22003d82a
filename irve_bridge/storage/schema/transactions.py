"""What charge points metered, and what their meters signed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    Sequence,
    Table,
    UniqueConstraint,
    false,
    text,
    true,
)

from irve_bridge.storage.columns import Integer, Json, TariffJson, Text, UTCDateTime
from irve_bridge.storage.schema.metadata import metadata

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

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
