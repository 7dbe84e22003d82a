"""The OCPI CDR of a charge that has ended (OCPI 2.2.1 mod_cdrs).

A CDR is sealed: what was wrong in it, or is owed no more, is credited by another one, and told anew
by a third.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from irve_bridge.domain.breakdown import Breakdown, Dimension
from irve_bridge.domain.money import allot, minor_digits
from irve_bridge.domain.ocpi import Document, document
from irve_bridge.domain.period import Period
from irve_bridge.domain.tariff import Tariff

_DIGITS = 4
"""Numbers have four decimals (OCPI 2.2.1 types, number)."""
_PER_ONE = 10_000
_HOUR_US = 3_600_000_000
_NOBODY = ("FR", "ZZZ")
"""OCPI wants a country and a party, also of an EVSE id that names none."""
_EVSE_ID = re.compile(r"([A-Z]{2})\*?([A-Z0-9]{3})\*?E", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What the charge was started with: an id tag made for it alone, or a customer's own."""

    uid: str
    contract_id: str
    type: str = "AD_HOC_USER"

    def ocpi(self) -> dict[str, str]:
        """Return what a CdrToken says besides whose it is."""
        return {"uid": self.uid, "type": self.type, "contract_id": self.contract_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where it was charged; what is not known is ""."""

    id: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str
    latitude: str
    longitude: str
    evse_id: str
    connector_id: str
    standard: str
    format: str
    power_type: str

    def owner(self, tariff: Tariff) -> tuple[str, str]:
        """Return country and party of who operates it, by its EVSE id, else by the tariff."""
        if named := _EVSE_ID.match(self.evse_id):
            return named[1], named[2]
        return tariff.country_code or _NOBODY[0], tariff.party_id or _NOBODY[1]

    def ocpi(self) -> dict[str, Any]:
        """Return the CdrLocation; what OCPI has no room for is cut."""
        known = self.latitude and self.longitude
        coordinates = {"latitude": self.latitude, "longitude": self.longitude}
        return {
            "id": self.id[:36],
            "name": self.name or None,
            "address": self.address[:45],
            "city": self.city[:45],
            "postal_code": self.postal_code or None,
            "country": self.country,
            "coordinates": coordinates if known else None,
            "evse_uid": self.evse_id[:36],
            "evse_id": self.evse_id[:48],
            "connector_id": self.connector_id,
            "connector_standard": self.standard,
            "connector_format": self.format,
            "connector_power_type": self.power_type,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What is billed, net and gross in minor units, and what the parts of it came to.

    The parts are as the tariff prices them, also where less of their sum is billed in the end.
    """

    currency: str
    net_minor: int
    gross_minor: int
    breakdown: Breakdown | None = None

    def ocpi(self) -> dict[str, Any]:
        """Return the costs of a CDR; a part that the tariff does not price is None."""
        return {
            "total_cost": self._price(self.net_minor, self.gross_minor),
            "total_fixed_cost": self._part(Dimension.FLAT),
            "total_energy_cost": self._part(Dimension.ENERGY),
            "total_time_cost": self._part(Dimension.TIME),
            "total_parking_cost": self._part(Dimension.PARKING_TIME),
        }

    def _part(self, dimension: Dimension) -> dict[str, Decimal] | None:
        lines = self.breakdown.lines if self.breakdown else ()
        mine = [line for line in lines if line.dimension is dimension]
        if not mine:
            return None
        return self._price(sum(x.net_minor for x in mine), sum(x.gross_minor for x in mine))

    def _price(self, net_minor: int, gross_minor: int) -> dict[str, Decimal]:
        digits = minor_digits(self.currency)
        net, gross = (Decimal(minor).scaleb(-digits) for minor in (net_minor, gross_minor))
        return {"excl_vat": net, "incl_vat": gross}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """A charge that has ended, told at `at`: its periods, one or more, and what is billed for it.

    `tariff` is the one that was agreed to; `invoice` names the paper that bills it.
    """

    cdr_id: str
    at: datetime
    token: Token
    location: Location
    tariff: Tariff
    periods: Sequence[Period]
    cost: Cost
    session_id: str | None = None
    auth_method: str = "COMMAND"
    remark: str | None = None
    invoice: str | None = None
    signed_data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """A CDR as it is kept: `document` is the OCPI object, in JSON's types.

    `total_minor` is what it adds to what is billed, negative for one that credits another.
    """

    id: str
    created_at: datetime
    charge_point_id: str
    transaction_id: str | None = None
    session_id: str | None = None
    total_minor: int
    credits: str | None = None
    document: Document = field(default_factory=dict)


def cdr(charge: Concluded) -> Document:
    """Return the OCPI CDR of a charge.

    Source: OCPI 2.2.1 mod_cdrs, CDR object.
    """
    country_code, party_id = charge.location.owner(charge.tariff)
    owner = {"country_code": country_code, "party_id": party_id}
    started_at, ended_at = charge.periods[0].start_at, charge.periods[-1].end_at
    volumes = _Volumes.of(charge.periods, ended_at - started_at)
    told = {
        **owner,
        "id": charge.cdr_id,
        "start_date_time": started_at,
        "end_date_time": ended_at,
        "session_id": charge.session_id,
        "cdr_token": owner | charge.token.ocpi(),
        "auth_method": charge.auth_method,
        "cdr_location": charge.location.ocpi(),
        "currency": charge.cost.currency,
        "tariffs": [_whole(charge.tariff, country_code, party_id, charge.at)],
        "charging_periods": volumes.charging_periods(charge.periods, charge.tariff.id),
        "signed_data": charge.signed_data,
        "total_energy": _number(sum(volumes.energy)),
        "total_time": _number(volumes.whole),
        "total_parking_time": _number(sum(volumes.parking)),
        "remark": charge.remark,
        "invoice_reference_id": charge.invoice,
        "last_updated": charge.at,
    }
    return document(told | charge.cost.ocpi())


def _whole(tariff: Tariff, country_code: str, party_id: str, at: datetime) -> Tariff:
    """Return a tariff with what OCPI asks for and its file may leave out."""
    return replace(
        tariff,
        country_code=tariff.country_code or country_code,
        party_id=tariff.party_id or party_id,
        last_updated=tariff.last_updated or at,
    )


def credit(original: Cdr, at: datetime) -> Cdr:
    """Return the CDR that credits another one: all of it again, its total cost negated.

    Source: OCPI 2.2.1 mod_cdrs, Credit CDRs.
    """
    named = f"{original.id}-C"
    negated = {name: -amount for name, amount in original.document["total_cost"].items()}
    credited = {
        "id": named,
        "total_cost": negated,
        "credit": True,
        "credit_reference_id": original.id,
    }
    told = original.document | credited | document({"last_updated": at})
    return replace(
        original,
        id=named,
        created_at=at,
        total_minor=-original.total_minor,
        credits=original.id,
        document=told,
    )


@dataclass(frozen=True, slots=True)
class _Volumes:
    """What each period used, in ten-thousandths of a kWh or an hour: totals are exact sums."""

    energy: list[int]
    charging: list[int]
    parking: list[int]
    reservation: list[int]
    whole: int

    @classmethod
    def of(cls, periods: Sequence[Period], elapsed: timedelta) -> "_Volumes":
        """Round totals once and allot them to the periods, by largest remainder."""
        energy = [Fraction(period.energy_wh, 1000) for period in periods]
        times = [_hours(p.charging) for p in periods] + [_hours(p.parking) for p in periods]
        allotted, count = _allotted(times), len(periods)
        return cls(
            energy=_allotted(energy),
            charging=allotted[:count],
            parking=allotted[count:],
            reservation=_allotted([_hours(period.reservation) for period in periods]),
            whole=_units(_hours(elapsed)),
        )

    def charging_periods(self, periods: Sequence[Period], tariff_id: str) -> list[dict[str, Any]]:
        """Return the periods; one in which nothing happened says so by no energy."""
        return [
            {
                "start_date_time": period.start_at,
                "dimensions": self._used(place) + _bounds(period)
                or [{"type": "ENERGY", "volume": Decimal(0)}],
                "tariff_id": tariff_id,
            }
            for place, period in enumerate(periods)
        ]

    def _used(self, place: int) -> list[dict[str, Any]]:
        used = {
            "ENERGY": self.energy[place],
            "TIME": self.charging[place],
            "PARKING_TIME": self.parking[place],
            "RESERVATION_TIME": self.reservation[place],
        }
        return [{"type": name, "volume": _number(units)} for name, units in used.items() if units]


def _bounds(period: Period) -> list[dict[str, Any]]:
    """What the period never went below and above, in kW and A, where somebody said."""
    said = {
        "MIN_POWER": period.min_power_w,
        "MAX_POWER": period.max_power_w,
        "MIN_CURRENT": period.min_current_ma,
        "MAX_CURRENT": period.max_current_ma,
    }
    return [
        {"type": name, "volume": _number(_units(Fraction(thousandths) / 1000))}
        for name, thousandths in said.items()
        if thousandths is not None
    ]


def _hours(duration: timedelta) -> Fraction:
    return Fraction(duration // timedelta(microseconds=1), _HOUR_US)


def _units(quantity: Fraction) -> int:
    return round(quantity * _PER_ONE)


def _allotted(quantities: list[Fraction]) -> list[int]:
    return allot(_units(sum(quantities, Fraction(0))), quantities)


def _number(units: int) -> Decimal:
    return Decimal(units).scaleb(-_DIGITS)
