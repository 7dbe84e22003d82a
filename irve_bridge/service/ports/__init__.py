"""What the service needs from the rooms below it: each implements a port, none knows another."""

from irve_bridge.service.ports.accounts import (
    Accounts,
)
from irve_bridge.service.ports.authorizer import (
    Authorizer,
)
from irve_bridge.service.ports.bus import (
    Answer,
    Bus,
    Objection,
    Offline,
    Subscription,
    Taken,
    Unanswered,
    ignore,
)
from irve_bridge.service.ports.clock import (
    Clock,
)
from irve_bridge.service.ports.exports import (
    Booked,
    Exports,
)
from irve_bridge.service.ports.hands import (
    Again,
    Attempt,
    Confirmation,
    Done,
    Failed,
    Hand,
    Outcome,
    Payments,
    ProviderUnreachable,
    Sighting,
    SignatureRefused,
    Task,
)
from irve_bridge.service.ports.movements import (
    Movement,
)
from irve_bridge.service.ports.nodes import (
    ALONE,
    NODE_ID_LENGTH,
    Nodes,
)
from irve_bridge.service.ports.operations import (
    Asked,
    ChargingProfiles,
    Commands,
    Listings,
    Reservations,
    Selection,
    StationEvent,
    StationEvents,
    Stranger,
    Strangers,
)
from irve_bridge.service.ports.searches import (
    Concerned,
    Intended,
    Searches,
    Sought,
    Tried,
)
from irve_bridge.service.ports.signatures import (
    SignatureVerifier,
)
from irve_bridge.service.ports.stations import (
    Configuration,
    IdTags,
    Stations,
)
from irve_bridge.service.ports.storage import (
    BEGUN,
    Books,
    Cdrs,
    Due,
    Happening,
    Inbox,
    Intents,
    Receipts,
    Replies,
    Sessions,
    StaleSession,
    Storage,
    StoredReply,
    Tx,
    Unfinished,
)
from irve_bridge.service.ports.tallies import (
    FleetTally,
    LaneTally,
    MovedTally,
    SessionsTally,
    TakingsTally,
    Tallies,
)
from irve_bridge.service.ports.transactions import (
    Signatures,
    TakenReading,
    Transactions,
)

__all__ = [
    "ALONE",
    "BEGUN",
    "NODE_ID_LENGTH",
    "Accounts",
    "Again",
    "Answer",
    "Asked",
    "Attempt",
    "Authorizer",
    "Booked",
    "Books",
    "Bus",
    "Cdrs",
    "ChargingProfiles",
    "Clock",
    "Commands",
    "Concerned",
    "Configuration",
    "Confirmation",
    "Done",
    "Due",
    "Exports",
    "Failed",
    "FleetTally",
    "Hand",
    "Happening",
    "IdTags",
    "Inbox",
    "Intended",
    "Intents",
    "LaneTally",
    "Listings",
    "MovedTally",
    "Movement",
    "Nodes",
    "Objection",
    "Offline",
    "Outcome",
    "Payments",
    "ProviderUnreachable",
    "Receipts",
    "Replies",
    "Reservations",
    "Searches",
    "Selection",
    "Sessions",
    "SessionsTally",
    "Sighting",
    "SignatureRefused",
    "SignatureVerifier",
    "Signatures",
    "Sought",
    "StaleSession",
    "StationEvent",
    "StationEvents",
    "Stations",
    "Storage",
    "StoredReply",
    "Stranger",
    "Strangers",
    "Subscription",
    "Taken",
    "TakenReading",
    "TakingsTally",
    "Tallies",
    "Task",
    "Transactions",
    "Tried",
    "Tx",
    "Unanswered",
    "Unfinished",
    "ignore",
]
