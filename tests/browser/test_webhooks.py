"""Stripe's word that a payment was made comes late, or never: the driver does not notice."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from irve_bridge.domain.session import PlanName, State
from tests.browser.phone import charge, place

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_driver_comes_back_before_the_webhook(tmp_path: Path, browser: Browser) -> None:
    """The charge begins; when the webhooks come after all, and twice, nothing more happens."""
    async with place(tmp_path, browser) as (phone, cp, w):
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        await phone.pay(PlanName.FIXED, amount="1000")
        await charge(phone, cp)
        released = await w.stripe("POST", "/_sim/webhooks/release", order="reverse", copies=2)
        assert released["released"] > 0
        await w.stripe("POST", "/_sim/webhooks", mode="deliver")
        await phone.stop()
        cost = await phone.ended(cp)
        card = await phone.card()
        assert (card["charged"], card["refunded"]) == (1000, 1000 - cost)


@pytest.mark.parametrize("plan", [PlanName.FIXED, PlanName.DYNAMIC])
async def test_no_webhook_comes_at_all(tmp_path: Path, browser: Browser, plan: PlanName) -> None:
    async with place(tmp_path, browser) as (phone, cp, w):
        await w.stripe("POST", "/_sim/webhooks", mode="storm", lose=1)
        await phone.pay(plan)
        await charge(phone, cp)
        await phone.stop()
        cost = await phone.ended(cp)
        card = await phone.card()
        assert card["charged"] - card["refunded"] == cost
        assert card["held"] == 0


async def test_neither_the_driver_nor_the_webhook_comes_back(
    tmp_path: Path, browser: Browser
) -> None:
    """Whoever lost the way back after paying finds it by the code on the connector."""
    async with place(tmp_path, browser, speed=1000, checkout_lasts_s="1860") as (phone, cp, w):
        await w.stripe("POST", "/_sim/webhooks", mode="storm", lose=1)
        await phone.scan()
        await phone.order(PlanName.DYNAMIC)
        await w.pay({"url": phone.page.url})
        session = await phone.session()
        await w.until(session["session_id"], "secured")
        await phone.scan()
        await charge(phone, cp)
        await phone.stop()
        await phone.ended(cp, State.SETTLED)
