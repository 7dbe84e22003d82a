"""What stands in the operator's file of stations, and in the body that registers one."""

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from irve_bridge.domain.charge_point import SecurityProfile
from irve_bridge.domain.local_time import time_zones
from irve_bridge.domain.tariff_loading import FAST_W
from irve_bridge.meter_keys import der_in_hex

Name = Annotated[str, Field(min_length=1)]
PowerType = Literal["AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC"]
ONE_PHASE_KW = Decimal("7.4")
"""32 A at 230 V: whatever delivers more has three phases."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _bare(text: object) -> object:
    """YAML takes a number without spaces for an integer; people write it with them."""
    return "".join(str(text).split()).upper() if isinstance(text, str | int) else text


def _siren(siren: str) -> str:
    if not re.fullmatch(r"\d{9}", siren) or not _luhn(siren):
        raise ValueError(f"{siren} is no SIREN: nine digits, the last of which checks the others")
    return siren


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0


class OperatorEntry(_Strict):
    """Who the driver deals with, as a receipt must name them: the legal name and identity."""

    name: Name
    phone: Name
    requires_signatures: bool = False
    address: Name
    siren: Annotated[str, BeforeValidator(_bare), AfterValidator(_siren)] | None = None
    vat_number: (
        Annotated[str, BeforeValidator(_bare), Field(pattern=r"^[A-Z]{2}[A-Z0-9+*]{2,13}$")] | None
    ) = None
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$")

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if self.siren is None and self.vat_number is None:
            raise ValueError("give its siren or its vat_number: receipts must name it")
        french = re.fullmatch(r"FR..(\d{9})", self.vat_number or "")
        if french and self.siren not in (None, french[1]):
            raise ValueError(f"the vat_number {self.vat_number} is not of the siren {self.siren}")
        return self


class ConnectorEntry(_Strict):
    """One outlet; what kind of plug it is follows from its power where it is not said."""

    number: int = Field(ge=1, le=999_999_999)
    evse_id: Name
    power_kw: Decimal = Field(gt=0, le=10_000)
    tariff: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    meter_public_key: str | None = None
    standard: str | None = Field(default=None, pattern=r"^[A-Z0-9_]+$")
    format: Literal["SOCKET", "CABLE"] | None = None
    power_type: PowerType | None = None

    @property
    def tariff_ids(self) -> tuple[str, ...]:
        """Its tariffs; the first in force holds."""
        return (self.tariff,) if isinstance(self.tariff, str) else self.tariff

    @property
    def plug(self) -> tuple[str, str, str]:
        """Standard, format and power type: Combo at a cable from 50 kW on, else type 2 sockets."""
        fast = self.power_kw * 1000 >= FAST_W
        usual = "AC_3_PHASE" if self.power_kw > ONE_PHASE_KW else "AC_1_PHASE"
        return (
            self.standard or ("IEC_62196_T2_COMBO" if fast else "IEC_62196_T2"),
            self.format or ("CABLE" if fast else "SOCKET"),
            self.power_type or ("DC" if fast else usual),
        )

    @field_validator("meter_public_key")
    @classmethod
    def _der_in_hex(cls, key: str | None) -> str | None:
        return None if key is None else der_in_hex(key)


class DisplayEntry(_Strict):
    """How a display is told the code it shows; `only` where no printed one holds."""

    vendor_id: str = Field(min_length=1, max_length=255)
    message_id: str | None = Field(default=None, min_length=1, max_length=50)
    data: str = "{url}"
    only: bool = False

    @field_validator("data")
    @classmethod
    def _names_the_address(cls, data: str) -> str:
        if "{url}" not in data:
            raise ValueError("{url} must stand in it: that is what the code says")
        return data


class ChargePointEntry(_Strict):
    """One charge point; its id is its OCPP identity."""

    id: str = Field(pattern=r"^[\w*.:+-]+( [\w*.:+-]+)*$", max_length=48)
    name: Name
    address: Name
    city: Name
    postal_code: str = Field(default="", max_length=10)
    country: str = Field(default="FRA", pattern=r"^[A-Z]{3}$")
    latitude: Decimal = Field(ge=-90, le=90)
    longitude: Decimal = Field(ge=-180, le=180)
    time_zone: str = "Europe/Paris"
    account: str = Field(default="", pattern=r"^(acct_\w+)?$")
    application_fee_percent: Decimal = Field(default=Decimal(0), ge=0, lt=100, decimal_places=2)
    password: str | None = Field(default=None, min_length=8)
    security_profile: SecurityProfile | None = None
    serial_number: str = Field(default="", max_length=64)
    operator: OperatorEntry | None = None
    requires_signatures: bool | None = None
    display: DisplayEntry | None = None
    connectors: tuple[ConnectorEntry, ...] = Field(min_length=1)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in time_zones():
            raise ValueError(f"{name} is no IANA time zone, such as Europe/Paris")
        return name

    @model_validator(mode="after")
    def _asked_for(self) -> Self:
        if self.password and self.security_profile is SecurityProfile.OPEN:
            raise ValueError("security_profile 0 asks for no password: leave one of both out")
        return self


class StationsFile(_Strict):
    """The whole file; tariffs are paths beside it or OCPI objects."""

    operator: OperatorEntry
    tariffs: tuple[str | dict[str, object], ...]
    charge_points: tuple[ChargePointEntry, ...]
