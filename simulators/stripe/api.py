"""The /v1 door: key, version, account, idempotency and faults around every endpoint."""

import asyncio
import json
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from simulators.stripe import (
    accounts,
    application_fees,
    balance_transactions,
    catalogue,
    charges,
    checkout,
    customers,
    disputes,
    events,
    listing,
    parameters,
    payment_intents,
    payment_methods,
    payment_pages,
    refunds,
    setup_intents,
)
from simulators.stripe.faults import ConnectionDroppedError, Faults
from simulators.stripe.idempotency import Answer, IdempotencyKeys
from simulators.stripe.publishable import NAMES, Browser
from simulators.stripe.routing import Call, Route, check_simulated
from simulators.stripe.store import API_VERSION, Account, Platform
from simulators.stripe.wire import (
    InvalidParameterError,
    Object,
    StripeError,
    decode_form,
    new_id,
)

RESOURCES = (
    accounts,
    application_fees,
    customers,
    payment_methods,
    payment_intents,
    setup_intents,
    catalogue,
    checkout,
    payment_pages,
    charges,
    refunds,
    events,
    disputes,
    balance_transactions,
)
ROUTES = tuple(route for resource in RESOURCES for route in resource.routes.listed)
ENDIVE = "2026-10-28"
"""The API version that ended the ``payment_method_types`` request parameter."""
_NEVER_BEGAN = (401, 403, 409, 429)
_LOOK_INTERVAL_S = 0.1


@dataclass(eq=False)
class Api:
    """Answers the requests of Stripe's clients."""

    platform: Platform
    keys: IdempotencyKeys
    faults: Faults
    public_url: str | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return every endpoint for aiohttp's router, and the answer to unknown paths."""
        known = [
            web.route(route.method, route.path, _Endpoint(self, route).answer) for route in ROUTES
        ]
        return [*known, web.route("*", "/v1/{path:.*}", self._unknown)]

    async def _unknown(self, request: web.Request) -> web.Response:
        url = f"{request.method}: {request.path}"
        error = StripeError(404, f"Unrecognized request URL ({url}).")
        return answered(error, new_id("req", 14)).response()


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One endpoint, called by aiohttp."""

    api: Api
    route: Route

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request, or drop its connection."""
        request_id = new_id("req", 14)
        try:
            body = await request.text()
            browser = Browser.asking(_bearer(request), request.query_string, body)
            if browser is None:
                _authenticate(request)
            answer, headers = await self._idempotently(request, body, request_id, browser)
        except StripeError as error:
            answer, headers = answered(error, request_id), {}
        except ConnectionDroppedError as dropped:
            return await _drop(request, dropped.after_s)
        return answer.response(**_echo(request), **headers)

    async def _idempotently(
        self, request: web.Request, body: str, request_id: str, browser: Browser | None
    ) -> tuple[Answer, dict[str, str]]:
        """Return the answer kept under the request's key, or execute it and keep its answer."""
        key = request.headers.get("Idempotency-Key")
        account = self._account(request, browser)
        if request.method == "GET" or key is None:
            answer = await self._execute(request, account, body, request_id, key, browser)
            return await self._after(request, answer), {}
        kept = self.api.keys.begin(account.id, key, (request.method, request.path, body))
        if kept:
            await self.api.faults.disturb("before")
            return kept, {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
        try:
            answer = await self._execute(request, account, body, request_id, key)
        except BaseException:
            self.api.keys.forget(account.id, key)
            raise
        self.api.keys.keep(account.id, key, answer)
        answer = await self._after(request, answer)
        self.api.keys.keep(account.id, key, answer)
        return answer, {}

    async def _execute(
        self,
        request: web.Request,
        account: Account,
        body: str,
        request_id: str,
        key: str | None,
        browser: Browser | None = None,
    ) -> Answer:
        """Return the outcome, errors and server errors included.

        Raises:
            StripeError: what was refused before it began, and is not kept under its key.
        """
        try:
            await self.api.faults.strike(request.method, request.path, "before")
            return self._handled(request, account, body, request_id, key, browser)
        except StripeError as error:
            if isinstance(error, InvalidParameterError) or error.status in _NEVER_BEGAN:
                raise
            return answered(error, request_id)

    def _handled(
        self,
        request: web.Request,
        account: Account,
        body: str,
        request_id: str,
        key: str | None,
        browser: Browser | None,
    ) -> Answer:
        form = decode_form(parse_qsl(request.query_string + "&" + body, keep_blank_values=True))
        if browser is not None:
            form = {name: value for name, value in form.items() if name not in NAMES}
        params = self._typed(request, form)
        expand = params.pop("expand", [])
        with account.turn(request_id, key):
            call = Call(account, params, request.match_info.get("id", ""))
            made = browser.handled(self.route, call) if browser else self.route.handler(call)
            result = listing.expanded(account, made, expand)
        return Answer(200, _json(result), request_id)

    def _typed(self, request: web.Request, form: Object) -> Object:
        legacy = _legacy(request, form)
        params = parameters.parse(self.route.params_type, form) | legacy
        check_simulated(params, self.route.simulated | {"expand"})
        return params

    async def _after(self, request: web.Request, answer: Answer) -> Answer:
        """Return the answer, unless a fault turns the request that took effect into an error."""
        try:
            await self.api.faults.strike(request.method, request.path, "after")
        except StripeError as error:
            return answered(error, answer.request_id)
        return answer

    def _account(self, request: web.Request, browser: Browser | None) -> Account:
        named = browser.account if browser else request.headers.get("Stripe-Account")
        account = self.api.platform.account(named)
        account.base_url = self.api.public_url or str(request.url.origin())
        return account


def _authenticate(request: web.Request) -> None:
    """Accept test keys only.

    Raises:
        StripeError: 401.
    """
    credentials = _bearer(request)
    if not credentials:
        raise StripeError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    if not credentials.startswith("sk_test_"):
        raise StripeError(401, f"Invalid API Key provided: {credentials[:8]}{'*' * 8}")


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _legacy(request: web.Request, form: Object) -> Object:
    """Take ``payment_method_types`` out of the form where the API version still has it.

    Raises:
        InvalidParameterError: from endive on.
    """
    if "payment_method_types" not in form:
        return {}
    if request.headers.get("Stripe-Version", "") >= ENDIVE:
        raise InvalidParameterError(
            "The payment_method_types parameter is no longer supported. Use "
            "allowed_payment_method_types instead.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    return {"payment_method_types": list(form.pop("payment_method_types").values())}


def _echo(request: web.Request) -> dict[str, str]:
    headers = {
        "Access-Control-Allow-Origin": "*",  # Stripe.js asks from everybody's pages
        "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION),
    }
    if key := request.headers.get("Idempotency-Key"):
        headers["Idempotency-Key"] = key
    return headers


async def _drop(request: web.Request, after_s: float) -> web.Response:
    """Close the connection, unless the client does so first; what is returned goes nowhere."""
    deadline_s = time.monotonic() + after_s
    while request.transport and time.monotonic() < deadline_s:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(min(_LOOK_INTERVAL_S, after_s))
    if request.transport:
        request.transport.abort()
    return web.Response()


def answered(error: StripeError, request_id: str) -> Answer:
    """Return an error as it goes over the wire."""
    return Answer(error.status, _json({"error": error.error}), request_id)


def _json(obj: Object) -> bytes:
    return json.dumps(obj).encode()
