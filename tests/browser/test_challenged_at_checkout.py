"""3-D Secure: the driver's bank asks, at the checkout and after the charge."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from irve_bridge.domain.session import PlanName, State
from irve_bridge.web.wording import DECLINED
from tests.browser.phone import (
    ASKS_AT_SETUP,
    ASKS_EACH_TIME,
    BANK,
    CHECKOUT,
    SESSION,
    charge,
    place,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("plan", "card"),
    [
        (PlanName.FIXED, ASKS_EACH_TIME),
        (PlanName.DYNAMIC, ASKS_AT_SETUP),
    ],
)
async def test_who_is_known_to_their_bank_charges(
    tmp_path: Path, browser: Browser, plan: PlanName, card: str
) -> None:
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.scan()
        await phone.order(plan)
        await phone.type_card(card)
        await phone.answer_bank("approve")
        await phone.page.wait_for_url(SESSION)
        await charge(phone, cp)
        await phone.stop()
        cost = await phone.ended(cp)
        lived = await phone.card()
        assert lived["charged"] - lived["refunded"] == cost
        assert lived["held"] == 0


async def test_who_is_not_may_try_again(tmp_path: Path, browser: Browser) -> None:
    """The checkout stays, says what happened, and takes another try."""
    async with place(tmp_path, browser) as (phone, _, __):
        await phone.scan()
        await phone.order(PlanName.FIXED, amount="1000")
        await phone.type_card(ASKS_EACH_TIME)
        await phone.answer_bank("fail")
        await phone.page.wait_for_url(CHECKOUT)
        await expect(phone.page.get_by_role("alert")).to_contain_text("authentifier")
        assert (await phone.session())["status"] == "open"
        await phone.type_card()
        await phone.page.wait_for_url(SESSION)
        assert (await phone.card())["charged"] == 1000


async def test_a_bank_that_asks_again_after_the_charge_is_answered_at_the_checkout(
    tmp_path: Path, browser: Browser
) -> None:
    """Nobody is there when the card is charged: it is due, and paid once the driver confirms."""
    async with place(tmp_path, browser) as (phone, cp, _):
        await phone.scan()
        await phone.order(PlanName.DYNAMIC)
        await phone.type_card(ASKS_EACH_TIME)
        await phone.answer_bank("approve")
        await phone.page.wait_for_url(SESSION)
        await charge(phone, cp)
        await phone.stop()
        await phone.sees(DECLINED["authentication_required"])
        await phone.button("Pay now").click()
        await phone.page.wait_for_url(CHECKOUT)
        await phone.type_card(ASKS_EACH_TIME)
        await phone.page.wait_for_url(BANK)
        await phone.answer_bank("approve")
        cost = await phone.ended(cp, State.SETTLED)
        assert (await phone.card())["charged"] == cost
