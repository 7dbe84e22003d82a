"""Published tariffs with the CDRs they must lead to, read from any folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from irve_bridge.domain import tariff_loading
from irve_bridge.domain.period import Period
from irve_bridge.domain.tariff import Tariff

HOUR_US = 3_600_000_000
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
TIMES = {"TIME": "charging", "PARKING_TIME": "parking", "RESERVATION_TIME": "reservation"}
FLOWS = {
    "MIN_POWER": "min_power_w",
    "MAX_POWER": "max_power_w",
    "MIN_CURRENT": "min_current_ma",
    "MAX_CURRENT": "max_current_ma",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One CDR and the tariff it follows; `cdr` as published, numbers exact."""

    name: str
    tariff: Tariff
    cdr: dict[str, Any]

    @property
    def start_at(self) -> datetime:
        """When it begins; some periods begin before their session."""
        return min([moment(self.cdr["start_date_time"]), *(p.start_at for p in self.periods)])

    @property
    def zone(self) -> tzinfo:
        """The station's time zone, else the one that the CDR's own moments are written in."""
        named = (self.cdr.get("cdr_location") or {}).get("time_zone")
        return ZoneInfo(named) if named else moment(self.cdr["start_date_time"]).tzinfo or UTC

    @property
    def periods(self) -> list[Period]:
        """What was used; a period ends when the next one starts, the last with the session."""
        told = self.cdr["charging_periods"]
        starts = [moment(each["start_date_time"]) for each in told]
        ends = [*starts[1:], moment(self.cdr["end_date_time"])]
        return [
            Period(start_at=start, end_at=max(start, end), **_volumes(each["dimensions"]))
            for start, end, each in zip(starts, ends, told, strict=True)
        ]


def cases(folder: Path) -> Iterator[Case]:
    """Yield every `cdr*.json` below a folder with the `tariff.json` beside it, else its own tariff.

    Raises:
        TariffRefused, OSError, msgspec.MsgspecError, KeyError: A case that cannot be read.
    """
    for path in sorted(folder.rglob("cdr*.json")):
        yield case(path, folder)


def case(path: Path, folder: Path) -> Case:
    """Return the case of one CDR's file."""
    beside = path.parent / "tariff.json"
    cdr = _DECODER.decode(path.read_bytes())
    tariff = beside.read_bytes() if beside.exists() else _own_tariff(cdr)
    return Case(str(path.relative_to(folder)), tariff_loading.parse(tariff)[1], cdr)


def moment(text: str) -> datetime:
    """Return OCPI's DateTime; it is UTC where it does not say."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _own_tariff(cdr: dict[str, Any]) -> bytes:
    """Return the tariff that the first period names, else the first one."""
    tariffs, period = cdr["tariffs"], cdr["charging_periods"][0]
    named = [each for each in tariffs if each["id"] == period.get("tariff_id")]
    return _ENCODER.encode((named or tariffs)[0])


def _volumes(dimensions: list[dict[str, Any]]) -> dict[str, Any]:
    volumes: dict[str, Any] = {}
    for dimension in dimensions:
        kind, volume = dimension["type"], Fraction(dimension["volume"])
        if kind == "ENERGY":
            volumes["energy_wh"] = volumes.get("energy_wh", 0) + volume * 1000
        elif kind in TIMES:
            volumes[TIMES[kind]] = timedelta(microseconds=round(volume * HOUR_US))
        elif kind in FLOWS:
            volumes[FLOWS[kind]] = volume * 1000
    return volumes
