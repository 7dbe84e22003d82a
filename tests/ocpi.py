"""OCPI 2.2.1's field tables, as far as a CDR is made of them: types, lengths, what must be there.

Sources: mod_cdrs, mod_tariffs, mod_locations, mod_tokens and types of the specification.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _decimals(number: float) -> float:
    assert round(number, 4) == number, f"{number} has more than four decimals"
    return number


def text(most: int) -> Any:
    """Return a string of printable characters, at most so many."""
    return Annotated[str, Field(max_length=most, pattern=r"^[^\x00-\x1f\x7f]*$")]


Number = Annotated[float, AfterValidator(_decimals)]
DateTime = Annotated[
    str, Field(max_length=25, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$")
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Party = Annotated[str, Field(pattern=r"^[A-Z0-9]{3}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Object(BaseModel):
    """An OCPI object; what the tables do not name is refused, and so is an empty value."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_empty(cls, said: dict[str, Any]) -> dict[str, Any]:
        assert not [name for name, value in said.items() if value in (None, [], {})]
        return said


class Price(Object):
    excl_vat: Number
    incl_vat: Number | None = None


class PriceComponent(Object):
    type: Literal["ENERGY", "FLAT", "PARKING_TIME", "TIME"]
    price: Number
    vat: Number | None = None
    step_size: int


class TariffElement(Object):
    price_components: Annotated[list[PriceComponent], Field(min_length=1)]
    restrictions: dict[str, Any] | None = None


class DisplayText(Object):
    language: text(2)
    text: text(512)


class Tariff(Object):
    country_code: Country
    party_id: Party
    id: text(36)
    currency: Currency
    type: (
        Literal["AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR"]
        | None
    ) = None
    tariff_alt_text: list[DisplayText] | None = None
    tariff_alt_url: str | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    elements: Annotated[list[TariffElement], Field(min_length=1)]
    start_date_time: DateTime | None = None
    end_date_time: DateTime | None = None
    energy_mix: dict[str, Any] | None = None
    last_updated: DateTime


class CdrToken(Object):
    country_code: Country
    party_id: Party
    uid: text(36)
    type: Literal["AD_HOC_USER", "APP_USER", "OTHER", "RFID"]
    contract_id: text(36)


class GeoLocation(Object):
    latitude: Annotated[str, Field(pattern=r"^-?[0-9]{1,2}\.[0-9]{5,7}$")]
    longitude: Annotated[str, Field(pattern=r"^-?[0-9]{1,3}\.[0-9]{5,7}$")]


class CdrLocation(Object):
    id: text(36)
    name: text(255) | None = None
    address: text(45)
    city: text(45)
    postal_code: text(10) | None = None
    state: text(20) | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    coordinates: GeoLocation
    evse_uid: text(36)
    evse_id: text(48)
    connector_id: text(36)
    connector_standard: Annotated[str, Field(pattern=r"^(IEC_|CHADEMO|DOMESTIC_|TESLA_|GBT_)\w*$")]
    connector_format: Literal["SOCKET", "CABLE"]
    connector_power_type: Literal[
        "AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC"
    ]


class CdrDimension(Object):
    """Those that a CDR may have: not the ones marked session only."""

    type: Literal[
        "ENERGY",
        "MAX_CURRENT",
        "MIN_CURRENT",
        "MAX_POWER",
        "MIN_POWER",
        "PARKING_TIME",
        "RESERVATION_TIME",
        "TIME",
    ]
    volume: Number


class ChargingPeriod(Object):
    start_date_time: DateTime
    dimensions: Annotated[list[CdrDimension], Field(min_length=1)]
    tariff_id: text(36) | None = None

    def volume(self, type_: str) -> float:
        return sum(d.volume for d in self.dimensions if d.type == type_)


class SignedValue(Object):
    nature: text(32)
    plain_data: text(5000)
    signed_data: text(5000)


class SignedData(Object):
    encoding_method: text(36)
    encoding_method_version: int | None = None
    public_key: text(512) | None = None
    signed_values: Annotated[list[SignedValue], Field(min_length=1)]
    url: text(512) | None = None


class Cdr(Object):
    country_code: Country
    party_id: Party
    id: text(39)
    start_date_time: DateTime
    end_date_time: DateTime
    session_id: text(36) | None = None
    cdr_token: CdrToken
    auth_method: Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"]
    authorization_reference: text(36) | None = None
    cdr_location: CdrLocation
    meter_id: text(255) | None = None
    currency: Currency
    tariffs: list[Tariff] | None = None
    charging_periods: Annotated[list[ChargingPeriod], Field(min_length=1)]
    signed_data: SignedData | None = None
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Number
    total_energy_cost: Price | None = None
    total_time: Number
    total_time_cost: Price | None = None
    total_parking_time: Number | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: text(255) | None = None
    invoice_reference_id: text(39) | None = None
    credit: bool | None = None
    credit_reference_id: text(39) | None = None
    home_charging_compensation: bool | None = None
    last_updated: DateTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Credit and reference stand together; periods follow each other within the session."""
        assert bool(self.credit) == (self.credit_reference_id is not None)
        assert self.credit or len(self.id) <= 36
        starts = [_sortable(period.start_date_time) for period in self.charging_periods]
        assert starts == sorted(starts)
        assert _sortable(self.start_date_time) <= starts[0]
        assert starts[-1] <= _sortable(self.end_date_time)
        return self


def _sortable(moment: str) -> str:
    return re.sub(r"(:\d\d)Z$", r"\1.000Z", moment)
