"""What happens at a connector, and the transaction it happens to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus, ReadingContext, Reason

UNKNOWN_TRANSACTION_ID = -1


def iso(at: datetime) -> str:
    """Return an OCPP timestamp in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Reading:
    """The meter and the car at one instant."""

    at: datetime
    register_wh: int
    power_w: int
    soc_percent: float | None


@dataclass(slots=True, eq=False)
class Transaction:
    """What one driver took, by the connector's own meter."""

    connector_id: int
    id_tag: str
    begin: Reading
    meter_wh: int
    transaction_id: int | None = None
    end: Reading | None = None
    reason: Reason | None = None
    delivered: bool = False
    charging_ms: int = 0
    suspended_ev_ms: int = 0
    reservation_id: int | None = None

    @property
    def energy_wh(self) -> int:
        """Return the energy taken so far, in whole Wh of the register."""
        return self.meter_wh - self.begin.register_wh

    @property
    def known_id(self) -> int:
        """Return the central system's id, or -1 while it gave none (errata 3.18)."""
        return UNKNOWN_TRANSACTION_ID if self.transaction_id is None else self.transaction_id

    def as_json(self) -> dict[str, Any]:
        """Return the transaction for an audit: Wh, seconds, timestamps in UTC."""
        return {
            "transaction_id": self.transaction_id,
            "connector_id": self.connector_id,
            "id_tag": self.id_tag,
            "meter_start_wh": self.begin.register_wh,
            "meter_stop_wh": self.end.register_wh if self.end else None,
            "energy_wh": self.energy_wh,
            "start": iso(self.begin.at),
            "stop": iso(self.end.at) if self.end else None,
            "reason": self.reason,
            "delivered": self.delivered,
            "charging_s": self.charging_ms / 1000,
            "suspended_ev_s": self.suspended_ev_ms / 1000,
        }


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The connector (0: the charge point itself) is in another state."""

    at: datetime
    connector_id: int
    status: ChargePointStatus
    error_code: ChargePointErrorCode = ChargePointErrorCode.no_error
    info: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A transaction began."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Sampled:
    """The meter was read; outside a transaction there is none."""

    connector_id: int
    transaction: Transaction | None
    reading: Reading
    context: ReadingContext = ReadingContext.sample_periodic


@dataclass(frozen=True, slots=True)
class Stopped:
    """A transaction ended."""

    transaction: Transaction


Event = StatusChanged | Started | Sampled | Stopped
