"""Every way in which a charge ends or rests; the page follows, the meter decides."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from irve_bridge.domain.session import PlanName, State
from irve_bridge.domain.spans import Activity
from irve_bridge.web.wording import ACTIVITIES, ENDINGS, STORIES
from simulators.charge_point import Car
from tests.browser.phone import SESSION, charge, place

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAITS_S = 2000
"""How long the charge point waits for a cable: still when the page is there, and over soon after,
for until then a cancelled start may yet come."""


async def test_the_driver_stops_before_the_start(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser, waits_s=WAITS_S) as (phone, cp, _):
        await phone.pay(PlanName.FIXED, amount="1000")
        await phone.sees(STORIES["secured_plugged"].headline)
        await phone.page.get_by_text(phone.words.text("Cancel"), exact=True).click()
        await phone.button("Yes, cancel now").click()
        await phone.sees(STORIES[State.RELEASED].headline, ENDINGS["stopped_early"])
        assert cp.transactions == []
        assert (await phone.card())["refunded"] == 1000


async def test_a_question_stays_while_the_charge_begins(tmp_path: Path, browser: Browser) -> None:
    """The stream has said that the page is over; the driver is still asked, and may answer."""
    async with place(tmp_path, browser, waits_s=WAITS_S) as (phone, cp, _):
        await phone.pay(PlanName.FIXED, amount="1000")
        await phone.sees(STORIES["secured_plugged"].headline)
        await phone.page.get_by_text(phone.words.text("Cancel"), exact=True).click()
        async with phone.page.expect_request(lambda asked: asked.method == "HEAD"):
            await cp.plug(1)
        await cp.wait_for_energy(1, 300)
        await phone.button("Yes, cancel now").click()
        await phone.ended(cp)


async def test_it_is_stopped_at_the_station(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.DYNAMIC)
        await charge(phone, cp)
        assert await cp.swipe(1, cp.transactions[-1].id_tag)
        cost = await phone.ended(cp)
        assert cp.transactions[-1].reason == "Local"
        assert (await phone.card())["charged"] == cost


async def test_the_car_is_unplugged(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.ESTIMATED)
        await charge(phone, cp)
        await cp.unplug(1)
        cost = await phone.ended(cp)
        assert cp.transactions[-1].reason == "EVDisconnected"
        assert (await phone.card())["charged"] == cost


async def test_a_full_car_rests_and_its_time_is_billed(tmp_path: Path, browser: Browser) -> None:
    """The page says that the car takes nothing; the occupancy fee is that of the meter."""
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.DYNAMIC)
        await cp.plug(1, Car(capacity_wh=3_000, arrival_soc_percent=60))
        await phone.sees(ACTIVITIES[Activity.SUSPENDED_EV].headline)
        await phone.stop()
        cost = await phone.ended(cp)
        assert cp.transactions[-1].as_json()["suspended_ev_s"] > 0
        assert (await phone.card())["charged"] == cost


async def test_no_car_comes_and_nothing_is_paid(tmp_path: Path, browser: Browser) -> None:
    async with place(tmp_path, browser, start_within_s="300") as (phone, _, __):
        await phone.scan()
        await phone.order(PlanName.ESTIMATED)
        await phone.type_card()
        await phone.page.wait_for_url(SESSION)
        await phone.sees(STORIES[State.RELEASED].headline, ENDINGS["no_start"])
        card = await phone.card()
        assert (card["charged"], card["held"]) == (0, 0)
        assert card["released"] > 0
