"""Transaction messages that fail validation: whatever of them can be read is kept.

A CALLERROR would make the charge point retry and then discard revenue (OCPP 1.6 ed. 2 §4.7, §4.8,
§4.10; OCPP-J errata 3.2).
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct, ValidationError

from irve_bridge.charge_points.v16.decode import (
    MeterValue,
    MeterValues,
    StartTransaction,
    StopTransaction,
)

S = TypeVar("S", bound=Struct)

# What is presumed where it is missing, so that the rest is not lost: the moment of arrival, the
# whole charge point, and for a register -1, as charge points say themselves when they do not know.
PRESUMED: dict[type[Struct], dict[str, Any]] = {
    StartTransaction: {"timestamp": ""},
    StopTransaction: {"timestamp": "", "meter_stop": -1},
    MeterValues: {"connector_id": 0},
    MeterValue: {"timestamp": ""},
}


def salvage(payload: bytes, type_: type[S]) -> S:
    """Return a message as far as it can be read.

    Raises:
        msgspec.ValidationError: Something essential is missing or not readable.
    """
    try:
        found = json.loads(payload.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ValidationError(str(error)) from error
    return _struct(found, type_)


def _struct(found: object, type_: type[S]) -> S:
    if not isinstance(found, dict):
        raise ValidationError("not an object")
    kept = PRESUMED.get(type_, {}).copy()
    for field in msgspec.structs.fields(type_):
        with suppress(KeyError, ValidationError):
            kept[field.name] = _value(found[field.encode_name], field.type)
        if field.required and field.name not in kept:
            raise ValidationError(f"{field.encode_name} is missing or not readable")
    return type_(**kept)


def _value(found: object, type_: Any) -> object:
    if get_origin(type_) is list:
        return list(_items(found, *get_args(type_)))
    for candidate in _candidates(found):
        with suppress(ValidationError):
            return msgspec.convert(candidate, type_, strict=False)
    raise ValidationError("not readable")


def _items(found: object, type_: type[S]) -> Iterator[S]:
    for item in found if isinstance(found, list) else ():
        with suppress(ValidationError):
            yield _struct(item, type_)


def _candidates(found: object) -> Iterator[object]:
    """Give what was found, then what it may have meant: 12.0 for 12, 12 for "12"."""
    if isinstance(found, str):
        # A lone surrogate is no character that could be stored.
        found = found.encode(errors="replace").decode()
    yield found
    if isinstance(found, int | float | str) and not isinstance(found, bool):
        with suppress(ValueError, OverflowError):
            yield int(float(found))
        yield str(found)
