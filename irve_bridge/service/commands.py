"""Commands to a charge point as they travel over the bus, and their answers."""

import msgspec


class RemoteStart(msgspec.Struct, frozen=True, tag=True):
    """Start a transaction for this tag (OCPP 1.6 ed. 2 §5.11)."""

    connector_number: int
    id_tag: str


class RemoteStop(msgspec.Struct, frozen=True, tag=True):
    """Stop a transaction (OCPP 1.6 ed. 2 §5.12)."""

    transaction_id: str


Command = RemoteStart | RemoteStop


class Answer(msgspec.Struct, frozen=True):
    """What the charge point said; `error` is set instead of `status` for a CALLERROR."""

    status: str | None = None
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the charge point agreed to try."""
        return self.status == "Accepted"


encode = msgspec.json.encode
decode_command = msgspec.json.Decoder(Command).decode
decode_answer = msgspec.json.Decoder(Answer).decode
