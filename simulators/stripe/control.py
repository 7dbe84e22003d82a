"""The control API under /_sim/: for tests, the demo and the audit. Stripe has none of it.

=====================================  ===========================================================
GET  ledger                            what every card lived through, a line per PaymentIntent
POST checkout/{id}/pay                 fill in a hosted page: card, expiry, cvc, email, name,
                                       authenticate (approve, fail or null)
POST webhook_endpoints                 url and secret of the endpoint
POST webhooks                          mode deliver, hold, or storm with seed, lose, duplicate
                                       (probabilities) and delay_s_most
POST webhooks/release                  order (as_is, reverse) and copies of what was held
POST events/{id}/resend                deliver an event again
POST faults                            a list of faults: method, path (a glob), effect (before,
                                       after), status (null drops the connection, below 400 only
                                       delays), times, delay_s
POST storm                             faults by dice: seed, probability, kinds (see storm.py),
                                       slow_s, timeout_s
POST refunds                           how the next ``times`` refunds go: mode succeed, pending,
                                       fail, fail_later or succeed_later
POST refunds/{id}/settle               status succeeded, failed or canceled; failure_reason
POST payment_intents/{id}/dispute      open a dispute with a reason
POST disputes/{id}/close               status won or lost
POST customers/{id}/cards              what the customer's kept cards do off-session, times times
                                       or until told otherwise: behaviour ok, insufficient_funds,
                                       generic_decline, expired_card, authentication_required, …
POST holds                             lasts_s of the holds to come, null for the networks' own
POST features                          incremental, overcapture_percent, extended,
                                       increments_declined, overcaptures_refused: what IC+
                                       pricing offers
POST clock                             advance_s of a manual clock
=====================================  ===========================================================
"""

from dataclasses import dataclass
from random import Random
from typing import Annotated, Literal

import pydantic
from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.stripe import checkout_payment, ledger
from simulators.stripe.faults import Fault, Faults
from simulators.stripe.forms import InvalidFormError, default_fields, payer
from simulators.stripe.pages import answered_url, next_url
from simulators.stripe.store import Account, Platform
from simulators.stripe.storm import Storm, Trouble
from simulators.stripe.webhooks import Endpoint, Weather, Webhooks
from simulators.stripe.wire import Object, StripeError

Probability = Annotated[float, pydantic.Field(ge=0, le=1)]


class EndpointBody(pydantic.BaseModel, extra="forbid"):
    """Where webhooks go from now on."""

    url: str
    secret: str


class ModeBody(pydantic.BaseModel, extra="forbid"):
    """Whether webhooks are delivered at once, held back, or left to the dice of a storm."""

    mode: Literal["deliver", "hold", "storm"]
    seed: int = 0
    lose: Probability = 0.0
    duplicate: Probability = 0.0
    delay_s_most: Annotated[float, pydantic.Field(ge=0)] = 0.0


class ReleaseBody(pydantic.BaseModel, extra="forbid"):
    """How held webhooks are delivered."""

    order: Literal["as_is", "reverse"] = "as_is"
    copies: int = pydantic.Field(default=1, ge=1)


class PayBody(pydantic.BaseModel, extra="forbid"):
    """What a driver types; ``authenticate`` is their answer if the bank asks, None leaves it."""

    card: str = default_fields()["card"]
    expiry: str = default_fields()["expiry"]
    cvc: str = default_fields()["cvc"]
    email: str = default_fields()["email"]
    name: str = ""
    authenticate: Literal["approve", "fail"] | None = "approve"


class FaultBody(pydantic.BaseModel, extra="forbid"):
    """One fault to happen; ``status`` null drops the connection, below 400 only delays."""

    method: str = "POST"
    path: str
    effect: Literal["before", "after"] = "before"
    status: int | None = 500
    times: int = pydantic.Field(default=1, ge=1)
    delay_s: float = 0.0


class StormBody(pydantic.BaseModel, extra="forbid"):
    """Faults by dice, until the probability is 0."""

    seed: int = 0
    probability: Probability
    kinds: tuple[Trouble, ...] = tuple(Trouble)
    slow_s: float = 0.5
    timeout_s: float = 3600.0


_FAULTS = pydantic.TypeAdapter(list[FaultBody])


@dataclass(eq=False)
class Control:
    """Answers the control API."""

    platform: Platform
    webhooks: Webhooks
    faults: Faults

    def routes(self) -> list[web.RouteDef]:
        """Return the control API's routes for aiohttp's router."""
        return [
            web.get("/_sim/ledger", self.ledger),
            web.post("/_sim/webhook_endpoints", self.set_endpoint),
            web.post("/_sim/webhooks", self.set_mode),
            web.post("/_sim/webhooks/release", self.release),
            web.post("/_sim/events/{id}/resend", self.resend),
            web.post("/_sim/checkout/{id}/pay", self.pay),
            web.post("/_sim/faults", self.set_faults),
            web.post("/_sim/storm", self.set_storm),
        ]

    async def ledger(self, _request: web.Request) -> web.Response:
        """Return the card movements of every account, one line per PaymentIntent."""
        self.platform.expire()
        return web.json_response(
            [line for account in self.platform.accounts.values() for line in ledger.lines(account)]
        )

    async def set_endpoint(self, request: web.Request) -> web.Response:
        """Replace the webhook endpoint."""
        body = EndpointBody.model_validate_json(await request.read())
        self.webhooks.endpoint = Endpoint(body.url, body.secret)
        return web.json_response(body.model_dump())

    async def set_mode(self, request: web.Request) -> web.Response:
        """Hold webhooks back, or deliver them and what was held."""
        body = ModeBody.model_validate_json(await request.read())
        self.webhooks.holding = body.mode == "hold"
        self.webhooks.weather = (
            Weather(Random(body.seed), body.lose, body.duplicate, body.delay_s_most)
            if body.mode == "storm"
            else None
        )
        released = 0 if self.webhooks.holding else self.webhooks.release(reverse=False, copies=1)
        return web.json_response({"mode": body.mode, "released": released})

    async def release(self, request: web.Request) -> web.Response:
        """Deliver what was held so far, without changing the mode."""
        body = ReleaseBody.model_validate_json(await request.read() or b"{}")
        released = self.webhooks.release(reverse=body.order == "reverse", copies=body.copies)
        return web.json_response({"released": released})

    async def resend(self, request: web.Request) -> web.Response:
        """Deliver an event once more."""
        _, event = self._found("event", request.match_info["id"])
        self.webhooks.deliver(event)
        return web.json_response({"resent": event["id"], "type": event["type"]})

    async def pay(self, request: web.Request) -> web.Response:
        """Fill in a session's hosted page and answer what the driver would see happen."""
        account, session = self._found("checkout.session", request.match_info["id"])
        body = PayBody.model_validate_json(await request.read() or b"{}")
        try:
            return web.json_response(_paid(account, session, body))
        except InvalidFormError as error:
            return web.json_response({"error": {"message": f"invalid {error}"}}, status=400)
        except StripeError as error:
            return web.json_response({"error": error.error}, status=400)

    async def set_faults(self, request: web.Request) -> web.Response:
        """Replace the faults still to happen."""
        faults = _FAULTS.validate_json(await request.read())
        self.faults.listed[:] = [Fault(**fault.model_dump()) for fault in faults]
        return web.json_response([fault.model_dump() for fault in faults])

    async def set_storm(self, request: web.Request) -> web.Response:
        """Let faults happen by dice, or calm the storm with the probability 0."""
        body = StormBody.model_validate_json(await request.read())
        self.faults.storm = Storm(
            Random(body.seed), body.probability, body.kinds, body.slow_s, body.timeout_s
        )
        return web.json_response(body.model_dump())

    def _found(self, kind: str, object_id: str) -> tuple[Account, Object]:
        try:
            account = self.platform.holder(kind, object_id)
        except KeyError:
            raise web.HTTPNotFound from None
        return account, account.objects[kind][object_id]


def _paid(account: Account, session: Object, body: PayBody) -> Object:
    with account.turn():
        decline = checkout_payment.submit(account, session, payer(body.model_dump()))
        url = None if decline else next_url(account, session)
        intent = checkout_payment.intent_of(account, session)
        if intent["status"] == "requires_action" and body.authenticate:
            url = answered_url(account, intent, approved=body.authenticate == "approve")
    error = intent.get("last_payment_error") or intent.get("last_setup_error")
    return {
        "outcome": _outcome(session, intent),
        "redirect_url": url,
        "error": error and {name: error.get(name) for name in ("code", "decline_code", "message")},
        "session": session,
        "intent": intent,
    }


def _outcome(session: Object, intent: Object) -> str:
    if session["status"] == "complete":
        return "complete"
    return "requires_action" if intent["status"] == "requires_action" else "declined"


@web.middleware
async def invalid_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 where a control request is malformed."""
    try:
        return await handler(request)
    except pydantic.ValidationError as error:
        return web.Response(status=400, text=error.json(), content_type="application/json")
