"""Where a charge happens, and whether one can be sold there now."""

from datetime import datetime

from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.errors import ConnectorBusy, ConnectorOut, Refusal, UnknownThing
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.ports import Tx

_WHOLE_OUT = frozenset({ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE})


def place(
    tx: Tx, charge_point_id: str, number: int, now: datetime
) -> tuple[ChargePoint, Connector, Tariff]:
    """Return a charge point, one of its connectors and the tariff in force there.

    Raises:
        UnknownThing: One of them is not registered, or no tariff is in force.
    """
    stations = tx.stations
    charge_point = stations.charge_point(charge_point_id)
    connector = stations.connector(charge_point_id, number)
    if charge_point is None or connector is None:
        raise UnknownThing("There is no such connector: scan the code again.", "unknown_connector")
    tariff = tariff_in_force(tx, connector, now)
    if tariff is None:
        raise UnknownThing("No tariff is in force here; ask the operator.", "unknown_tariff")
    return charge_point, connector, tariff


def tariff_in_force(tx: Tx, connector: Connector, now: datetime) -> Tariff | None:
    """Return the first of a connector's tariffs that holds now."""
    registered = (tx.stations.tariff(tariff_id) for tariff_id in connector.tariff_ids)
    return next((each for each in registered if each and each.in_force(now)), None)


def refuse_unavailable(charge_point: ChargePoint, connector: Connector) -> None:
    """Raise where a charge could not start now, before anybody pays.

    Raises:
        ConnectorOut: Offline, faulted, finishing, reserved or out of service.
        ConnectorBusy: It charges already.
    """
    if charge_point.connected_at is None:
        raise ConnectorOut("This station is offline: please try another one.", "offline")
    whole = charge_point.status
    match whole if whole in _WHOLE_OUT else connector.status:
        case ConnectorStatus.FAULTED:
            raise ConnectorOut("This connector is out of order.", "faulted")
        case ConnectorStatus.FINISHING:
            raise ConnectorOut("Unplug the cable of the last charge first.", "finishing")
        case ConnectorStatus.RESERVED:
            raise ConnectorOut("This connector is reserved for somebody else.", "reserved")
        case ConnectorStatus.UNAVAILABLE:
            raise ConnectorOut("This connector is out of service for now.", "unavailable")
        case ConnectorStatus.CHARGING | ConnectorStatus.SUSPENDED_EV:
            raise busy()
        case ConnectorStatus.SUSPENDED_EVSE:
            raise busy()


def busy() -> Refusal:
    """Return the refusal for a connector that somebody else has."""
    return ConnectorBusy("Somebody else is using this connector: please take another one.")
