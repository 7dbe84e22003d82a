"""The last frames of a conversation, for whoever looks for what went wrong."""

from datetime import datetime
from typing import Any

import msgspec

from irve_bridge.service.masking import masked
from irve_bridge.service.ports import Clock

CHARGE_POINT, BRIDGE = "charge_point", "bridge"
FRAMES_KEPT = 20
FRAME_BYTES = 400
"""A frame is kept so far: at most 10 kB of a connection in all."""


class Recent:
    """Keeps the last frames in memory; an append for each, and a copy only of long ones."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now
        self._frames: list[tuple[datetime, str, bytes]] = []  # a deque's least is larger

    def heard(self, frame: bytes) -> None:
        """Keep what the charge point sent."""
        self._keep(CHARGE_POINT, frame)

    def said(self, frame: bytes) -> None:
        """Keep what it was sent."""
        self._keep(BRIDGE, frame)

    def heard_secret(self, frame: bytes) -> None:
        """Keep what it sent that may hold a secret, without it."""
        self.heard(_without_secrets(frame))

    def said_secret(self, frame: bytes) -> None:
        """Keep what it was sent that may hold a secret, without it."""
        self.said(_without_secrets(frame))

    def _keep(self, sent_by: str, frame: bytes) -> None:
        self._frames.append((self._now(), sent_by, frame[:FRAME_BYTES]))
        del self._frames[:-FRAMES_KEPT]

    def messages(self) -> list[dict[str, Any]]:
        """Return them, oldest first."""
        return [
            {
                "at": at.isoformat(),
                "sent_by": sent_by,
                "frame": frame.decode(errors="replace"),
            }
            for at, sent_by, frame in self._frames
        ]


def _without_secrets(frame: bytes) -> bytes:
    """Return a frame that can be read without them; of another only its length is told."""
    try:
        return msgspec.json.encode(masked(msgspec.json.decode(frame)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b"%d bytes that are no JSON" % len(frame)
