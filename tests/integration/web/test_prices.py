"""The price of a connector is the tariff in force there, as it is shown, and none is below it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from irve_bridge.domain.tariff import Price, Tariff
from tests.integration.web.conftest import CONNECTOR, TARIFF, House

MONTH = timedelta(days=30)


async def of(house: House, *tariffs: Tariff) -> None:
    """Give the connector these tariffs, in this order."""
    first, *others = (tariff.id for tariff in tariffs)
    connector = replace(CONNECTOR, tariff_id=first, next_tariff_ids=tuple(others))

    def put(tx: Any) -> None:
        for thing in (*tariffs, connector):
            tx.stations.put(thing)

    await house.storage.transact(put)


async def ordered(house: House, **fields: Any) -> tuple[int, str | None]:
    """Return what an order is answered: the status, and the code where it is refused."""
    body = {"charge_point_id": "CP1", "connector_id": 1} | fields
    async with house.client.post("/api/create-payment", json=body) as answer:
        return answer.status, (await answer.json()).get("error", {}).get("code")


async def test_of_several_tariffs_the_first_in_force_is_frozen_into_the_session(
    house: House,
) -> None:
    now = house.clock.now()
    over = replace(TARIFF, id="over", end_date_time=now - MONTH)
    holds = replace(TARIFF, id="holds", start_date_time=now - MONTH, end_date_time=now + MONTH)
    comes = replace(TARIFF, id="comes", start_date_time=now + MONTH)
    await of(house, over, comes, holds, TARIFF)
    created = await house.order()
    session = await house.desk.session(created["session_id"])
    assert (session.tariff.id, session.time_zone) == ("holds", "Europe/Paris")


async def test_without_a_tariff_in_force_nothing_is_sold(house: House) -> None:
    await of(house, replace(TARIFF, end_date_time=house.clock.now() - MONTH))
    async with house.client.get("/s/CP1/1") as answer:
        assert answer.status == 404
    assert await ordered(house, payment_type="dynamic") == (404, "unknown_tariff")


async def test_less_than_the_least_price_is_not_sold(house: House) -> None:
    """A charge at a minimum of 12.00 with VAT cannot be had for 11.99."""
    await of(house, replace(TARIFF, min_price=Price(Decimal(10), Decimal(12))))
    below = await ordered(house, payment_type="fixed", amount=1199)
    assert below == (422, "amount_refused")
    assert await ordered(house, payment_type="fixed", amount=1200) == (201, None)


async def test_the_page_offers_no_amount_below_the_least_price(house: House) -> None:
    await of(house, replace(TARIFF, min_price=Price(Decimal(10), Decimal(12))))
    async with house.client.get("/s/CP1/1", headers={"Accept-Language": "fr"}) as answer:
        page = await answer.text()
    assert 'value="1000"' not in page
    assert 'value="2000"' in page
    assert "12,00" in page
