"""The OpenAPI document is served, and JSON is read as strictly as it says."""

from typing import Any

import pytest

from tests.integration.web.conftest import CSMS, House

PLACE = {"charge_point_id": "CP1", "connector_id": 1}


async def test_who_has_the_document_is_not_sent_it_again(house: House) -> None:
    async with house.client.get("/api/openapi.json") as answer:
        document = await answer.json()
        assert document["openapi"].startswith("3.1")
        assert document["servers"] == [{"url": "https://bridge.example"}]
        etag = answer.headers["ETag"]
    known = {"If-None-Match": etag}
    async with house.client.get("/api/openapi.json", headers=known) as again:
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", etag)
    async with house.client.get("/api/openapi.json", headers={"If-None-Match": '"old"'}) as other:
        assert await other.json() == document


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"connector_id": "1", "amount": 1000}, "connector_id"),
        ({"amount": True}, "amount"),
        ({"amount": "1000"}, "amount"),
        ({"amount": 1000.5}, "amount"),
        ({"amount": 1000, "currency": float("nan")}, "currency"),
    ],
)
async def test_nothing_passes_for_a_number_in_json(
    house: House, fields: dict[str, Any], fault: str
) -> None:
    body = PLACE | {"payment_type": "fixed"} | fields
    async with house.client.post("/api/create-payment", json=body) as answer:
        assert answer.status == 422
        assert (await answer.json())["error"]["field"] == fault


async def test_a_whole_number_may_be_written_with_a_point(house: House) -> None:
    """JSON knows one kind of numbers (RFC 8259 §6)."""
    assert (await house.order("fixed", amount=1000.0))["amount"] == 1000


async def test_a_parameter_that_is_given_twice_is_refused(house: House) -> None:
    """Which of them was meant, nobody knows."""
    async with house.client.get("/api/sessions?limit=1&limit=2", headers=CSMS) as answer:
        assert answer.status == 422
        assert (await answer.json())["error"]["field"] == "limit"


async def test_a_quote_is_in_the_language_that_is_asked_for(house: House) -> None:
    asked = "charge_point_id=CP1&connector_id=1&energy_kwh=10&lang=en"
    async with house.client.get(f"/api/quote?{asked}") as answer:
        assert (await answer.json())["text"].startswith("€")
