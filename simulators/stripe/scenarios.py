"""What the bridge relies on, as conversations that need no browser."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from simulators.stripe.wire import Object


class Api(Protocol):
    """Speaks to Stripe, or to its simulator, and writes down what was said."""

    async def get(self, path: str, params: Object | None = None, *, platform: bool = False) -> Any:
        """Return the answer to a GET, of the platform itself if asked so."""

    async def until(
        self, path: str, holds: Callable[[Any], object], params: Object | None = None
    ) -> Any:
        """Return the answer to a GET once something holds of it, or after long enough."""

    async def post(self, path: str, params: Object | None = None, *, key: str | None = None) -> Any:
        """Return the answer to a POST, errors included, under an idempotency key if given."""

    async def delete(self, path: str) -> Any:
        """Return the answer to a DELETE."""


PAY: Object = {"amount": 2500, "currency": "eur", "allowed_payment_method_types": ["card"]}
CONFIRM: Object = {"payment_method": "pm_card_visa", "confirm": True}
HOLD: Object = PAY | CONFIRM | {"capture_method": "manual"}
GROWING: Object = {
    "payment_method_options": {
        "card": {
            "request_extended_authorization": "if_available",
            "request_incremental_authorization": "if_available",
            "request_overcapture": "if_available",
        }
    }
}
FEE: Object = {"application_fee_amount": 250}
FEE_BACK: Object = {"refund_application_fee": True}
CHECKOUT: Object = {
    "mode": "payment",
    "line_items": [
        {
            "quantity": 1,
            "price_data": {
                "currency": "eur",
                "unit_amount": 2500,
                "product_data": {"name": "Charging"},
            },
        }
    ],
    "allowed_payment_method_types": ["card"],
    "customer_creation": "always",
    "success_url": "https://bridge.example/back",
}


async def fixed(api: Api) -> None:
    """Charge at once, refund a part, too much, the rest, and once more."""
    intent = await api.post("/v1/payment_intents", PAY | CONFIRM | {"expand": ["latest_charge"]})
    for amount in (1000, 2000, None, None):
        part = {"amount": amount} if amount else {}
        await api.post("/v1/refunds", {"payment_intent": intent["id"]} | part)
    await api.get("/v1/refunds", {"payment_intent": intent["id"]})


async def slow_refund(api: Api) -> None:
    """Refund a card whose refunds are pending first."""
    card = {"payment_method": "pm_card_pendingRefund"}
    intent = await api.post("/v1/payment_intents", PAY | CONFIRM | card)
    await api.post("/v1/refunds", {"payment_intent": intent["id"]})
    await api.get(f"/v1/charges/{intent['latest_charge']}")


async def failed_refund(api: Api) -> None:
    """Refund a card that takes nothing back, wait until that is known, refund it again."""
    card = {"payment_method": "pm_card_refundFail"}
    intent = await api.post("/v1/payment_intents", PAY | CONFIRM | card)
    refund = await api.post("/v1/refunds", {"payment_intent": intent["id"]})
    await api.until(f"/v1/refunds/{refund['id']}", lambda found: found.get("status") == "failed")
    await api.get(f"/v1/charges/{intent['latest_charge']}")
    await api.post("/v1/refunds", {"payment_intent": intent["id"]})


async def _disputes(api: Api, card: str) -> list[Object]:
    """Charge a card whose holder takes the payment back; return what there is of it then."""
    intent = await api.post("/v1/payment_intents", PAY | CONFIRM | {"payment_method": card})
    payment = {"payment_intent": intent["id"]}
    listed = await api.until("/v1/disputes", lambda found: found.get("data"), payment)
    disputes: list[Object] = listed["data"]
    return disputes


async def _decided(api: Api, dispute: Object, evidence: str) -> None:
    """Answer a dispute and wait for the bank; then look at the charge and refund it."""
    path, closed = f"/v1/disputes/{dispute['id']}", ("won", "lost", "warning_closed")
    await api.post(path, {"evidence": {"uncategorized_text": evidence}, "submit": True})
    await api.until(path, lambda found: found.get("status") in closed)
    await api.get(f"/v1/charges/{dispute['charge']}")
    await api.post("/v1/refunds", {"charge": dispute["charge"]})


async def dispute_won(api: Api) -> None:
    """Refund what is disputed, answer the dispute, and refund what was won."""
    for dispute in await _disputes(api, "pm_card_createDispute"):
        await api.get(f"/v1/charges/{dispute['charge']}")
        await api.post("/v1/refunds", {"charge": dispute["charge"]})
        await _decided(api, dispute, "winning_evidence")


async def dispute_lost(api: Api) -> None:
    """Answer a dispute badly, and refund what was lost."""
    for dispute in await _disputes(api, "pm_card_createDisputeProductNotReceived"):
        await _decided(api, dispute, "losing_evidence")


async def inquiry(api: Api) -> None:
    """Answer a question that took no money yet, and refund it."""
    for dispute in await _disputes(api, "pm_card_createDisputeInquiry"):
        await _decided(api, dispute, "winning_evidence")


async def estimated(api: Api) -> None:
    """Hold, capture too much, capture a part, capture again, cancel too late."""
    intent = await api.post("/v1/payment_intents", HOLD | {"expand": ["latest_charge"]})
    path = f"/v1/payment_intents/{intent['id']}"
    for amount in (2501, 0, 1234, 1):
        await api.post(f"{path}/capture", {"amount_to_capture": amount})
    await api.post(f"{path}/cancel")
    await api.get(f"/v1/charges/{intent['latest_charge']['id']}")


async def growing_hold(api: Api) -> None:
    """Hold what may grow if the account has that, hold more, capture more, capture what is left."""
    intent = await api.post("/v1/payment_intents", HOLD | GROWING | {"expand": ["latest_charge"]})
    path = f"/v1/payment_intents/{intent['id']}"
    await api.post(f"{path}/increment_authorization", {"amount": 3000})
    await api.get(path, {"expand": ["latest_charge"]})
    for amount in (3100, 2500):
        await api.post(f"{path}/capture", {"amount_to_capture": amount})


async def released(api: Api) -> None:
    """Hold, let the hold go, capture what is gone."""
    intent = await api.post("/v1/payment_intents", HOLD)
    path = f"/v1/payment_intents/{intent['id']}"
    await api.post(f"{path}/cancel", {"cancellation_reason": "abandoned"})
    await api.post(f"{path}/capture")
    await api.get(f"/v1/charges/{intent['latest_charge']}")
    await api.get("/v1/refunds", {"payment_intent": intent["id"]})


async def dynamic(api: Api) -> None:
    """Keep a card, charge it off-session, look it up by customer, forget it."""
    customer = await api.post("/v1/customers", {"email": "driver@example.com"})
    kept = await api.post(
        "/v1/setup_intents",
        {
            "customer": customer["id"],
            "confirm": True,
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "expand": ["payment_method"],
        },
    )
    method = kept["payment_method"]["id"]
    intent = await api.post(
        "/v1/payment_intents", PAY | {"customer": customer["id"], "payment_method": method}
    )
    await api.post(f"/v1/payment_intents/{intent['id']}/confirm", {"off_session": True})
    await api.get(
        "/v1/payment_intents", {"customer": customer["id"], "expand": ["data.latest_charge"]}
    )
    await api.post(f"/v1/payment_methods/{method}/detach")
    await api.post(
        "/v1/payment_intents",
        PAY | {"customer": customer["id"], "payment_method": method, "confirm": True},
    )
    await api.delete(f"/v1/customers/{customer['id']}")
    await api.get(f"/v1/customers/{customer['id']}")
    await api.get("/v1/payment_intents", {"customer": customer["id"]})


async def _refused_off_session(api: Api, card: str) -> None:
    customer = await api.post("/v1/customers")
    owner = {"customer": customer["id"]}
    method = await api.post(f"/v1/payment_methods/{card}/attach", owner)
    intent = await api.post("/v1/payment_intents", PAY | owner | {"payment_method": method["id"]})
    path = f"/v1/payment_intents/{intent['id']}"
    await api.post(f"{path}/confirm", {"off_session": True})
    await api.get(path)
    await api.post(f"{path}/confirm", {"off_session": True})
    other = await api.post("/v1/payment_methods/pm_card_visa/attach", owner)
    await api.post(f"{path}/confirm", {"payment_method": other["id"], "off_session": True})
    await api.get("/v1/charges", {"payment_intent": intent["id"]})


async def declined_off_session(api: Api) -> None:
    """Charge a kept card that refuses, look, confirm again without and with another card."""
    await _refused_off_session(api, "pm_card_chargeCustomerFail")


async def authentication_off_session(api: Api) -> None:
    """Charge a kept card that wants its holder, look, confirm again with another card."""
    await _refused_off_session(api, "pm_card_authenticationRequired")


async def insufficient_funds_off_session(api: Api) -> None:
    """Charge a customer's card that lacks the money, look, confirm again with one that has it."""
    customer = await api.post("/v1/customers")
    owner = {"customer": customer["id"]}
    intent = await api.post("/v1/payment_intents", PAY | owner)
    path = f"/v1/payment_intents/{intent['id']}"
    short = "pm_card_visa_chargeDeclinedInsufficientFunds"
    await api.post(f"{path}/confirm", {"payment_method": short, "off_session": True})
    await api.get(path)
    other = await api.post("/v1/payment_methods/pm_card_visa/attach", owner)
    await api.post(f"{path}/confirm", {"payment_method": other["id"], "off_session": True})
    await api.get("/v1/charges", {"payment_intent": intent["id"]})


async def declined(api: Api) -> None:
    """Charge cards that refuse at once."""
    for card in ("pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"):
        await api.post("/v1/payment_intents", PAY | CONFIRM | {"payment_method": card})


async def given_up(api: Api) -> None:
    """Cancel payments that were not made: without a card, with one, waiting for the driver."""
    asks = {"payment_method": "pm_card_authenticationRequired", "confirm": True}
    for more in ({}, {"payment_method": "pm_card_visa"}, asks):
        intent = await api.post("/v1/payment_intents", PAY | more)
        path = f"/v1/payment_intents/{intent['id']}"
        await api.post(f"{path}/cancel")
        await api.post(f"{path}/cancel")


async def repeated(api: Api) -> None:
    """Repeat a request under its key: the same, with other parameters, and after a refusal."""
    first = await api.post("/v1/payment_intents", PAY, key="first")
    await api.post("/v1/payment_intents", PAY, key="first")
    await api.post("/v1/payment_intents", PAY | {"amount": 2600}, key="first")
    path = f"/v1/payment_intents/{first['id']}/confirm"
    for _ in range(2):
        await api.post(path, {"payment_method": "pm_card_visa_chargeDeclined"}, key="second")
    await api.post("/v1/payment_intents", PAY | {"amount": "x"}, key="third")
    await api.post("/v1/payment_intents", PAY, key="third")


async def limits(api: Api) -> None:
    """Ask for too little, for nothing, for what is not there, and for a fee that nobody gets."""
    for amount in (49, 0):
        await api.post("/v1/payment_intents", PAY | {"amount": amount})
    await api.get("/v1/payment_intents/pi_000000000000000000000000")
    await api.post("/v1/payment_intents", PAY | {"payment_method_types": ["card"]})
    await api.post("/v1/payment_intents", PAY | {"application_fee_amount": 100})


async def checkout(api: Api) -> None:
    """Open sessions that nobody pays, expire them, and touch a setup session's intent."""
    session = await api.post("/v1/checkout/sessions", CHECKOUT)
    path = f"/v1/checkout/sessions/{session['id']}"
    await api.post(f"{path}/expire")
    await api.post(f"{path}/expire")
    names = ("success_url", "customer_creation", "allowed_payment_method_types")
    setup = {name: CHECKOUT[name] for name in names} | {"mode": "setup"}
    session = await api.post("/v1/checkout/sessions", setup)
    await api.post(f"/v1/setup_intents/{session['setup_intent']}/cancel")
    await api.post(f"/v1/checkout/sessions/{session['id']}/expire")
    await api.get(f"/v1/setup_intents/{session['setup_intent']}")


async def application_fee(api: Api) -> None:
    """Charge with a fee, give parts back with it and without, and refund one that was not taken."""
    intent = await api.post("/v1/payment_intents", PAY | CONFIRM | FEE)
    of_payment = {"payment_intent": intent["id"]}
    await api.get(f"/v1/charges/{intent['latest_charge']}")
    for part in ({"amount": 999} | FEE_BACK, {"amount": 500}, FEE_BACK):
        await api.post("/v1/refunds", of_payment | part)
        of_charge = {"charge": intent["latest_charge"]}
        await api.get("/v1/application_fees", of_charge, platform=True)
    free = await api.post("/v1/payment_intents", PAY | CONFIRM)
    await api.post("/v1/refunds", {"payment_intent": free["id"]} | FEE_BACK)
    await api.post("/v1/payment_intents", PAY | CONFIRM | {"application_fee_amount": 2501})


async def application_fee_of_a_hold(api: Api) -> None:
    """Capture a part of a hold with a fee that is larger than it, and with its own share."""
    for fee_minor in (300, 25):
        intent = await api.post("/v1/payment_intents", HOLD | FEE)
        part = {"amount_to_capture": 200, "application_fee_amount": fee_minor}
        await api.post(f"/v1/payment_intents/{intent['id']}/capture", part)
        await api.get(f"/v1/charges/{intent['latest_charge']}")


Scenario = Callable[[Api], Awaitable[None]]
SCENARIOS: tuple[Scenario, ...] = (
    fixed,
    slow_refund,
    failed_refund,
    dispute_won,
    dispute_lost,
    inquiry,
    estimated,
    growing_hold,
    released,
    dynamic,
    declined_off_session,
    authentication_off_session,
    insufficient_funds_off_session,
    declined,
    given_up,
    repeated,
    limits,
    checkout,
)
CONNECTED: tuple[Scenario, ...] = (
    application_fee,
    application_fee_of_a_hold,
)
"""What needs a connected account: only the platform of one can take a fee."""
