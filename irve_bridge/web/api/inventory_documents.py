"""Charge points and what happens there, as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.inventory import ChargePointView, TransactionView
from irve_bridge.service.masking import masked
from irve_bridge.web.api.documents import iso


def document(kept: Any) -> dict[str, Any]:
    """Return a record as it is kept, field by field."""
    plain: dict[str, Any] = msgspec.to_builtins(kept)
    if "connector_number" in plain:
        plain["connector_id"] = plain.pop("connector_number")
    return plain


def listed(point: ChargePoint, connectors: Sequence[Connector]) -> dict[str, Any]:
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


def charge_point_document(view: ChargePointView) -> dict[str, Any]:
    """Return all that is known of a charge point; of its password only whether it has one."""
    point = view.charge_point
    said_at = [m["at"] for m in view.messages if m["sent_by"] == "charge_point"]
    return listed(point, view.connectors) | {
        "last_seen_at": said_at[-1] if said_at else iso(point.seen_at),
        "registered": _registered(point),
        "configuration": [masked(document(key)) for key in view.configuration],
        "running": [transaction_document(each) for each in view.running],
        "reservations": [document(each) for each in view.reservations],
        "charging_profiles": [document(each) for each in view.charging_profiles],
        "events": [document(each) for each in view.events],
        "commands": [document(each) for each in view.commands],
        "messages": list(view.messages),
    }


def transaction_document(transaction: Transaction) -> dict[str, Any]:
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


def metered_document(view: TransactionView) -> dict[str, Any]:
    """Return a transaction with its last readings."""
    return transaction_document(view.transaction) | {
        "readings": [_reading(reading) for reading in view.readings]
    }


def _registered(point: ChargePoint) -> dict[str, Any]:
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


def _connector(outlet: Connector) -> dict[str, Any]:
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


def _reading(reading: Reading) -> dict[str, Any]:
    kept = document(reading)
    return {name: value for name, value in kept.items() if value is not None}
