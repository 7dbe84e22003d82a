"""Request parameters checked and typed by the annotations of the ``stripe`` SDK's own params."""

import functools
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe._request_options import RequestOptions
from stripe._stripe_context import StripeContext
from typing_extensions import is_typeddict

from simulators.stripe.wire import InvalidParameterError, Object

_NAMES = {"StripeContext": StripeContext, "Mapping": Mapping}


@functools.cache
def fields(params_type: type) -> dict[str, Any]:
    """Return the parameters a params TypedDict declares, without the SDK's request options."""
    hints = typing.get_type_hints(params_type, localns=_NAMES, include_extras=True)
    inherited = RequestOptions.__annotations__ if _is_request(params_type) else {}
    return {name: hint for name, hint in hints.items() if name not in inherited}


def _is_request(params_type: type) -> bool:
    return {"idempotency_key", "stripe_account"} <= params_type.__annotations__.keys()


def parse(params_type: type, form: Object, path: str = "") -> Object:
    """Return the form typed by the SDK's annotations.

    Raises:
        InvalidParameterError: as Stripe words it, for unknown, missing and mistyped parameters.
    """
    known = fields(params_type)
    for name in form:
        if name not in known:
            raise InvalidParameterError(
                f"Received unknown parameter: {_join(path, name)}",
                code="parameter_unknown",
                param=_join(path, name),
            )
    for name in getattr(params_type, "__required_keys__", ()):
        if name not in form:
            raise InvalidParameterError(
                f"Missing required param: {_join(path, name)}.",
                code="parameter_missing",
                param=_join(path, name),
            )
    return {name: _value(known[name], raw, _join(path, name)) for name, raw in form.items()}


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(hint: Any, raw: Any, path: str) -> Any:
    members = list(_members(hint))
    if isinstance(raw, dict):
        return _nested(members, raw, path)
    if raw == "" and "" in _literals(members):
        return ""
    return _scalar(members, raw, path)


def _members(hint: Any) -> typing.Iterator[Any]:
    """Yield the alternatives of a hint, unions and wrappers taken apart."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        for member in get_args(hint):
            yield from _members(member)
    elif origin in (NotRequired, Required):
        yield from _members(get_args(hint)[0])
    else:
        yield hint


def _literals(members: list[Any]) -> list[Any]:
    return [
        value for member in members if get_origin(member) is Literal for value in get_args(member)
    ]


def _nested(members: list[Any], raw: Object, path: str) -> Any:
    for member in members:
        if is_typeddict(member):
            return parse(member, raw, path)
        if get_origin(member) is list:
            (item,) = get_args(member)
            return [_value(item, value, f"{path}[{index}]") for index, value in raw.items()]
        if get_origin(member) is dict:
            return {name: _metadata(name, value, path) for name, value in raw.items()}
    raise InvalidParameterError(f"Invalid string: {raw}", param=path)


def _metadata(name: str, value: Any, path: str) -> str:
    """Return one value of metadata, within https://docs.stripe.com/metadata's limits."""
    longest = {"names": (name, 40), "values": (str(value), 500)}
    for what, (text, length) in longest.items():
        if len(text) > length:
            raise InvalidParameterError(
                f"Metadata {what} can be up to {length} characters, but you passed {len(text)}.",
                param=f"{path}[{name}]",
            )
    return str(value)


def _scalar(members: list[Any], raw: str, path: str) -> Any:
    if bool in members and raw in ("true", "false"):
        return raw == "true"
    if int in members and re.fullmatch(r"-?\d+", raw):
        return int(raw)
    if float in members and raw.replace(".", "", 1).isdecimal():
        return float(raw)
    choices = [value for value in _literals(members) if value != ""]
    if raw in choices or (str in members and not choices):
        return _not_empty(raw, path)
    raise _invalid(members, choices, raw, path)


def _not_empty(raw: str, path: str) -> str:
    if raw == "":
        raise InvalidParameterError(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{path}' cannot be unset.",
            code="parameter_invalid_empty",
            param=path,
        )
    return raw


def _invalid(members: list[Any], choices: list[str], raw: str, path: str) -> InvalidParameterError:
    if choices:
        listed = ", ".join(choices[:-1]) + f" or {choices[-1]}" if choices[1:] else choices[0]
        return InvalidParameterError(f"Invalid {path}: must be one of {listed}", param=path)
    if int in members:
        return InvalidParameterError(
            f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path
        )
    kind = "boolean" if bool in members else "object" if str not in members else "string"
    return InvalidParameterError(f"Invalid {kind}: {raw}", param=path)
