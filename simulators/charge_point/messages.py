"""Events as OCPP messages."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ocpp.v16 import call
from ocpp.v16.enums import Measurand, ReadingContext, UnitOfMeasure, ValueFormat

from .configuration import Configuration
from .events import (
    UNKNOWN_TRANSACTION_ID,
    Reading,
    Sampled,
    Started,
    StatusChanged,
    Stopped,
    Transaction,
    iso,
)

VOLTAGE_V = 230
PHASES = 3


def status_notification(change: StatusChanged) -> Any:
    """Return the StatusNotification.req of a change (§4.9)."""
    return call.StatusNotification(
        connector_id=change.connector_id,
        error_code=change.error_code,
        status=change.status,
        timestamp=iso(change.at),
        info=change.info,
    )


def transaction_message(
    event: Started | Sampled | Stopped, configuration: Configuration, *, short_wh: int = 0
) -> Any:
    """Return the request of an event; its transaction id is filled in when it is sent.

    A stop says ``short_wh`` less than the meter shows.
    """
    match event:
        case Started(transaction):
            return call.StartTransaction(
                connector_id=transaction.connector_id,
                id_tag=transaction.id_tag,
                meter_start=transaction.begin.register_wh,
                timestamp=iso(transaction.begin.at),
                reservation_id=transaction.reservation_id,
            )
        case Sampled(connector_id, transaction, reading, context):
            measurands = configuration.measurands("MeterValuesSampledData")
            return call.MeterValues(
                connector_id=connector_id,
                meter_value=[meter_value(reading, measurands, context)],
                transaction_id=UNKNOWN_TRANSACTION_ID if transaction else None,
            )
        case Stopped():
            return _stop_transaction(event, configuration, short_wh)


def with_transaction_id(payload: Any, transaction_id: int) -> Any:
    """Return the request with the id that StartTransaction.conf gave; a start has none."""
    if isinstance(payload, call.StartTransaction) or payload.transaction_id is None:
        return payload
    return replace(payload, transaction_id=transaction_id)


def meter_value(
    reading: Reading, measurands: Iterable[Measurand], context: ReadingContext
) -> dict[str, Any]:
    """Return a MeterValue with the measurands asked for (§7.33)."""
    return {
        "timestamp": iso(reading.at),
        "sampled_value": [
            {"context": context, **_sampled_value(reading, measurand)}
            for measurand in measurands
            if measurand != Measurand.soc or reading.soc_percent is not None
        ],
    }


def _sampled_value(reading: Reading, measurand: Measurand) -> dict[str, Any]:
    current_a = reading.power_w / (VOLTAGE_V * PHASES)
    value, unit = {
        Measurand.energy_active_import_register: (reading.register_wh, UnitOfMeasure.wh),
        Measurand.power_active_import: (reading.power_w, UnitOfMeasure.w),
        Measurand.current_import: (f"{current_a:.1f}", UnitOfMeasure.a),
        Measurand.voltage: (VOLTAGE_V, UnitOfMeasure.v),
        Measurand.soc: (f"{reading.soc_percent or 0:.1f}", UnitOfMeasure.percent),
    }[measurand]
    return {"value": str(value), "measurand": measurand, "unit": unit}


def signed_value(ocmf: str, reading: Reading, context: ReadingContext) -> dict[str, Any]:
    """Return a MeterValue with what the meter signed, in hex (§7.44)."""
    sampled = {"value": ocmf.encode().hex(), "context": context, "format": ValueFormat.signed_data}
    return {"timestamp": iso(reading.at), "sampled_value": [sampled]}


def signed_begin(transaction: Transaction, ocmf: str) -> Any:
    """Return the MeterValues.req that follows a start: StartTransaction.req has no place for it."""
    value = signed_value(ocmf, transaction.begin, ReadingContext.transaction_begin)
    return call.MeterValues(
        connector_id=transaction.connector_id,
        meter_value=[value],
        transaction_id=UNKNOWN_TRANSACTION_ID,
    )


def with_signed_end(stop: Any, transaction: Transaction, ocmf: str) -> Any:
    """Return a StopTransaction.req with what the meter signed at the end."""
    end = transaction.end or transaction.begin
    value = signed_value(ocmf, end, ReadingContext.transaction_end)
    return replace(stop, transaction_data=[*(stop.transaction_data or []), value])


def _stop_transaction(event: Stopped, configuration: Configuration, short_wh: int) -> Any:
    transaction = event.transaction
    end = transaction.end or transaction.begin
    measurands = configuration.measurands("StopTxnSampledData")
    return call.StopTransaction(
        meter_stop=end.register_wh - short_wh,
        timestamp=iso(end.at),
        transaction_id=UNKNOWN_TRANSACTION_ID,
        reason=transaction.reason,
        id_tag=transaction.id_tag,
        transaction_data=[
            meter_value(transaction.begin, measurands, ReadingContext.transaction_begin),
            meter_value(end, measurands, ReadingContext.transaction_end),
        ]
        if measurands
        else None,
    )
