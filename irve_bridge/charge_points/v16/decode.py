"""What a charge point may say (OCPP 1.6 ed. 2 §6), decoded straight from the bytes.

Types are as strict as the schemas, but for what real charge points do and nobody is hurt by: texts
that are only shown may be of any length, an error code may be any word. What concerns a transaction
is never refused, so its ids are taken as they come.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from ocpp.v16.enums import (
    ChargePointStatus,
    Location,
    Measurand,
    Phase,
    ReadingContext,
    Reason,
    UnitOfMeasure,
    ValueFormat,
)

# A register beyond a petawatt-hour is no register; what is refused here is salvaged or kept whole.
Integer = Annotated[int, Meta(ge=-(10**15), le=10**15)]
IdTag = Annotated[str, Meta(max_length=20)]
AnyTag = Annotated[str, Meta(max_length=255)]
# It stands with each reading: a frame of a long id and thousands of readings would fill a disk.
TransactionId = Integer | Annotated[str, Meta(max_length=255)]


def _words(enum: type[StrEnum]) -> Any:
    """Return the type of the library's words as texts: Python hashes an enum's members slowly."""
    return Literal[tuple(member.value for member in enum)]


if TYPE_CHECKING:
    Context: TypeAlias = str
    Format: TypeAlias = str
    Measured: TypeAlias = str
    Line: TypeAlias = str
    Place: TypeAlias = str
    Unit: TypeAlias = str
else:
    Context, Format, Measured = _words(ReadingContext), _words(ValueFormat), _words(Measurand)
    Line, Place, Unit = _words(Phase), _words(Location), _words(UnitOfMeasure)

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Call(Struct, frozen=True, array_like=True):
    """A CALL's envelope (OCPP-J 1.6 §4.2.1); its id is given back as it came."""

    message_type: Annotated[int, Meta(ge=2, le=2)]
    unique_id: Raw
    action: str
    payload: Raw = Raw(b"{}")


class Reply(Struct, frozen=True, array_like=True):
    """A CALLRESULT, or the beginning of a CALLERROR (OCPP-J 1.6 §4.2.2, §4.2.3)."""

    message_type: Annotated[int, Meta(ge=3, le=4)]
    unique_id: str
    body: Any = None
    description: Any = ""


class Message(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A payload."""


class BootNotification(Message, frozen=True):
    """§6.5."""

    charge_point_vendor: str
    charge_point_model: str
    charge_point_serial_number: str | UnsetType = UNSET
    charge_box_serial_number: str | UnsetType = UNSET
    firmware_version: str | UnsetType = UNSET
    iccid: str | UnsetType = UNSET
    imsi: str | UnsetType = UNSET
    meter_type: str | UnsetType = UNSET
    meter_serial_number: str | UnsetType = UNSET


class Heartbeat(Message, frozen=True):
    """§6.29."""


class StatusNotification(Message, frozen=True):
    """§6.47."""

    connector_id: Integer
    error_code: str
    status: ChargePointStatus
    info: str | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    vendor_id: str | UnsetType = UNSET
    vendor_error_code: str | UnsetType = UNSET


class Authorize(Message, frozen=True):
    """§6.1."""

    id_tag: IdTag


class SampledValue(Message, frozen=True):
    """§7.43; what is left out has the default that stands there."""

    value: str
    context: Context = ReadingContext.sample_periodic.value
    format: Format = ValueFormat.raw.value
    measurand: Measured = Measurand.energy_active_import_register.value
    phase: Line | None = None
    location: Place = Location.outlet.value
    unit: Unit | None = None


class MeterValue(Message, frozen=True):
    """§7.33."""

    timestamp: str
    sampled_value: list[SampledValue]


class StartTransaction(Message, frozen=True):
    """§6.45."""

    connector_id: Integer
    id_tag: AnyTag
    meter_start: Integer
    timestamp: str
    reservation_id: Integer | UnsetType = UNSET


class StopTransaction(Message, frozen=True):
    """§6.49; some charge points make up textual ids for what they started offline."""

    transaction_id: TransactionId
    meter_stop: Integer
    timestamp: str
    id_tag: AnyTag | None = None
    reason: Reason = Reason.local
    transaction_data: list[MeterValue] = []


class MeterValues(Message, frozen=True):
    """§6.31."""

    connector_id: Integer
    meter_value: list[MeterValue]
    transaction_id: TransactionId | None = None


decode_call = msgspec.json.Decoder(Call).decode
decode_reply = msgspec.json.Decoder(Reply).decode
TransactionMessage = StartTransaction | StopTransaction | MeterValues
TRANSACTION_MESSAGES: dict[str, type[TransactionMessage]] = {
    "StartTransaction": StartTransaction,
    "StopTransaction": StopTransaction,
    "MeterValues": MeterValues,
}
DECODERS: dict[str, msgspec.json.Decoder[Message]] = {
    type_.__name__: msgspec.json.Decoder(type_)
    for type_ in (
        BootNotification,
        Heartbeat,
        StatusNotification,
        Authorize,
        *TRANSACTION_MESSAGES.values(),
    )
}
