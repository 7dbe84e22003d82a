"""Checks objects as they go over the wire against the annotations of the ``stripe`` SDK's classes.

The SDK is generated from Stripe's own specification, so what it does not know is not Stripe's.
"""

import functools
import importlib
import inspect
import json
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from stripe import ErrorObject, ListObject, StripeObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import UntypedStripeObject

OPENAPI = json.loads(
    (Path(__file__).parents[1] / "data" / "stripe-openapi-subset.json").read_text()
)


@functools.cache
def class_named(kind: str) -> type[StripeObject]:
    """Return the SDK's class for the value of an ``object`` field."""
    module, name = OBJECT_CLASSES[kind]
    found: type[StripeObject] = getattr(importlib.import_module(module), name)
    return found


@functools.cache
def _names() -> dict[str, Any]:
    """Return what forward references may name: the SDK imports these for type checkers only."""
    top_level_last = sorted(OBJECT_CLASSES.items(), key=lambda item: "._" in item[1][0][:8])
    names = {name: class_named(kind) for kind, (_, name) in top_level_last}
    aliases = {f"{name}Resource": cls for name, cls in names.items()}
    return names | aliases | {"IssuingDisputeResource": class_named("issuing.dispute")}


@functools.cache
def fields(cls: type[StripeObject]) -> dict[str, Any]:
    """Return the fields a class of the SDK declares, with their types."""
    own: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base is StripeObject or not issubclass(base, StripeObject):
            continue
        own |= inspect.get_annotations(base)
    hints = typing.get_type_hints(cls, localns=_names())
    return {
        name: hints[name]
        for name in own
        if not name.startswith("_") and get_origin(hints[name]) is not typing.ClassVar
    }


def problems(obj: dict[str, Any]) -> list[str]:
    """Return what is missing, unknown or mistyped in an object, an event, a list or an error."""
    if "error" in obj:
        return list(_object(obj["error"], ErrorObject, "error"))
    return list(_any_object(obj, obj.get("object", "?")))


def _any_object(obj: dict[str, Any], path: str) -> Iterator[str]:
    if obj.get("object") == "list":
        yield from _list(obj, Any, path)
        return
    if obj.get("deleted"):
        yield from (f"{path}.{name}: unknown" for name in obj.keys() - {"id", "object", "deleted"})
        return
    yield from _object(obj, class_named(obj["object"]), path)
    schema = OPENAPI["components"]["schemas"].get(obj["object"], {})
    yield from (f"{path}.{name}: missing" for name in schema.get("required", []) if name not in obj)
    if obj["object"] == "event":
        yield from _any_object(obj["data"]["object"], f"{path}.{obj['type']}")
        changed = obj["data"].get("previous_attributes", {}).keys()
        unknown = changed - fields(class_named(obj["data"]["object"]["object"])).keys()
        yield from (f"{path}.previous_attributes.{name}: unknown" for name in unknown)


def _object(obj: Any, cls: type[StripeObject], path: str) -> Iterator[str]:
    if not isinstance(obj, dict):
        yield f"{path}: {obj!r} is no {cls.__name__}"
        return
    known = fields(cls)
    yield from (f"{path}.{name}: unknown" for name in obj.keys() - known.keys())
    for name, hint in known.items():
        if name in obj:
            yield from _value(obj[name], hint, f"{path}.{name}")
        elif type(None) not in _members(hint):
            yield f"{path}.{name}: missing"


def _list(obj: dict[str, Any], item: Any, path: str) -> Iterator[str]:
    yield from (f"{path}.{name}: missing" for name in {"data", "has_more", "url"} - obj.keys())
    for index, row in enumerate(obj.get("data", [])):
        if item is Any:
            yield from _any_object(row, f"{path}[{index}]")
        else:
            yield from _value(row, item, f"{path}[{index}]")


def _members(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, types.UnionType):
        return [member for each in get_args(hint) for member in _members(each)]
    return [hint]


def _value(value: Any, hint: Any, path: str) -> Iterator[str]:
    members = _members(hint)
    if Any in members:
        return
    if isinstance(value, dict):
        yield from _nested(value, members, path)
    elif isinstance(value, list):
        yield from _items(value, members, path)
    elif not _scalar_fits(value, members):
        yield f"{path}: {value!r} is no {hint}"


def _nested(value: dict[str, Any], members: list[Any], path: str) -> Iterator[str]:
    for member in members:
        origin = get_origin(member) or member
        if origin in (UntypedStripeObject, dict):
            item = (get_args(member) or (Any,))[-1]
            for name, each in value.items():
                yield from _value(each, item, f"{path}.{name}")
            return
        if origin is ListObject:
            yield from _list(value, get_args(member)[0], path)
            return
        if isinstance(origin, type) and issubclass(origin, StripeObject):
            if isinstance(value.get("object"), str):
                yield from _any_object(value, path)
            else:
                yield from _object(value, origin, path)
            return
    yield f"{path}: an object, expected {members}"


def _items(value: list[Any], members: list[Any], path: str) -> Iterator[str]:
    for member in members:
        if get_origin(member) is list:
            (item,) = get_args(member)
            for index, each in enumerate(value):
                yield from _value(each, item, f"{path}[{index}]")
            return
    yield f"{path}: a list, expected {members}"


def _scalar_fits(value: Any, members: list[Any]) -> bool:
    """Tell whether a scalar is allowed; open enums of the SDK are read as closed."""
    choices = [
        each for member in members if get_origin(member) is Literal for each in get_args(member)
    ]
    if choices and isinstance(value, str):
        return value in choices
    if value is None:
        return type(None) in members
    if Decimal in members:  # the SDK makes decimals of the strings on the wire
        return isinstance(value, str) and value.replace(".", "", 1).isdecimal()
    return type(value) in members or value in choices
