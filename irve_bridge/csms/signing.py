"""Signatures of what is sent to the CSMS, as Standard Webhooks 1.0 describes them.

While secrets rotate, each of them signs: the receiver takes whichever it knows.
"""

from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook


def signed(
    secrets: Sequence[str], webhook_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of a body; `sent_at` is real time, whatever clock the bridge runs on."""
    text = body.decode()
    signatures = [Webhook(secret).sign(webhook_id, sent_at, text) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
