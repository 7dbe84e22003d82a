"""The OpenAPI document of the API, made of what checks requests and what writes answers.

Requests are described by pydantic, whose models check them; answers by msgspec, whose types write
them (https://spec.openapis.org/oas/v3.1.1.html).
"""

import asyncio
import hashlib
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from importlib.metadata import version
from types import UnionType
from typing import Any, get_args

import msgspec
from aiohttp import ETag, web
from pydantic import TypeAdapter

from irve_bridge.domain.id_tag import PATTERN
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.control import ACTIONS
from irve_bridge.web.callers import COOKIE
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.refusals import Refused
from irve_bridge.web.replies import HEADER, KEY_LENGTH_MOST

_MOMENT = re.compile(r"(\w+_)?at|since|\w+_date_time|last_updated")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Schema = dict[str, Any]

TITLE = "irve_bridge"
REF = "#/components/schemas/{}"
CSMS = ("csms",)
DRIVER = ("driver", "driver_query", "driver_cookie")
_CALLERS: dict[str, Schema] = {
    "csms": {"type": "http", "scheme": "bearer", "description": "A `CSMS_API_KEY`."},
    "driver": {"type": "http", "scheme": "bearer", "description": "The session's `token`."},
    "driver_query": {"type": "apiKey", "in": "query", "name": "token"},
    "driver_cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
_PATH_PARAMETERS: dict[str, Schema] = {
    "action": {"type": "string", "enum": list(ACTIONS)},
    "id_tag": {"type": "string", "pattern": PATTERN},
}
_KEY: Schema = {
    "name": HEADER,
    "in": "header",
    "description": "The same request under the same key is done once and answered the same.",
    "schema": {"type": "string", "maxLength": KEY_LENGTH_MOST},
}

LANGUAGE: Schema = {
    "name": "Accept-Language",
    "in": "header",
    "description": "The driver's language: fr, en, de, es, it or nl; fr where none of them is.",
    "schema": {"type": "string"},
}
SIGNATURE: Schema = {
    "name": "Stripe-Signature",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One route of the API: who may call it, what it takes, and what it answers.

    `call` is its method and its path. `answers` are the types of JSON by status, None for no
    content. `refusals` are the statuses of refusals besides those that follow from the rest. A
    `raw` body is taken whatever it is. `headers` may be sent; with `keyed`, an Idempotency-Key too.
    """

    name: str
    call: str
    handler: Handler
    summary: str
    tag: str
    answers: Mapping[int, Any]
    refusals: tuple[int, ...] = ()
    callers: tuple[str, ...] = CSMS
    query: TypeAdapter[Any] | None = None
    body: TypeAdapter[Any] | None = None
    raw: bool = False
    keyed: bool = False
    headers: tuple[Schema, ...] = ()

    @property
    def method(self) -> str:
        """The method of HTTP."""
        return self.call.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path, with what is filled in between braces."""
        return self.call.partition(" ")[2]

    @property
    def route(self) -> web.RouteDef:
        """The route as the application takes it."""
        return web.route(self.method, self.path, self.handler)

    @property
    def names(self) -> list[str]:
        """The parts of the path that are filled in."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def refused_with(self) -> list[int]:
        """Every status of a refusal."""
        found = {*self.refusals, 500}
        found |= {401} if self.callers else set()
        found |= {403} if self.callers == CSMS else set()
        found |= {400, 413} if self.body else set()
        found |= {415, 422} if self.body and not self.raw else set()
        found |= {422} if self.query or self.keyed else set()
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Published:
    """The document as it is served."""

    text: str
    etag: str


DESCRIBED = web.AppKey("described", tuple[Operation, ...])
"""What the document describes."""


@lru_cache(maxsize=1)
def publish(operations: tuple[Operation, ...], base_url: str) -> Published:
    """Return the document of these operations, which are served under `base_url`."""
    text = json.dumps(document(operations, base_url))
    return Published(text, hashlib.sha256(text.encode()).hexdigest()[:16])


async def show(request: web.Request) -> web.Response:
    """Answer GET /api/openapi.json; who has it already is told that it is still the same."""
    told = (request.app[DESCRIBED], request.app[CONTEXT].settings.base_url)
    published = await asyncio.to_thread(publish, *told)  # made once, and not while others wait
    response = web.json_response(text=published.text, headers={"Cache-Control": "no-cache"})
    known = request.if_none_match or ()
    if any(each.value in (published.etag, "*") for each in known):
        response = web.Response(status=304, headers={"Cache-Control": "no-cache"})
    response.etag = ETag(published.etag)
    return response


def document(operations: tuple[Operation, ...], base_url: str) -> Schema:
    """Return the OpenAPI document of these operations."""
    requests, request_schemas = _requests(operations)
    answers, answer_schemas = _answers(operations)
    inlined = {_name(requests[id(o.query)]) for o in operations if o.query}
    schemas = _ocpi() | answer_schemas | request_schemas
    paths: dict[str, Schema] = {}
    for operation in operations:
        told = _operation(operation, requests, answers, request_schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    return {
        "openapi": "3.1.1",
        "info": {
            "title": TITLE,
            "version": version("irve-bridge"),
            "description": "Card payments for electric-vehicle chargers. Amounts are integers in "
            "minor units of their currency, energy is in Wh, times are ISO 8601.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "securitySchemes": _CALLERS,
            "schemas": {name: schemas[name] for name in sorted(schemas) if name not in inlined},
        },
    }


def _requests(operations: tuple[Operation, ...]) -> tuple[dict[int, Schema], dict[str, Schema]]:
    """Return the schema of each adapter by its identity, and what they refer to by name."""
    adapters = {id(a): a for o in operations for a in (o.query, o.body) if a is not None}
    found, shared = TypeAdapter.json_schemas(
        [(key, "validation", adapter) for key, adapter in adapters.items()],
        ref_template=REF.format("{model}"),
    )
    schemas = {key: schema for (key, _), schema in found.items()}
    return schemas, shared.get("$defs", {})


def _answers(operations: tuple[Operation, ...]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of each type of answer, and what they refer to by name."""
    told = (t for o in operations for answer in o.answers.values() for t in _alternatives(answer))
    types = [*dict.fromkeys(told), Refused]
    found, shared = msgspec.json.schema_components(types, ref_template=REF.format("{name}"))
    return dict(zip(types, found, strict=True)), _worded(shared)


def _alternatives(answer: Any) -> tuple[Any, ...]:
    if answer is None:
        return ()
    return get_args(answer) if isinstance(answer, UnionType) else (answer,)


def _ocpi() -> dict[str, Schema]:
    """Return OCPI's objects, whose decimals are numbers of JSON, by names of their own."""
    _, shared = msgspec.json.schema_components([Tariff], ref_template=REF.format("Ocpi{name}"))
    return {f"Ocpi{name}": _numbers(schema) for name, schema in _worded(shared).items()}


def _numbers(schema: Any) -> Any:
    match schema:
        case {"type": "string", "format": "decimal"}:
            return {"type": "number"}
        case dict():
            return {name: _numbers(value) for name, value in schema.items()}
        case list():
            return [_numbers(each) for each in schema]
    return schema


def _worded(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Say of types what callers want to know, and of what is a moment by its name that it is one.

    What docstrings say behind their first paragraph is of the code.
    """
    for schema in schemas.values():
        schema["description"] = inspect.cleandoc(schema.get("description", "")).split("\n\n")[0]
        for name, told in schema.get("properties", {}).items():
            if _MOMENT.fullmatch(name):
                texts = (x for x in (told, *told.get("anyOf", ())) if x.get("type") == "string")
                for text in texts:
                    text["format"] = "date-time"
    return dict(schemas)


def _operation(
    operation: Operation,
    requests: Mapping[int, Schema],
    answers: Mapping[Any, Schema],
    shared: Mapping[str, Schema],
) -> Schema:
    told: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{caller: []} for caller in operation.callers],
        "parameters": [*_path(operation), *operation.headers, *([_KEY] if operation.keyed else ())],
        "responses": _responses(operation, answers),
    }
    if operation.query:
        told["parameters"] += _query(shared[_name(requests[id(operation.query)])])
    if operation.body:
        body = {"application/json": {"schema": requests[id(operation.body)]}}
        told["requestBody"] = {"required": True, "content": body}
    return told


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _path(operation: Operation) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PATH_PARAMETERS.get(name, {"type": "string"}),
        }
        for name in operation.names
    ]


def _query(model: Schema) -> list[Schema]:
    """Return a query model as parameters; none of them can be null in an address."""
    required = model.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _present(schema)}
        for name, schema in model["properties"].items()
    ]


def _present(schema: Schema) -> Schema:
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    others = {k: v for k, v in schema.items() if k != "anyOf" and (k, v) != ("default", None)}
    if not choices:
        return others
    return {**others, **choices[0]} if len(choices) == 1 else {**others, "anyOf": choices}


def _responses(operation: Operation, answers: Mapping[Any, Schema]) -> Schema:
    refusal = {"application/json": {"schema": answers[Refused]}}
    told: Schema = {}
    for status, answer in operation.answers.items():
        told[str(status)] = {"description": HTTPStatus(status).phrase}
        if choices := [answers[each] for each in _alternatives(answer)]:
            schema = choices[0] if len(choices) == 1 else {"anyOf": choices}
            told[str(status)]["content"] = {"application/json": {"schema": schema}}
    for status in operation.refused_with:
        told[str(status)] = {"description": HTTPStatus(status).phrase, "content": refusal}
    return told
