"""Charge points and their connectors, as the operator registered them and as they report."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


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
    def vacant(self) -> bool:
        """Whether it is free for others, so that whatever ran here is over (ibid. §4.9).

        Only Available leads to Reserved. The others prove nothing: a car is still there, or they
        say what became of the connector and not of its transaction.
        """
        return self in _VACANT


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
_VACANT = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED})


class SecurityProfile(IntEnum):
    """How a charge point and its connection are secured (OCPP 1.6 security whitepaper §2.1).

    OPEN asks for nothing, the others for Basic authentication, for that over TLS, and for TLS with
    a certificate of the charge point's own.
    """

    OPEN = 0
    BASIC = 1
    TLS = 2
    CERTIFICATE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDisplay:
    """How a display is told the code it shows: a DataTransfer (OCPP 1.6 ed. 2 §5.6).

    `data` is a text in which {url}, {connector}, {evse_id} and {expires_at} are filled in. `only`:
    codes that are printed do not hold there.
    """

    vendor_id: str
    message_id: str | None = None
    data: str
    only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePoint:
    """One charging station with one OCPP connection; `id` is its OCPP identity.

    `status` and `error_code` are what it says of itself as a whole, as connector 0 (OCPP 1.6 ed. 2
    §4.9): Available, Unavailable or Faulted. Its money goes to the provider's `account`, the
    platform's own for ""; of what drivers pay there the platform keeps a fee, in hundredths of a
    percent.
    Where it `requires_signatures`, only energy that its meter signed is billed. Who operates it
    stands on receipts: with a SIREN, a VAT number or both. Where it stands is told in CDRs: country
    by ISO 3166-1 alpha-3, coordinates in decimal degrees (WGS 84).
    It may connect with its `security_profile` or a better one. What changes over OCPP until the
    charge point has shown that it took it stands in `next_…` (domain/credentials.py); where a key
    came that way, `given_password_hash` is of the password that the operator's file gave before,
    "" of none. `serial_number` is what its certificate names where that is not its `id`.
    `behind_at` is when it last told of something older than its connection: its queue was not
    empty then.
    """

    id: str
    name: str
    operator_name: str
    operator_phone: str
    operator_address: str = ""
    operator_siren: str = ""
    operator_vat_number: str = ""
    operator_email: str = ""
    address: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = "FRA"
    latitude: str = ""
    longitude: str = ""
    time_zone: str = "Europe/Paris"
    account: str = ""
    application_fee_bps: int = 0
    requires_signatures: bool = False
    security_profile: SecurityProfile = SecurityProfile.OPEN
    next_security_profile: SecurityProfile | None = None
    display: CodeDisplay | None = None
    password_hash: str | None = None
    next_password_hash: str | None = None
    given_password_hash: str | None = None
    serial_number: str = ""
    connected_at: datetime | None = None
    behind_at: datetime | None = None
    seen_at: datetime | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error_code: str | None = None

    @property
    def operator_identified(self) -> bool:
        """Whether a receipt can say who was paid, as the law wants it."""
        return bool(self.operator_siren or self.operator_vat_number)

    @property
    def certificate_name(self) -> str:
        """The common name of its certificate (OCPP 1.6 security whitepaper A00.FR.405, 511)."""
        return self.serial_number or self.id

    def silent_for(self, now: datetime, since: datetime | None) -> timedelta | None:
        """Return how long it has been online since a moment with nothing queued; None if offline.

        What happened while it was offline is told in order, and newer things after it (OCPP 1.6
        ed. 2 §3.7).
        """
        if self.connected_at is None:
            return None
        moments = (self.connected_at, self.behind_at, since)
        return now - max(moment for moment in moments if moment is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One outlet of a charge point; `number` is OCPP's connectorId, from 1.

    Of its tariffs the first in force holds; `next_tariff_ids` follow on `tariff_id`.
    `meter_public_key` verifies what its meter signs, DER in upper-case hex. `standard`, `format`
    and `power_type` are OCPI's names for its plug (mod_locations). `status_at` is when it last said
    its status, `status_since` when it first did without a break.
    """

    charge_point_id: str
    number: int
    evse_id: str
    power_w: int
    tariff_id: str
    meter_public_key: str | None = None
    standard: str = "IEC_62196_T2"
    format: str = "SOCKET"
    power_type: str = "AC_3_PHASE"
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error_code: str | None = None
    status_at: datetime | None = None
    status_since: datetime | None = None
    next_tariff_ids: tuple[str, ...] = ()

    @property
    def tariff_ids(self) -> tuple[str, ...]:
        """Every tariff that may hold here, the first before the others."""
        return (self.tariff_id, *self.next_tariff_ids)
