"""Ordering, by the page's form and by the API."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web import WebSettings
from irve_bridge.web.api import payments
from irve_bridge.web.callers import COOKIE
from irve_bridge.web.throttle import BURST
from tests.integration.web.conftest import ENGLISH_PAGE, FRENCH_PAGE, House, plain

PLACE: dict[str, Any] = {"charge_point_id": "CP1", "connector_id": 1}


async def send(house: House, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """Send an order as JSON; return status and answer."""
    body = PLACE | fields
    async with house.client.post("/api/create-payment", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def submit(house: House, **fields: str) -> ClientResponse:
    """Submit the page's form as a browser does, without following it."""
    form = {"charge_point_id": "CP1", "connector_id": "1"} | fields
    return await house.client.post(
        "/api/create-payment", data=form, headers=FRENCH_PAGE, allow_redirects=False
    )


@pytest.mark.parametrize(
    ("plan", "fields", "amount"),
    [
        ("fixed", {"amount": 2000, "currency": "eur"}, 2000),
        ("estimated", {"energy_kwh": 10}, 540),
        ("estimated", {"energy_kwh": "12.5"}, 660),
        ("estimated", {"minutes": 30}, 588),
        ("dynamic", {}, 15_000),
    ],
)
async def test_each_plan_opens_a_checkout(
    house: House, plan: str, fields: dict[str, Any], amount: int
) -> None:
    created = await house.order(plan, client_id="fleet-42", **fields)
    session = await house.desk.session(created["session_id"])
    assert (created["amount"], created["currency"]) == (amount, "EUR")
    assert created["url"] == session.checkout_url
    assert created["session_url"] == f"https://bridge.example/c/{session.token}"
    assert (session.plan, session.client_id) == (PlanName(plan), "fleet-42")


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"payment_type": "barter"}, 422, "invalid", "payment_type"),
        ({"payment_type": "fixed"}, 422, "invalid", "amount"),
        ({"payment_type": "fixed", "amount": 12.5}, 422, "invalid", "amount"),
        ({"payment_type": "fixed", "amount": -1}, 422, "invalid", "amount"),
        ({"payment_type": "fixed", "amount": 100}, 422, "amount_refused", None),
        ({"payment_type": "fixed", "amount": 20_001}, 422, "amount_refused", None),
        ({"payment_type": "estimated", "energy_kwh": 1000}, 422, "amount_refused", None),
        ({"payment_type": "fixed", "amount": 2000, "currency": "USD"}, 422, None, "currency"),
        ({"payment_type": "dynamic", "amount": 2000}, 422, "invalid", "amount"),
        ({"payment_type": "estimated"}, 422, "invalid", "minutes"),
        ({"payment_type": "estimated", "minutes": 5, "energy_kwh": 1}, 422, "invalid", "minutes"),
        ({"payment_type": "dynamic", "connector_id": 7}, 404, "unknown_connector", None),
        ({"payment_type": "dynamic", "connector_id": 2}, 409, "connector_busy", None),
    ],
)
async def test_a_wrong_order_is_refused_with_code_field_and_sentence(
    house: House, fields: dict[str, Any], status: int, code: str | None, field: str | None
) -> None:
    got, answer = await send(house, **fields)
    assert got == status, answer
    assert code in (None, answer["error"]["code"])
    assert field in (None, answer["error"].get("field"))
    assert answer["error"]["message"]


async def test_a_body_that_is_no_json_is_refused_without_a_trace(house: House) -> None:
    headers = {"Content-Type": "application/json"}
    async with house.client.post("/api/create-payment", data="{", headers=headers) as answer:
        assert answer.status == 422
        assert "Traceback" not in await answer.text()


async def test_a_taken_connector_is_refused_before_the_provider_hears_of_it(house: House) -> None:
    await house.order()
    status, answer = await send(house, payment_type="dynamic")
    assert (status, answer["error"]["code"]) == (409, "connector_busy")


async def test_the_form_sends_the_browser_to_the_checkout(house: House) -> None:
    answer = await submit(house, payment_type="dynamic")
    assert answer.status == 303
    assert "/c/pay/" in answer.headers["Location"]
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    page = await house.page(f"/c/{cookie.value}")
    assert "En attente de votre paiement" in page


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"payment_type": "fixed", "amount": "2000", "amount_typed": ""}, 2000),
        ({"payment_type": "fixed", "amount": "2000", "amount_typed": "12,50"}, 1250),
        ({"payment_type": "estimated", "estimate": "energy_kwh:10"}, 540),
        ({"payment_type": "estimated", "estimate": "minutes:30", "amount": "1000"}, 588),
        (
            {
                "payment_type": "estimated",
                "estimate": "minutes:30",
                "estimate_typed": "12,5",
                "estimate_unit": "energy_kwh",
            },
            660,
        ),
    ],
)
async def test_the_form_means_what_it_shows(
    house: House, fields: dict[str, str], amount: int
) -> None:
    """What is typed goes before what was picked."""
    answer = await submit(house, **fields)
    token = answer.cookies[COOKIE].value
    session = await house.storage.read(lambda tx: tx.sessions.by_token(token))
    assert session is not None
    assert session.amount_minor == amount


async def test_a_wrong_form_comes_back_as_it_was_in_the_driver_s_language(house: House) -> None:
    for headers, sentence in (
        (FRENCH_PAGE, "Ce montant ne peut pas être payé ici"),
        (ENGLISH_PAGE, "This amount cannot be paid here"),
    ):
        form = {"charge_point_id": "CP1", "connector_id": "1", "payment_type": "fixed"}
        form["amount_typed"] = "1"
        async with house.client.post("/api/create-payment", data=form, headers=headers) as answer:
            page = await answer.text()
            assert answer.status == 422
            assert sentence in page
            assert 'name="payment_type" value="fixed" checked' in page
            assert 'name="amount_typed" value="1"' in page
            assert page.count('aria-invalid="true"') == 1


async def test_a_form_sent_twice_opens_one_session(house: House) -> None:
    page = await house.page("/s/CP1/1")
    (key,) = re.findall(r'name="form_key" value="([^"]+)"', page)
    first, second = await asyncio.gather(
        submit(house, payment_type="dynamic", form_key=key),
        submit(house, payment_type="dynamic", form_key=key),
    )
    assert first.headers["Location"] == second.headers["Location"]
    assert len(await house.storage.read(lambda tx: tx.sessions.search())) == 1


async def test_a_form_sent_again_by_the_holder_leads_back_to_their_session(house: House) -> None:
    first = await submit(house, payment_type="dynamic")
    token = first.cookies[COOKIE].value
    async with house.client.post(
        "/api/create-payment",
        data={"charge_point_id": "CP1", "connector_id": "1", "payment_type": "dynamic"},
        headers=FRENCH_PAGE | {"Cookie": f"{COOKIE}={token}"},
        allow_redirects=False,
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/c/{token}")


async def test_the_same_key_gives_the_same_answer_once(house: House) -> None:
    key = {"Idempotency-Key": "order-1"}
    first, second = await asyncio.gather(
        send(house, key, payment_type="dynamic"), send(house, key, payment_type="dynamic")
    )
    assert first == second
    assert first[0] == 201
    status, answer = await send(house, key, payment_type="fixed", amount=2000)
    assert (status, answer["error"]["code"]) == (422, "idempotency_key_reused")


async def test_nobody_gets_another_address_s_answer_by_naming_it(house: House) -> None:
    """A bearer token here is whatever somebody writes: it must not pass for an address."""
    key = {"Idempotency-Key": "order-1"}
    assert (await send(house, key, payment_type="dynamic"))[0] == 201
    named = key | {"Authorization": "Bearer 127.0.0.1"}
    status, answer = await send(house, named, payment_type="dynamic")
    assert (status, "token" in answer) == (409, False)


async def test_a_refusal_does_not_use_up_the_key(house: House) -> None:
    created = await house.order()
    key = {"Idempotency-Key": "order-2"}
    assert (await send(house, key, payment_type="dynamic"))[0] == 409
    await house.desk.give_up(created["session_id"])
    assert (await send(house, key, payment_type="dynamic"))[0] == 201


async def test_a_slow_provider_has_the_place_given_up_and_nothing_charged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "CHECKOUT_TIMEOUT_S", 0.05)
    fault = {"method": "POST", "path": "/v1/customers", "effect": "before", "status": None}
    async with house.stripe.post("/_sim/faults", json=[fault]) as answer:
        assert answer.status == 200
    status, document = await send(house, payment_type="dynamic")
    assert (status, document["error"]["code"]) == (504, "checkout_late")
    (session,) = await house.storage.read(lambda tx: tx.sessions.search())
    assert session.state is State.ABANDONED


class TestAPriceThatChanged:
    """The driver pays at the price they were shown, or is shown the new one."""

    async def test_is_shown_before_anything_can_be_paid(self, house: House) -> None:
        page = await house.page("/s/CP1/1")
        (shown,) = re.findall(r'name="price_digest" value="([^"]+)"', page)
        await house.reprice("0.60")
        answer = await submit(house, payment_type="dynamic", price_digest=shown)
        page = plain(await answer.text())
        assert answer.status == 409
        assert COOKIE not in answer.cookies
        assert "Le prix a changé" in page
        assert "0,72 €" in page
        (session,) = await house.storage.read(lambda tx: tx.sessions.search())
        assert session.state is State.ABANDONED
        (shown,) = re.findall(r'name="price_digest" value="([^"]+)"', page)
        assert (await submit(house, payment_type="dynamic", price_digest=shown)).status == 303

    async def test_is_refused_to_who_asked_for_a_quote(self, house: House) -> None:
        query = {"charge_point_id": "CP1", "connector_id": "1", "energy_kwh": "10"}
        async with house.client.get("/api/quote", params=query) as answer:
            order = {"payment_type": "estimated", "energy_kwh": "10"}
            order["price_digest"] = (await answer.json())["price_digest"]
        await house.reprice("0.60")
        status, refused = await send(house, **order)
        assert (status, refused["error"]["code"]) == (409, "price_changed")
        await house.reprice("0.40")
        assert (await send(house, **order))[0] == 201


class TestTooManyOrders:
    @pytest.fixture
    def settings(self, settings: WebSettings) -> WebSettings:
        return replace(settings, throttle_per_minute=0.001, trusted_proxies=1)

    async def test_are_throttled_by_address(self, house: House) -> None:
        """The last address in X-Forwarded-For is our proxy's own word; the first is anybody's."""

        async def order(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            status: int = (await send(house, headers, payment_type="barter"))[0]
            return status

        assert {await order(f"9.9.9.{n}, 1.1.1.1") for n in range(BURST)} == {422}
        assert await order("8.8.8.8, 1.1.1.1") == 429
        assert await order("9.9.9.9, 2.2.2.2") == 422

    async def test_are_counted_together_within_a_network_of_ipv6(self, house: House) -> None:
        """One household, or one rented server, has more addresses than anybody can count."""

        async def order(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            status: int = (await send(house, headers, payment_type="barter"))[0]
            return status

        assert {await order(f"2001:db8::{n}") for n in range(BURST)} == {422}
        assert await order("2001:db8::ffff") == 429
        assert await order("2001:db8:0:1::1") == 422
        for n in range(BURST):
            await order(f"::ffff:192.0.2.{n}")
        assert await order("::ffff:192.0.2.99") == 422

    async def test_do_not_count_the_quotes_that_are_throttled_too(self, house: House) -> None:
        """Who tried many amounts can still pay."""

        async def quote() -> int:
            async with house.client.get("/api/quote") as answer:
                return answer.status

        assert {await quote() for _ in range(BURST)} == {422}
        assert await quote() == 429
        assert (await send(house, payment_type="barter"))[0] == 422


async def test_a_quote_is_what_the_estimate_will_hold(house: House) -> None:
    query = {"charge_point_id": "CP1", "connector_id": "1", "energy_kwh": "10"}
    async with house.client.get("/api/quote", params=query) as answer:
        quoted = await answer.json()
    assert (quoted["amount"], quoted["currency"]) == (540, "EUR")
    assert (await house.order("estimated", energy_kwh=10))["amount"] == 540


async def test_a_form_of_another_kind_is_refused(house: House) -> None:
    async with house.client.post("/api/create-payment", data=b"--", headers=FRENCH_PAGE) as answer:
        assert answer.status == 415


async def test_a_key_that_is_too_long_is_refused(house: House) -> None:
    status, answer = await send(house, {"Idempotency-Key": "k" * 256}, payment_type="dynamic")
    assert (status, answer["error"]["field"]) == (422, "Idempotency-Key")
