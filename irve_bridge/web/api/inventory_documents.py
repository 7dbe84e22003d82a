"""Charge points and what happens there, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

import msgspec

from irve_bridge.domain.charge_point import (
    ChargePoint,
    CodeDisplay,
    Connector,
    ConnectorStatus,
    SecurityProfile,
)
from irve_bridge.domain.charging_profile import ChargingProfile
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.ocpi import Document
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.inventory import ChargePointView, TransactionView
from irve_bridge.service.masking import masked
from irve_bridge.service.ports import Asked, StationEvent, Stranger
from irve_bridge.web.api.documents import Moment, iso

OcpiTariff = Annotated[
    Document, msgspec.Meta(extra_json_schema={"$ref": "#/components/schemas/OcpiTariff"})
]
"""A tariff as OCPI has it: decimals are numbers."""


class ConnectorDocument(TypedDict):
    """One outlet, as it is registered and as it reports."""

    number: int
    evse_id: str
    power_w: int
    standard: str
    format: str
    power_type: str
    meter_public_key: str | None
    tariffs: list[str]
    status: ConnectorStatus
    error_code: str | None
    status_at: Moment | None
    status_since: Moment | None


class ListedChargePoint(TypedDict):
    """A line of the list of charge points; `status` is that of the whole."""

    id: str
    name: str
    online: bool
    connected_at: Moment | None
    last_seen_at: Moment | None
    status: ConnectorStatus
    error_code: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    connectors: list[ConnectorDocument]


class OperatorDocument(TypedDict):
    """Who operates a charge point."""

    name: str
    phone: str
    address: str
    siren: str | None
    vat_number: str | None
    email: str | None


class RegisteredDocument(TypedDict):
    """What the operator registered, by the names of the stations file."""

    address: str
    city: str
    postal_code: str
    country: str
    latitude: str
    longitude: str
    time_zone: str
    account: str
    application_fee_percent: str
    requires_signatures: bool
    serial_number: str
    security_profile: SecurityProfile
    has_password: bool
    display: CodeDisplay | None
    operator: OperatorDocument


class TransactionDocument(TypedDict):
    """A transaction, whether or not anybody paid for it here; energy in Wh."""

    charge_point_id: str
    transaction_id: str
    connector_id: int
    id_tag: str
    accepted: bool
    session_id: str | None
    reservation_id: int | None
    started_at: Moment
    stopped_at: Moment | None
    reason: str | None
    meter_start_wh: int
    meter_stop_wh: int | None
    end_presumed: bool


class MeteredDocument(TransactionDocument):
    """A transaction with its last readings, oldest first."""

    readings: list[Reading]


class ReservationDocument(TypedDict):
    """A connector that is kept for an id tag; 0 is any."""

    charge_point_id: str
    id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    made_at: Moment
    expires_at: Moment
    session_id: str | None


class ChargingProfileDocument(TypedDict):
    """A charging profile that a charge point accepted; connector 0 is the whole."""

    charge_point_id: str
    connector_id: int
    id: int
    purpose: str
    stack_level: int
    profile: Mapping[str, Any]
    set_at: Moment


class Message(TypedDict):
    """A frame of a conversation: its first bytes, secrets masked."""

    at: Moment
    sent_by: Literal["charge_point", "bridge"]
    frame: str


class ChargePointDocument(ListedChargePoint):
    """All that is known of a charge point; of its password only whether it has one."""

    registered: RegisteredDocument
    configuration: list[ConfigurationKey]
    running: list[TransactionDocument]
    reservations: list[ReservationDocument]
    charging_profiles: list[ChargingProfileDocument]
    events: list[StationEvent]
    commands: list[Asked]
    messages: list[Message]


class ChangedChargePoint(ChargePointDocument):
    """A charge point as it was registered, and what that changed."""

    changes: list[str]


class Listed(TypedDict):
    """A page of a list; `next` is given back as `after`, null where nothing is behind it."""

    next: str | None


class ChargePoints(Listed):
    """Charge points by id."""

    charge_points: list[ListedChargePoint]


class Events(Listed):
    """What a charge point told of itself, newest first."""

    events: list[StationEvent]


class Commands(Listed):
    """What a charge point was asked, newest first."""

    commands: list[Asked]


class Transactions(Listed):
    """Transactions, newest first."""

    transactions: list[TransactionDocument]


class Reservations(Listed):
    """What is reserved, by charge point and id."""

    reservations: list[ReservationDocument]


class ChargingProfiles(Listed):
    """Charging profiles, by charge point, connector and id."""

    charging_profiles: list[ChargingProfileDocument]


class Strangers(Listed):
    """Who tried to connect and is not registered, by identity."""

    strangers: list[Stranger]


class Tariffs(Listed):
    """OCPI tariffs by id."""

    tariffs: list[OcpiTariff]


class Answered(TypedDict):
    """What a charge point said to a command, and its status if it said one."""

    status: str | None
    answer: Mapping[str, Any]


def document(kept: Any) -> Any:
    """Return a record as it is kept, field by field."""
    return msgspec.to_builtins(kept)


def listed(point: ChargePoint, connectors: Sequence[Connector]) -> ListedChargePoint:
    """Return a line of the list of charge points."""
    return {
        "id": point.id,
        "name": point.name,
        "online": point.connected_at is not None,
        "connected_at": iso(point.connected_at),
        "last_seen_at": iso(point.seen_at),
        "status": point.status,
        "error_code": point.error_code,
        "vendor": point.vendor,
        "model": point.model,
        "firmware": point.firmware,
        "connectors": [_connector(outlet) for outlet in connectors],
    }


def charge_point_document(view: ChargePointView) -> ChargePointDocument:
    """Return all that is known of a charge point; of its password only whether it has one."""
    point = view.charge_point
    said_at = [m["at"] for m in view.messages if m["sent_by"] == "charge_point"]
    return {
        **listed(point, view.connectors),
        "last_seen_at": said_at[-1] if said_at else iso(point.seen_at),
        "registered": _registered(point),
        "configuration": [masked(document(key)) for key in view.configuration],
        "running": [transaction_document(each) for each in view.running],
        "reservations": [reservation_document(each) for each in view.reservations],
        "charging_profiles": [profile_document(each) for each in view.charging_profiles],
        "events": [document(each) for each in view.events],
        "commands": [document(each) for each in view.commands],
        "messages": [
            Message(at=m["at"], sent_by=m["sent_by"], frame=m["frame"]) for m in view.messages
        ],
    }


def transaction_document(transaction: Transaction) -> TransactionDocument:
    """Return a transaction, whether or not anybody paid for it here; energy in Wh."""
    return {
        "charge_point_id": transaction.charge_point_id,
        "transaction_id": transaction.id,
        "connector_id": transaction.connector_number,
        "id_tag": transaction.id_tag,
        "accepted": transaction.accepted,
        "session_id": transaction.session_id,
        "reservation_id": transaction.reservation_id,
        "started_at": iso(transaction.start_at),
        "stopped_at": iso(transaction.stop_at),
        "reason": transaction.stop_reason,
        "meter_start_wh": transaction.meter_start_wh,
        "meter_stop_wh": transaction.meter_stop_wh,
        "end_presumed": transaction.presumed,
    }


def metered_document(view: TransactionView) -> MeteredDocument:
    """Return a transaction with its last readings."""
    return {
        **transaction_document(view.transaction),
        "readings": [_reading(reading) for reading in view.readings],
    }


def reservation_document(reservation: Reservation) -> ReservationDocument:
    """Return what is reserved."""
    placed: ReservationDocument = _at_connector(reservation)
    return placed


def profile_document(profile: ChargingProfile) -> ChargingProfileDocument:
    """Return a charging profile."""
    placed: ChargingProfileDocument = _at_connector(profile)
    return placed


def _at_connector(kept: Any) -> Any:
    plain = document(kept)
    plain["connector_id"] = plain.pop("connector_number")
    return plain


def _registered(point: ChargePoint) -> RegisteredDocument:
    """Return what the operator registered, by the names of the stations file."""
    return {
        "address": point.address,
        "city": point.city,
        "postal_code": point.postal_code,
        "country": point.country,
        "latitude": point.latitude,
        "longitude": point.longitude,
        "time_zone": point.time_zone,
        "account": point.account,
        "application_fee_percent": f"{point.application_fee_bps / 100:.2f}",
        "requires_signatures": point.requires_signatures,
        "serial_number": point.serial_number,
        "security_profile": point.security_profile,
        "has_password": point.password_hash is not None,
        "display": msgspec.to_builtins(point.display),
        "operator": {
            "name": point.operator_name,
            "phone": point.operator_phone,
            "address": point.operator_address,
            "siren": point.operator_siren or None,
            "vat_number": point.operator_vat_number or None,
            "email": point.operator_email or None,
        },
    }


def _connector(outlet: Connector) -> ConnectorDocument:
    return {
        "number": outlet.number,
        "evse_id": outlet.evse_id,
        "power_w": outlet.power_w,
        "standard": outlet.standard,
        "format": outlet.format,
        "power_type": outlet.power_type,
        "meter_public_key": outlet.meter_public_key,
        "tariffs": list(outlet.tariff_ids),
        "status": outlet.status,
        "error_code": outlet.error_code,
        "status_at": iso(outlet.status_at),
        "status_since": iso(outlet.status_since),
    }


def _reading(reading: Reading) -> Any:
    kept = document(reading)
    return {name: value for name, value in kept.items() if value is not None}
