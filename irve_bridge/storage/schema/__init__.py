"""The tables. What a comment does not explain is named as in the domain.

Rows about what a charge point said hang on no foreign key: such facts are stored whether or not
anything else is known of them.
"""

from irve_bridge.storage.schema.accounts import operator_accounts, operator_logins
from irve_bridge.storage.schema.books import cdrs, movements, receipts
from irve_bridge.storage.schema.metadata import metadata
from irve_bridge.storage.schema.operations import (
    charging_profiles,
    commands,
    reservations,
    station_events,
)
from irve_bridge.storage.schema.sessions import (
    attempts,
    history,
    inbox,
    intents,
    provider_objects,
    replies,
    sessions,
)
from irve_bridge.storage.schema.stations import (
    charge_points,
    configuration,
    connectors,
    id_tags,
    nodes,
    strangers,
    tariffs,
)
from irve_bridge.storage.schema.transactions import (
    counters,
    readings,
    signed_readings,
    transaction_ids,
    transactions,
)

__all__ = [
    "attempts",
    "cdrs",
    "charge_points",
    "charging_profiles",
    "commands",
    "configuration",
    "connectors",
    "counters",
    "history",
    "id_tags",
    "inbox",
    "intents",
    "metadata",
    "movements",
    "nodes",
    "operator_accounts",
    "operator_logins",
    "provider_objects",
    "readings",
    "receipts",
    "replies",
    "reservations",
    "sessions",
    "signed_readings",
    "station_events",
    "strangers",
    "tariffs",
    "transaction_ids",
    "transactions",
]
