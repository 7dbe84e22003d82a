"""What a charge point is answered (OCPP 1.6 ed. 2 §6)."""

from msgspec import Struct


class Confirmation(Struct, frozen=True, rename="camel"):
    """A CALLRESULT's payload; an empty one says that the message was heard."""


class BootConfirmation(Confirmation, frozen=True):
    """OCPP 1.6 ed. 2 §6.4; the heartbeat's interval is in seconds."""

    current_time: str
    interval: int
    status: str = "Accepted"


class HeartbeatConfirmation(Confirmation, frozen=True):
    """OCPP 1.6 ed. 2 §6.30."""

    current_time: str


class IdTagInfo(Struct, frozen=True, rename="camel", omit_defaults=True):
    """OCPP 1.6 ed. 2 §7.27."""

    status: str
    parent_id_tag: str | None = None
    expiry_date: str | None = None


class AuthorizeConfirmation(Confirmation, frozen=True):
    """OCPP 1.6 ed. 2 §6.2."""

    id_tag_info: IdTagInfo


class StartConfirmation(Confirmation, frozen=True):
    """OCPP 1.6 ed. 2 §6.46."""

    transaction_id: int
    id_tag_info: IdTagInfo


HEARD = Confirmation()
