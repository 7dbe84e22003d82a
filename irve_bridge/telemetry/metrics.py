"""Every metric, by the names that Prometheus scrapes.

They are counted where things happen, in this process; gauges that are read from the storage are the
same on every node (docs/operating.md). No label carries an id or a free text: each has few values,
and those that an alert watches are there from the start, at 0.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

OURS = CollectorRegistry()

_QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_REMOTE_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)
_LAG_S = (1.0, 5.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 43_200.0, 86_400.0, 259_200.0)

BUILD = Gauge(
    "irve_bridge_build_info", "The running version; always 1.", ["version"], registry=OURS
)

# The charge points' door
CONNECTED = Gauge(
    "irve_bridge_connected_charge_points",
    "Charge points whose socket this node holds.",
    registry=OURS,
)
MESSAGES = Counter(
    "irve_bridge_messages",
    "Messages by action and outcome: confirmed, salvaged, kept, refused, failed, ignored.",
    ["action", "outcome"],
    registry=OURS,
)
MESSAGE_SECONDS = Histogram(
    "irve_bridge_message_seconds",
    "From a message's last byte to its answer, stored and sent.",
    ["action"],
    buckets=_QUICK_S,
    registry=OURS,
)
CLOSES = Counter(
    "irve_bridge_websocket_closes",
    "Sockets that closed, by the code of RFC 6455 §7.4; 1006 is a line that broke.",
    ["code"],
    registry=OURS,
)
REFUSED_HANDSHAKES = Counter(
    "irve_bridge_refused_handshakes",
    "Charge points that were not let in: unknown, credentials, insecure, held_back, busy, "
    "subprotocol, tls.",
    ["reason"],
    registry=OURS,
)

# Sessions and money
SESSIONS = Gauge(
    "irve_bridge_sessions", "Sessions that are not over, by state.", ["state"], registry=OURS
)
ENTERED = Counter(
    "irve_bridge_sessions_entered", "Sessions that came into a state.", ["state"], registry=OURS
)
SECURED_MINOR = Gauge(
    "irve_bridge_money_secured_minor",
    "What sessions that are not over may take at most, in minor units.",
    ["currency"],
    registry=OURS,
)
DUE_MINOR = Gauge(
    "irve_bridge_money_due_minor",
    "What cards did not pay and is not given up, in minor units.",
    ["currency"],
    registry=OURS,
)
SETTLED_MINOR = Counter(
    "irve_bridge_money_settled_minor",
    "What settled sessions were decided to cost, in minor units.",
    ["currency"],
    registry=OURS,
)
MOVED_MINOR = Counter(
    "irve_bridge_money_moved_minor",
    "Movements of money as the payment provider proved them, in minor units.",
    ["kind", "currency"],
    registry=OURS,
)

# What is to be done
PENDING = Gauge(
    "irve_bridge_intents_pending", "Intents that have not ended, by lane.", ["lane"], registry=OURS
)
OLDEST_SECONDS = Gauge(
    "irve_bridge_intents_oldest_seconds",
    "Age of the oldest intent that has not ended, by lane; 0 for none.",
    ["lane"],
    registry=OURS,
)
UNKNOWN = Gauge(
    "irve_bridge_attempts_unknown",
    "Calls whose outcome nobody knows yet and nobody looks up now, by lane.",
    ["lane"],
    registry=OURS,
)
PERFORMED = Counter(
    "irve_bridge_intents_performed",
    "Intents performed, by kind and outcome: done, again, failed, refused, cancelled.",
    ["kind", "outcome"],
    registry=OURS,
)
PERFORM_SECONDS = Histogram(
    "irve_bridge_intent_seconds",
    "What performing an intent took.",
    ["kind"],
    buckets=_REMOTE_S,
    registry=OURS,
)
CALLBACKS_GIVEN_UP = Gauge(
    "irve_bridge_callbacks_given_up",
    "Callbacks that the CSMS did not take and that are not sent again until the comparison.",
    registry=OURS,
)
CALLBACK_DELIVERY_SECONDS = Histogram(
    "irve_bridge_callback_delivery_seconds",
    "From the moment a callback was decided to its delivery.",
    buckets=_LAG_S,
    registry=OURS,
)

# Stripe
STRIPE_SECONDS = Histogram(
    "irve_bridge_stripe_request_seconds",
    "Requests to Stripe, whatever they were answered.",
    ["method", "resource"],
    buckets=_REMOTE_S,
    registry=OURS,
)
STRIPE_ERRORS = Counter(
    "irve_bridge_stripe_errors",
    "Requests to Stripe that failed: connection, api, rate_limit, authentication, conflict, "
    "invalid_request; card is a card that was declined.",
    ["kind"],
    registry=OURS,
)

# The process and what it stands on
STORAGE_UP = Gauge(
    "irve_bridge_storage_up", "Whether the storage answered this scrape.", registry=OURS
)
BUS_UP = Gauge(
    "irve_bridge_bus_up",
    "Whether other nodes' charge points can be reached; always, where there is one node.",
    registry=OURS,
)
CLOCK_AHEAD_SECONDS = Gauge(
    "irve_bridge_clock_ahead_seconds",
    "How far this node's clock is ahead of the database's, which all nodes ask.",
    registry=OURS,
)
COMMIT_SECONDS = Histogram(
    "irve_bridge_storage_commit_seconds",
    "From the first unit of a batch to its commit.",
    buckets=_QUICK_S,
    registry=OURS,
)
READINGS_STORED = Counter(
    "irve_bridge_readings_stored", "Meter readings committed, repeats included.", registry=OURS
)
REQUEST_SECONDS = Histogram(
    "irve_bridge_http_request_seconds",
    "Time to answer an HTTP request.",
    ["method", "route", "status"],
    registry=OURS,
)
LOOP_LAG_SECONDS = Histogram(
    "irve_bridge_event_loop_lag_seconds",
    "How much later than it asked for the event loop woke somebody up.",
    buckets=_QUICK_S,
    registry=OURS,
)
DISK_FREE_BYTES = Gauge(
    "irve_bridge_disk_free_bytes", "Room left where this lies.", ["of"], registry=OURS
)
DISK_SIZE_BYTES = Gauge(
    "irve_bridge_disk_size_bytes", "Room there is where this lies.", ["of"], registry=OURS
)


@contextmanager
def exposed(registry: CollectorRegistry) -> Iterator[None]:
    """Have every metric in a registry while the context is open."""
    BUILD.labels(version("irve-bridge")).set(1)
    registry.register(OURS)
    try:
        yield
    finally:
        registry.unregister(OURS)


def from_the_start(metric: Counter | Gauge, values: Iterable[str]) -> None:
    """Show a metric's label values at 0 before anything happened: an alert sees the first one."""
    for value in values:
        metric.labels(value)


@cache
def message(action: str, outcome: str) -> Counter:
    """Return one of a few dozen: looking it up each time costs more than counting."""
    return MESSAGES.labels(action, outcome)


@cache
def message_seconds(action: str) -> Histogram:
    """Return the histogram of an action, likewise."""
    return MESSAGE_SECONDS.labels(action)


def set_all(metric: Gauge, values: Mapping[str, float]) -> None:
    """Set a gauge by its one label, and forget the values that are no more."""
    metric.clear()
    for label, value in values.items():
        metric.labels(label).set(value)


from_the_start(
    STRIPE_ERRORS,
    ["connection", "api", "rate_limit", "authentication", "conflict", "invalid_request", "card"],
)
from_the_start(
    REFUSED_HANDSHAKES,
    ["unknown", "credentials", "insecure", "held_back", "busy", "cut_off", "subprotocol", "tls"],
)
