"""Checks the parameters of accepted requests against Stripe's OpenAPI specification."""

import re
from collections.abc import Iterator
from typing import Any

from tests.stripe_simulator.annotations import OPENAPI

NEWER_THAN_THE_SPECIFICATION = {
    # The subset is of 2026-05-27.dahlia; endive replaced payment_method_types by this.
    "allowed_payment_method_types",
}


def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the OpenAPI operation of a request, None where the subset lacks the endpoint."""
    for template, operations in OPENAPI["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", template), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None


def unknown_parameters(method: str, path: str, form: dict[str, Any]) -> list[str]:
    """Return the parameters of a request that the specification does not know."""
    found = operation(method, path)
    if found is None:
        return []
    if method == "GET":
        known = {parameter["name"] for parameter in found.get("parameters", [])}
        return sorted(form.keys() - known)
    content = found["requestBody"]["content"]["application/x-www-form-urlencoded"]
    return list(_unknown(form, content["schema"], ""))


def _unknown(form: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name, value in form.items():
        if name in NEWER_THAN_THE_SPECIFICATION:
            continue
        if name not in known:
            yield f"{path}{name}"
        elif isinstance(value, dict) and (nested := _nested(known[name])):
            yield from _unknown(value, nested, f"{path}{name}.")


def _nested(schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of an object's properties, None for lists and free maps."""
    for each in [schema, *schema.get("anyOf", [])]:
        if each.get("properties"):
            return dict(each)
    return None
