"""OCPI objects in JSON's types (OCPI 2.2.1 types)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

Document = dict[str, Any]
"""A JSON object."""


def document(thing: Mapping[str, Any]) -> Document:
    """Return an object with what OCPI knows no value for left out.

    Moments are RFC 3339 in UTC with a Z; an exact decimal becomes the JSON number that is written
    with its digits.
    """
    told: Document = _json(thing)
    return told


def _json(thing: Any) -> Any:
    match thing:
        case Enum():
            return thing.value
        case bool() | int() | str() | float():
            return thing
        case Decimal():
            # At most fifteen digits, which every reader of JSON keeps, float or not.
            return int(thing) if thing == thing.to_integral_value() else float(thing)
        case datetime():
            return moment(thing)
        case date():
            return thing.isoformat()
        case Mapping():
            return {name: _json(value) for name, value in thing.items() if _known(value)}
        case Sequence():
            return [_json(each) for each in thing]
    if is_dataclass(thing):
        return _json({each.name: getattr(thing, each.name) for each in fields(thing)})
    raise TypeError(f"OCPI knows no {type(thing).__name__}")


def _known(value: Any) -> bool:
    """An empty list and none are one to OCPI."""
    return value is not None and value not in ((), [])


def moment(at: datetime) -> str:
    """Return a moment as an OCPI DateTime, with milliseconds where it has any."""
    utc = at.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='milliseconds' if utc.microsecond >= 1000 else 'seconds')}Z"  # noqa: PLR2004
