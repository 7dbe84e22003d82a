"""A station that falls silent once it is paid for."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web.wording import ENDINGS, STORIES
from tests.browser.phone import SESSION, Place, charge, place

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def pay_while_it_goes(there: Place, plan: PlanName) -> None:
    """The station is lost between the order and the payment."""
    await there.phone.scan()
    await there.phone.order(plan)
    await there.cp.go_offline()
    await there.phone.type_card()
    await there.phone.page.wait_for_url(SESSION)
    await there.phone.sees_story("secured_offline")


async def test_it_comes_back_and_charges(tmp_path: Path, browser: Browser) -> None:
    """The page waits, says so, and goes on by itself."""
    async with place(tmp_path, browser) as there:
        await pay_while_it_goes(there, PlanName.ESTIMATED)
        await there.cp.go_online()
        await charge(there.phone, there.cp)
        await there.phone.stop()
        cost = await there.phone.ended(there.cp)
        assert (await there.phone.card())["charged"] == cost


@pytest.mark.parametrize("plan", list(PlanName))
async def test_it_never_comes_back_and_nothing_is_paid(
    tmp_path: Path, browser: Browser, plan: PlanName
) -> None:
    deadlines = {"start_within_s": "300", "start_within_most_s": "500"}
    async with place(tmp_path, browser, speed=400, **deadlines) as there:
        await pay_while_it_goes(there, plan)
        await there.phone.sees(STORIES[State.RELEASED].headline, ENDINGS["no_start"])
        card = await there.phone.card()
        assert card["charged"] == card["refunded"]
        assert card["held"] == 0


async def test_it_is_lost_while_charging_and_the_driver_pays_what_it_metered(
    tmp_path: Path, browser: Browser
) -> None:
    """Unplugged while nobody heard: told afterwards, and billed as it was told."""
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.pay(PlanName.DYNAMIC)
        await charge(phone, cp)
        await cp.go_offline()
        await cp.unplug(1)
        await cp.go_online()
        cost = await phone.ended(cp)
        assert (await phone.card())["charged"] == cost
