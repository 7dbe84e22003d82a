"""The part of the control API that decides what cards, banks and time do next."""

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import pydantic
from aiohttp import web

from simulators.clock import ManualClock
from simulators.stripe import disputes, refund_lifecycle
from simulators.stripe.cards import BEHAVIOURS, RefundMode
from simulators.stripe.conditions import CardBehaviour, Features
from simulators.stripe.store import Account, Platform
from simulators.stripe.wire import Object

_Count = Annotated[int, pydantic.Field(ge=0)]


class RefundsBody(pydantic.BaseModel, extra="forbid"):
    """How the next refunds go."""

    mode: RefundMode
    times: _Count = 1


class SettleBody(pydantic.BaseModel, extra="forbid"):
    """How a refund ends."""

    status: Literal["succeeded", "failed", "canceled"]
    failure_reason: str = "expired_or_canceled_card"


class DisputeBody(pydantic.BaseModel, extra="forbid"):
    """Why a cardholder disputes."""

    reason: str = "fraudulent"


class CloseBody(pydantic.BaseModel, extra="forbid"):
    """Whom the bank believes."""

    status: Literal["won", "lost"]


class CardsBody(pydantic.BaseModel, extra="forbid"):
    """What kept cards do off-session."""

    behaviour: Literal[tuple(BEHAVIOURS)]  # type: ignore[valid-type]
    times: _Count | None = None


class HoldsBody(pydantic.BaseModel, extra="forbid"):
    """How long the holds to come last."""

    lasts_s: _Count | None = None


class FeaturesBody(pydantic.BaseModel, extra="forbid"):
    """What the account may ask of holds."""

    incremental: bool = False
    overcapture_percent: _Count = 0
    extended: bool = False
    increments_declined: _Count = 0
    overcaptures_refused: _Count = 0


class ClockBody(pydantic.BaseModel, extra="forbid"):
    """How much time passes."""

    advance_s: Annotated[float, pydantic.Field(ge=0)]


@dataclass(eq=False)
class Decrees:
    """Answers the decrees."""

    platform: Platform

    def routes(self) -> list[web.RouteDef]:
        """Return the decrees' routes for aiohttp's router."""
        return [
            web.post("/_sim/refunds", self.next_refunds),
            web.post("/_sim/refunds/{id}/settle", self.settle_refund),
            web.post("/_sim/payment_intents/{id}/dispute", self.dispute),
            web.post("/_sim/disputes/{id}/close", self.close_dispute),
            web.post("/_sim/customers/{id}/cards", self.cards),
            web.post("/_sim/holds", self.holds),
            web.post("/_sim/features", self.features),
            web.post("/_sim/clock", self.clock),
        ]

    async def next_refunds(self, request: web.Request) -> web.Response:
        """Decide how the next refunds go."""
        body = RefundsBody.model_validate_json(await request.read())
        conditions = self.platform.conditions
        conditions.refund_mode, conditions.refund_times = body.mode, body.times
        return web.json_response(body.model_dump())

    async def settle_refund(self, request: web.Request) -> web.Response:
        """End a refund."""
        account, refund = self._found("refund", request)
        body = SettleBody.model_validate_json(await request.read())
        if body.status not in refund_lifecycle.LEADS_TO.get(refund["status"], ()):
            raise web.HTTPConflict(text=f"the refund is {refund['status']}")
        with account.turn():
            refund_lifecycle.settle(account, refund, body.status, body.failure_reason)
        return web.json_response(refund)

    async def dispute(self, request: web.Request) -> web.Response:
        """Have the cardholder dispute what is left of a payment."""
        account, intent = self._found("payment_intent", request)
        body = DisputeBody.model_validate_json(await request.read() or b"{}")
        charge = account.objects["charge"].get(intent["latest_charge"] or "")
        if charge is None or charge["amount_captured"] <= charge["amount_refunded"]:
            raise web.HTTPConflict(text="there is nothing to dispute")
        if disputes.standing(account, charge):
            raise web.HTTPConflict(text="it is disputed already")
        with account.turn():
            return web.json_response(disputes.opened(account, charge, body.reason))

    async def close_dispute(self, request: web.Request) -> web.Response:
        """Have the bank decide a dispute."""
        account, dispute = self._found("dispute", request)
        body = CloseBody.model_validate_json(await request.read())
        if not disputes.is_open(dispute):
            raise web.HTTPConflict(text=f"the dispute is {dispute['status']}")
        with account.turn():
            disputes.close(account, dispute, body.status)
        return web.json_response(dispute)

    async def cards(self, request: web.Request) -> web.Response:
        """Decide what a customer's kept cards do off-session."""
        self._found("customer", request)
        body = CardsBody.model_validate_json(await request.read())
        behaviour = CardBehaviour(BEHAVIOURS[body.behaviour], body.times)
        self.platform.conditions.behaviours[request.match_info["id"]] = behaviour
        return web.json_response(body.model_dump())

    async def holds(self, request: web.Request) -> web.Response:
        """Decide how long the holds to come last."""
        body = HoldsBody.model_validate_json(await request.read())
        self.platform.conditions.hold_lasts_s = body.lasts_s
        return web.json_response(body.model_dump())

    async def features(self, request: web.Request) -> web.Response:
        """Decide what the account may ask of holds."""
        body = FeaturesBody.model_validate_json(await request.read())
        self.platform.conditions.features = features = Features(**body.model_dump())
        return web.json_response(asdict(features))

    async def clock(self, request: web.Request) -> web.Response:
        """Let time pass, and happen what was due."""
        clock = self.platform.clock
        if not isinstance(clock, ManualClock):
            raise web.HTTPConflict(text="this clock is not manual")
        body = ClockBody.model_validate_json(await request.read())
        clock.advance(body.advance_s)
        self.platform.expire()
        return web.json_response({"timestamp": clock.timestamp()})

    def _found(self, kind: str, request: web.Request) -> tuple[Account, Object]:
        object_id = request.match_info["id"]
        try:
            account = self.platform.holder(kind, object_id)
        except KeyError:
            raise web.HTTPNotFound from None
        return account, account.objects[kind][object_id]
