"""Charge points and their connectors, as the operator registered them and as they report."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ConnectorStatus(StrEnum):
    """What a connector says of itself (OCPP 1.6 ed. 2 §7.7), or that it has not spoken yet."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    UNKNOWN = "Unknown"

    @property
    def idle(self) -> bool:
        """Whether it is known that no transaction runs here."""
        return self in _IDLE

    @property
    def startable(self) -> bool:
        """Whether a new charge may be sold now."""
        return self in _STARTABLE


_IDLE = frozenset(
    {
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.PREPARING,
        ConnectorStatus.FINISHING,
        ConnectorStatus.RESERVED,
        ConnectorStatus.UNAVAILABLE,
        ConnectorStatus.FAULTED,
    }
)
_STARTABLE = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePoint:
    """One charging station with one OCPP connection; `id` is its OCPP identity.

    `status` is what it says of itself as a whole, as connector 0 (OCPP 1.6 ed. 2 §4.9): Available,
    Unavailable or Faulted. Its money goes to the provider's `account`, the platform's own for "";
    of what drivers pay there the platform keeps a fee, in hundredths of a percent.
    """

    id: str
    name: str
    operator_name: str
    operator_phone: str
    address: str = ""
    time_zone: str = "Europe/Paris"
    account: str = ""
    application_fee_bps: int = 0
    password_hash: str | None = None
    connected_at: datetime | None = None
    seen_at: datetime | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    status: ConnectorStatus = ConnectorStatus.UNKNOWN

    def online_for(self, now: datetime) -> timedelta | None:
        """Return how long the socket has been open; None when it is not."""
        return None if self.connected_at is None else now - self.connected_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One outlet of a charge point; `number` is OCPP's connectorId, from 1."""

    charge_point_id: str
    number: int
    evse_id: str
    power_w: int
    tariff_id: str
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error_code: str | None = None
    status_at: datetime | None = None
