"""Whoever cannot charge is told why, before money moves or with all of it back."""

from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web.wording import ENDINGS, ORDER, REFUSALS, STORIES
from tests.browser.phone import CHECKOUT, DECLINED, SESSION, Place, charge, phone, place

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def heard(there: Place, status: str, point: str = "CP1") -> None:
    """Wait until the bridge has heard of the first connector's status."""

    async def so() -> bool:
        _, found = await there.w.api("GET", f"/api/charge-points/{point}")
        return bool(found["connectors"][0]["status"] == status)

    await there.w.eventually(so)


async def refused(there: Place, code: str) -> None:
    """The page of the connector says why, and takes no order."""
    await there.phone.scan()
    await there.phone.sees(REFUSALS[code])
    await expect(there.phone.button(ORDER)).to_have_count(0)


async def test_a_card_that_is_declined_gives_way_to_another(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser) as (driver, cp, _):
        await driver.scan()
        await driver.order(PlanName.FIXED, amount="1000")
        await driver.type_card(DECLINED)
        await expect(driver.page.get_by_role("alert")).to_contain_text("refusée")
        await driver.type_card()
        await driver.page.wait_for_url(SESSION)
        await charge(driver, cp)
        await driver.stop()
        cost = await driver.ended(cp)
        card = await driver.card()
        assert (card["charged"], card["refunded"]) == (1000, 1000 - cost)


async def test_a_connector_that_somebody_else_uses_is_not_sold(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser) as there, phone(browser, there.w) as other:
        await other.pay(PlanName.DYNAMIC)
        await charge(other, there.cp)
        await refused(there, "connector_busy")


async def test_a_cable_left_behind_is_told_of(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as there, phone(browser, there.w) as other:
        await other.pay(PlanName.DYNAMIC)
        await charge(other, there.cp)
        await other.stop()
        await other.sees_story(State.SETTLED)
        await heard(there, "Finishing")
        await refused(there, "finishing")


async def test_a_connector_out_of_order_is_not_sold_until_it_is_repaired(
    tmp_path: Path, browser: Browser
) -> None:
    async with place(tmp_path, browser) as there:
        await there.cp.fault(1)
        await heard(there, "Faulted")
        await refused(there, "faulted")
        await there.cp.clear(1)
        await heard(there, "Available")
        await there.phone.page.get_by_role(
            "link", name=there.phone.words.text("Look again")
        ).click()
        await expect(there.phone.button(ORDER)).to_be_visible()


async def test_a_connector_out_of_service_is_not_sold(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as there:
        body = {"connectorId": 1, "type": "Inoperative"}
        await there.w.api("POST", "/api/charge-points/CP1/commands/ChangeAvailability", body)
        await heard(there, "Unavailable")
        await refused(there, "unavailable")


async def test_a_station_that_is_offline_is_not_sold(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as there:
        await there.cp.go_offline()

        async def offline() -> bool:
            _, found = await there.w.api("GET", "/api/charge-points/CP1")
            return not found["online"]

        await there.w.eventually(offline)
        await refused(there, "offline")


async def test_a_station_that_goes_while_the_page_is_read_is_not_paid_for(
    tmp_path: Path, browser: Browser
) -> None:
    """The order is refused with the reason, and no session is left open."""
    async with place(tmp_path, browser) as there:
        await there.phone.scan()
        await there.cp.fault(1)
        await heard(there, "Faulted")
        await there.phone.button(ORDER).click()
        await there.phone.sees(REFUSALS["faulted"])
        assert (await there.w.api("GET", "/api/sessions"))[1]["sessions"] == []


async def test_an_unknown_station_is_told_of(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (driver, _, w):
        answer = await driver.page.goto(f"{w.url}/s/CP9/1")
        assert answer is not None
        assert answer.status == HTTPStatus.NOT_FOUND
        await driver.sees(REFUSALS["unknown_connector"])


async def test_a_code_that_somebody_swapped_sells_nothing(tmp_path: Path, browser: Browser) -> None:
    signing = {"qr_secret": "a-secret-of-the-operator", "qr_signatures": "required"}
    async with place(tmp_path, browser, **signing) as there:
        answer = await there.phone.page.goto(f"{there.w.url}/s/CP1/1?k=another")
        assert answer is not None
        assert answer.status == HTTPStatus.FORBIDDEN
        await there.phone.sees(REFUSALS["code_wrong"])
        await expect(there.phone.button(ORDER)).to_have_count(0)


@pytest.mark.parametrize("plan", list(PlanName))
async def test_a_start_that_is_refused_costs_nothing(
    tmp_path: Path, browser: Browser, plan: PlanName
) -> None:
    """Nothing is taken, or all of it goes back; the page tells why, and offers another try."""
    async with place(tmp_path, browser) as (driver, cp, _):
        cp.misbehaviour.refuse_remote_start = True
        await driver.pay(plan)
        await driver.sees(STORIES[State.RELEASED].headline, ENDINGS["start_refused"])
        card = await driver.card()
        assert card["charged"] == card["refunded"]
        assert card["held"] == 0
        assert card["released"] > 0 or plan is not PlanName.ESTIMATED
        assert card["refunded"] > 0 or plan is not PlanName.FIXED
        cp.misbehaviour.refuse_remote_start = False
        await driver.page.get_by_role("link", name=driver.words.text("Try again")).click()
        await driver.order(plan)
        assert CHECKOUT.search(driver.page.url)
