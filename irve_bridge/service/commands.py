"""Commands to a charge point as they travel over the bus, and their answers."""

from typing import Any

import msgspec

from irve_bridge.telemetry import tracing

INVALID = "invalid"
BUSY = "busy"
OFFLINE = "offline"
TIMEOUT = "timeout"
OURS = frozenset({INVALID, BUSY, OFFLINE, TIMEOUT})
"""Why there is no answer, where it is not the charge point that says so."""
CODE_MOST, DESCRIPTION_MOST = 50, 255
"""Characters of a CALLERROR (OCPP-J 1.6 §4.2.3)."""


class _Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose trace the call belongs to, as W3C Trace Context writes it; None for nobody's."""

    traceparent: str | None = None


class RemoteStart(_Asked, frozen=True, tag=True):
    """Start a transaction for this tag (OCPP 1.6 ed. 2 §5.11)."""

    connector_number: int
    id_tag: str


class RemoteStop(_Asked, frozen=True, tag=True):
    """Stop a transaction (OCPP 1.6 ed. 2 §5.12)."""

    transaction_id: str


class Reserve(_Asked, frozen=True, tag=True):
    """Keep a connector for this tag until a moment, in ISO 8601 (OCPP 1.6 ed. 2 §5.13)."""

    connector_number: int
    id_tag: str
    reservation_id: int
    expires_at: str


class CancelReservation(_Asked, frozen=True, tag=True):
    """Keep it no more (OCPP 1.6 ed. 2 §5.2)."""

    reservation_id: int


class Call(_Asked, frozen=True, tag=True):
    """Any call of the charge point's protocol, by its own names: the operator's, or a display's."""

    action: str
    payload: dict[str, Any]


class Recent(msgspec.Struct, frozen=True, tag=True):
    """Tell the last frames of the conversation; the charge point is asked nothing.

    The answer's payload holds `messages`, oldest first: each with `at`, `sent_by` (`charge_point`
    or `bridge`) and `frame`, cut short and without secrets.
    """


class Leave(msgspec.Struct, frozen=True, tag=True):
    """Close the socket: the charge point is no longer registered."""


Asking = RemoteStart | RemoteStop | Reserve | CancelReservation | Call
"""What is said to a charge point."""
Command = Asking | Recent | Leave


class Answer(msgspec.Struct, frozen=True):
    """What the charge point said; `error` is set instead of `payload` for a CALLERROR.

    `error` is its code, or one of ours: INVALID for a call that its schema forbids, BUSY where too
    many calls wait already. Neither was sent. `description` is for people.
    """

    payload: dict[str, Any] | None = None
    error: str | None = None
    description: str = ""

    @classmethod
    def refused(cls, code: str, description: str) -> "Answer":
        """Return what a CALLERROR says; its code is never taken for one of ours."""
        said = f"CALLERROR {code}" if code in OURS else code
        return cls(error=said[:CODE_MOST], description=description[:DESCRIPTION_MOST])

    @property
    def status(self) -> str | None:
        """What most answers say first."""
        said = (self.payload or {}).get("status")
        return None if said is None else str(said)

    @property
    def accepted(self) -> bool:
        """Whether the charge point agreed to try."""
        return self.status == "Accepted"

    @property
    def rejected(self) -> bool:
        """Whether it said that it will not: nothing else proves that."""
        return self.status == "Rejected"

    @property
    def unsent(self) -> bool:
        """Whether the charge point never saw the call."""
        return self.error in (INVALID, BUSY)


encode = msgspec.json.encode


def traced(asking: Asking) -> Asking:
    """Return it with the trace in which it is asked."""
    traceparent = tracing.traceparent()
    return msgspec.structs.replace(asking, traceparent=traceparent) if traceparent else asking


decode_command = msgspec.json.Decoder(Command).decode
decode_answer = msgspec.json.Decoder(Answer).decode
