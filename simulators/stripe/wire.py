"""Stripe's v1 wire format: bracketed forms in, JSON objects and JSON errors out."""

import copy
import re
import secrets
import string
from collections.abc import Iterable
from typing import Any

Object = dict[str, Any]
"""One Stripe object, event or response as it goes over the wire."""

_ALPHABET = string.ascii_letters + string.digits
_KEY = re.compile(r"[^\[\]]+")


def new_id(prefix: str, length: int = 24) -> str:
    """Return a fresh id such as ``pi_3x…``, unguessable like Stripe's."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"


class StripeError(Exception):
    """An answer outside 2xx, in the shape of https://docs.stripe.com/api/errors."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",  # noqa: A002 - Stripe's name for it
        about: Object | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Object = {"type": type, "message": message}
        self.error |= {"code": code} if code else {}
        self.error |= {"doc_url": f"https://docs.stripe.com/error-codes#{code}"} if code else {}
        self.error |= {"param": param} if param else {}
        self.error |= {about["object"]: copy.deepcopy(about)} if about else {}
        self.error |= {name: value for name, value in fields.items() if value is not None}


class InvalidParameterError(StripeError):
    """A request refused before it began; Stripe keeps no idempotent result of those."""

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(400, message, code=code, param=param)


def encode_form(params: Object) -> list[tuple[str, str]]:
    """Return nested parameters as the ``a[b][0]=x`` pairs of Stripe's forms."""
    return [pair for name, value in params.items() for pair in _encoded(name, value)]


def _encoded(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [pair for name, each in items for pair in _encoded(f"{path}[{name}]", each)]
    return [(path, str(value).lower() if isinstance(value, bool) else str(value))]


def decode_form(pairs: Iterable[tuple[str, str]]) -> Object:
    """Return ``a[b][0]=x`` pairs as nested dicts; indices stay keys until they are typed."""
    form: Object = {}
    for name, value in pairs:
        path = _KEY.findall(name)
        if name.endswith("[]"):
            path.append(str(_next_index(form, path)))
        _assign(form, path, value)
    return form


def _next_index(form: Object, path: list[str]) -> int:
    for key in path:
        form = form.get(key, {})
    return len(form)


def _assign(form: Object, path: list[str], value: str) -> None:
    for depth, key in enumerate(path[:-1]):
        form = form.setdefault(key, {})
        if not isinstance(form, dict):
            raise InvalidParameterError("Invalid hash", param=".".join(path[: depth + 1]))
    form[path[-1]] = value
