"""Movements of money, and the papers about it: rows that are only added."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, UniqueConstraint, text

from irve_bridge.storage.columns import Integer, Json, Text, UTCDateTime
from irve_bridge.storage.schema.metadata import metadata

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
    # Not of the movement: its session's, so that a station's are added up without looking there.
    Column("charge_point_id", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("provider", "account", "kind", "provider_id"),
)
# Disputes that began, for the nightly comparison: few of all movements.
Index(
    "ix_movements_disputes",
    movements.c.session_id,
    sqlite_where=movements.c.kind == text("'dispute'"),
    postgresql_where=movements.c.kind == text("'dispute'"),
)
# What moved on a day, or at a station, is added up from the index alone.
Index(
    "ix_movements_day",
    movements.c.at,
    movements.c.charge_point_id,
    movements.c.kind,
    movements.c.currency,
    movements.c.amount_minor,
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
    # What the body says, to be added up: of a credit note the amounts are negative.
    Column("charge_point_id", Text, nullable=False, server_default=text("''")),
    Column("currency", Text, nullable=False, server_default=text("''")),
    Column("gross_minor", Integer, nullable=False, server_default=text("0")),
    Column("vat_minor", Integer, nullable=False, server_default=text("0")),
)
# What was billed on a day, or at a station.
Index(
    "ix_receipts_day",
    receipts.c.issued_at,
    receipts.c.charge_point_id,
    receipts.c.currency,
    receipts.c.gross_minor,
    receipts.c.vat_minor,
)
# Who shows a receipt tells its number.
Index("ix_receipts_number", receipts.c.number)

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
# CDRs of a range of days, in the order they were made.
Index("ix_cdrs_created", cdrs.c.created_at, cdrs.c.id)
