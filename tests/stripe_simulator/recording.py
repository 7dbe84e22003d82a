"""Watches a simulator at work: what it answers and what it accepts must be Stripe's."""

import json
from urllib.parse import parse_qsl

from aiohttp import web

from simulators.stripe.wire import decode_form
from tests.stripe_simulator.annotations import problems
from tests.stripe_simulator.requests_accepted import unknown_parameters


def record_problems(app: web.Application) -> list[str]:
    """Return a list that fills with what is wrong in answers and accepted requests under /v1."""
    found: list[str] = []

    async def check(request: web.Request, response: web.StreamResponse) -> None:
        if not request.path.startswith("/v1/") or not isinstance(response, web.Response):
            return
        if isinstance(response.body, bytes) and response.body:
            found.extend(problems(json.loads(response.body)))
        if response.status == 200:
            found.extend(await _unknown(request))

    app.on_response_prepare.append(check)
    return found


async def _unknown(request: web.Request) -> list[str]:
    body = request.query_string if request.method == "GET" else await request.text()
    form = decode_form(parse_qsl(body, keep_blank_values=True))
    form.pop("expand", None)
    unknown = unknown_parameters(request.method, request.path, form)
    return [f"{request.method} {request.path}: {name}" for name in unknown]
