"""What charge points and topics are called in NATS."""

from urllib.parse import quote

PREFIX = "irve_bridge"


def commands_to(charge_point_id: str) -> str:
    """Return the subject of a charge point's commands."""
    return f"{PREFIX}.commands.{token(charge_point_id)}"


def updates_of(topic: str) -> str:
    """Return the subject of a topic's messages."""
    return f"{PREFIX}.updates.{token(topic)}"


def token(name: str) -> str:
    """Return any name as one token of a subject, percent-encoded: a dot would make two of it.

    Spaces, dots, `*` and `>` must not stand in a token (NATS, "Subject-Based Messaging").
    """
    return quote(name, safe="", errors="surrogatepass").replace(".", "%2E")
