"""What operators ask of charge points, what these tell, and what they hold."""

from sqlalchemy import BigInteger, Column, Index, Table, text

from irve_bridge.storage.columns import Integer, Json, Text, UTCDateTime
from irve_bridge.storage.schema.metadata import metadata

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
    # The account that gave it on a page; '' of the API.
    Column("by", Text, nullable=False, server_default=text("''")),
    Column("answer", Json),
    # offline, timeout, busy, invalid, or a CALLERROR's code.
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
