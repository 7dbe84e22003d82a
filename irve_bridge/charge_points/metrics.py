from prometheus_client import Counter, Gauge

MESSAGES = Counter(
    "irve_messages",
    "Messages by action and outcome: confirmed, salvaged, kept, refused, failed, ignored.",
    ["action", "outcome"],
)
CONNECTED = Gauge("irve_connected_charge_points", "Charge points whose socket is open.")
