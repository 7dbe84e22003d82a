"""Who may use the operator's pages."""

from sqlalchemy import Column, ForeignKey, Table

from irve_bridge.storage.columns import Text, UTCDateTime
from irve_bridge.storage.schema.metadata import metadata

operator_accounts = Table(
    "operator_accounts",
    metadata,
    Column("name", Text, primary_key=True),
    # viewer or operator
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("disabled_at", UTCDateTime),
)

operator_logins = Table(
    "operator_logins",
    metadata,
    # Of a token that only the browser has.
    Column("digest", Text, primary_key=True),
    Column("account", ForeignKey("operator_accounts.name"), nullable=False, index=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("seen_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False, index=True),
)
