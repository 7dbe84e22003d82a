"""Watches a simulator at work: what it answers and what it accepts must be Stripe's."""

import json
from urllib.parse import parse_qsl

from aiohttp import web

from simulators.stripe import publishable
from simulators.stripe.wire import Object, decode_form
from tests.stripe_simulator.annotations import problems
from tests.stripe_simulator.requests_accepted import unknown_parameters


def record_problems(app: web.Application) -> list[str]:
    """Return a list that fills with what is wrong in answers and accepted requests under /v1."""
    found: list[str] = []

    async def check(request: web.Request, response: web.StreamResponse) -> None:
        if not request.path.startswith("/v1/") or not isinstance(response, web.Response):
            return
        form = await _form(request)
        by_browser = publishable.NAMES[0] in form
        if isinstance(response.body, bytes) and response.body:
            wrong = problems(json.loads(response.body))
            # A browser is told less than the whole object that the SDK knows.
            found.extend(each for each in wrong if not (by_browser and each.endswith(": missing")))
        if response.status == 200:
            found.extend(_unknown(request, form))

    app.on_response_prepare.append(check)
    return found


async def _form(request: web.Request) -> Object:
    body = request.query_string if request.method == "GET" else await request.text()
    form = decode_form(parse_qsl(body, keep_blank_values=True))
    form.pop("expand", None)
    return form


def _unknown(request: web.Request, form: Object) -> list[str]:
    if publishable.NAMES[0] in form:
        form = {name: value for name, value in form.items() if name not in publishable.NAMES}
    unknown = unknown_parameters(request.method, request.path, form)
    return [f"{request.method} {request.path}: {name}" for name in unknown]
