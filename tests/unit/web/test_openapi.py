"""The OpenAPI document tells the routes that are served, all of them, and is well made."""

import json
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from irve_bridge.web import openapi
from irve_bridge.web.app import ROUTES
from irve_bridge.web.openapi import CSMS, publish
from irve_bridge.web.operations import OPERATIONS

DOCUMENT: dict[str, Any] = json.loads(publish(OPERATIONS, "https://bridge.example").text)
API = ("/api/", "/finish-dynamic-charge/", "/webhook", "/healthz", "/readyz")
OPEN = {"createPayment", "quote", "receiveWebhook", "alive", "ready", "openapi"}


def test_every_route_of_the_api_and_nothing_else_is_in_it() -> None:
    served = {(r.method, r.path) for r in ROUTES if r.path.startswith(API)}
    told = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert len(served) > 30
    assert told == served


def test_it_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_operation_has_a_name_of_its_own() -> None:
    """Clients that are generated name their functions after it."""
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_whoever_adds_a_route_asks_for_a_key() -> None:
    """A route is open because somebody said so."""
    assert {o.name for o in OPERATIONS if not o.callers} == OPEN
    assert openapi.Operation.__dataclass_fields__["callers"].default == CSMS


def test_what_requests_and_answers_both_name_is_one_thing() -> None:
    _, asked = openapi._requests(OPERATIONS)
    _, told = openapi._answers(OPERATIONS)
    shared = asked.keys() & told.keys()
    assert {name: sorted(asked[name]["enum"]) for name in shared} == {
        name: sorted(told[name]["enum"]) for name in shared
    }


def test_every_refusal_has_one_shape() -> None:
    shapes = {
        json.dumps(answer["content"]["application/json"]["schema"])
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    }
    assert shapes == {'{"$ref": "#/components/schemas/Refused"}'}
