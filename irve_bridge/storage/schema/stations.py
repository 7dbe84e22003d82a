"""What operators registered, what charge points say of themselves, and who is let in."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, false, text

from irve_bridge.storage.columns import Integer, Json, TariffJson, Text, UTCDateTime
from irve_bridge.storage.schema.metadata import metadata

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
# Few are offline of all there are, it is hoped: they are counted and listed.
Index(
    "ix_charge_points_offline",
    charge_points.c.id,
    sqlite_where=charge_points.c.connected_at.is_(None),
    postgresql_where=charge_points.c.connected_at.is_(None),
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
Index(
    "ix_connectors_faulted",
    connectors.c.charge_point_id,
    connectors.c.number,
    sqlite_where=connectors.c.status == text("'Faulted'"),
    postgresql_where=connectors.c.status == text("'Faulted'"),
)

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

strangers = Table(
    "strangers",
    metadata,
    Column("charge_point_id", Text, primary_key=True),
    Column("first_at", UTCDateTime, nullable=False),
    Column("last_at", UTCDateTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)
