"""A driver with a phone: what they do on the pages, and what they see there.

Texts are looked up in the catalogue of the phone's language, by the words that the code gives it.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, ConsoleMessage, Error, Page, ViewportSize, expect

from irve_bridge.domain.session import PlanName, State
from irve_bridge.i18n import REGIONS, Language, language
from irve_bridge.web.wording import ORDER, STORIES
from simulators.charge_point import ChargePoint
from tests.browser.chromium import PHONE
from tests.integration.world import World, world

SPEED = 200.0
CARD = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
DECLINED_LATER = "4000 0000 0000 0341"
ASKS_EACH_TIME = "4000 0027 6000 3184"
ASKS_AT_SETUP = "4000 0025 0000 3155"
ENOUGH_WH = 800
"""Costs more than the least amount that a card can be charged."""
PATIENCE_MS = 30_000
PATIENT = {
    name: str(24 * 3600) for name in ("checkout_lasts_s", "claim_s", "start_within_most_s")
} | {"start_within_s": "7200"}
"""A browser takes its time while the clock runs fast; who tests a deadline sets it."""
CHECKOUT, SESSION, BANK = re.compile("/c/pay/"), re.compile(r"/c/[\w-]+$"), re.compile("/authentic")


@dataclass(frozen=True)
class Phone:
    """A browser's page in a world, and the language it asks for."""

    w: World
    page: Page
    words: Language
    scripted: bool = True

    async def scan(self, number: int = 1, point: str = "CP1") -> None:
        await self.page.goto(f"{self.w.url}/s/{point}/{number}")

    async def order(self, plan: PlanName, **picked: str) -> None:
        """Choose a plan, pick the form's prepared values, and order: the checkout opens."""
        for name, value in ({"payment_type": plan.value} | picked).items():
            choice = self.page.locator(f"[name={name}][value='{value}']")
            await self.page.locator("label", has=choice).first.click()
        await self.button(ORDER).click()
        await self.page.wait_for_url(CHECKOUT)

    async def type_card(self, card: str = CARD) -> None:
        """Fill in the simulated Checkout, and send it."""
        typed = {"email": "a@example.com", "card": card, "expiry": "12/34", "cvc": "123"}
        for name, text in typed.items():
            await self.page.fill(f"[name={name}]", text)
        await self.page.locator("form button").first.click()

    async def pay(self, plan: PlanName, card: str = CARD, number: int = 1, **picked: str) -> None:
        """Scan, order and pay: the driver's page is open."""
        await self.scan(number)
        await self.order(plan, **picked)
        await self.type_card(card)
        await self.page.wait_for_url(SESSION)

    async def answer_bank(self, answer: str) -> None:
        """Answer the bank's question: approve, or fail."""
        await self.page.wait_for_url(BANK)
        await self.page.locator(f"[name=outcome][value={answer}]").click()

    async def go_back(self) -> None:
        """Go back, and again where the page asked for itself anew at that very moment."""
        here = self.page.url
        with suppress(Error):
            await self.page.go_back()
        await self.page.wait_for_load_state()
        if self.page.url == here:
            await self.page.go_back()

    async def reload(self) -> None:
        """Ask for the page anew, be it at the moment in which it does so itself."""
        with suppress(Error):
            await self.page.reload()
        await self.page.wait_for_load_state()

    async def stop(self) -> None:
        """Stop the charge, twice asked."""
        asked = self.page.get_by_text(self.words.text("Stop the charge"), exact=True)
        await asked.filter(visible=True).click()
        await self.button("Yes, stop now").click()

    def button(self, message: str) -> Any:
        return self.page.get_by_role("button", name=self.words.text(message))

    async def sees(self, *messages: str) -> None:
        """Wait until the page says each of these."""
        for message in messages:
            text = self.page.get_by_text(self.words.text(message)).first
            await expect(text).to_be_visible(timeout=PATIENCE_MS)

    async def sees_story(self, state: str) -> None:
        """Wait until the page tells that the session is in this state."""
        story = STORIES[state]
        await self.sees(*filter(None, story))

    async def text(self) -> str:
        return await self.page.inner_text("main")

    async def session(self) -> dict[str, Any]:
        """Return the latest session, as the CSMS is shown it."""
        _, newest = await self.w.api("GET", "/api/sessions?limit=1")
        return await self.w.session(newest["sessions"][0]["session_id"])

    async def card(self) -> dict[str, int]:
        """Return what the latest session's card lived through, by Stripe's ledger."""
        return await self.w.card((await self.session())["session_id"])

    def money(self, amount_minor: int) -> str:
        return self.words.money(amount_minor, "EUR")

    async def ended(self, cp: ChargePoint, state: State = State.SETTLED) -> int:
        """Wait until it is settled; returns the cost by the charge point's own meter.

        The page names cost and energy as the meter counted them.
        """
        await self.sees_story(state)
        transaction = cp.transactions[-1]
        cost_minor = self.w.cost(transaction)
        text = await self.text()
        assert self.money(cost_minor) in text
        assert self.words.kwh(transaction.as_json()["energy_wh"]) in text
        assert str(transaction.transaction_id) in text
        return cost_minor


class Place(NamedTuple):
    """A driver before a charge point."""

    phone: Phone
    cp: ChargePoint
    w: World


@asynccontextmanager
async def place(
    folder: Path,
    browser: Browser,
    code: str = "fr",
    *,
    speed: float = SPEED,
    waits_s: int = 60,
    **settings: str,
) -> AsyncIterator[Place]:
    """Put a driver before a charge point that is online, and waits so long for a cable."""
    settings = PATIENT | {"connection_timeout_s": str(waits_s)} | settings
    async with (
        world(folder, speed=speed, **settings) as w,
        w.charge_point(configuration={"ConnectionTimeOut": waits_s}) as cp,
        phone(browser, w, code) as driver,
    ):
        await cp.wait_until_online()
        yield Place(driver, cp, w)


@asynccontextmanager
async def phone(
    browser: Browser,
    w: World,
    code: str = "fr",
    *,
    scripted: bool = True,
    size: ViewportSize = PHONE,
) -> AsyncIterator[Phone]:
    """Hand a driver a phone; in the end none of our pages has complained."""
    locale = REGIONS[code].replace("_", "-")
    async with AsyncExitStack() as stack:
        context = await browser.new_context(
            viewport=size, locale=locale, java_script_enabled=scripted
        )
        stack.push_async_callback(context.close)
        page = await context.new_page()
        complaints: list[str] = []

        def hear(message: ConsoleMessage) -> None:
            if message.type == "error" and message.location["url"].startswith(w.url):
                complaints.append(message.text)

        page.on("console", hear)
        yield Phone(w, page, language(code), scripted)
        assert [c for c in complaints if "Failed to load resource" not in c] == []


async def charge(driver: Phone, cp: ChargePoint, number: int = 1) -> None:
    """Plug in, and see the charge begin without touching anything; without a script, later."""
    await cp.plug(number)
    if driver.scripted:
        await driver.sees(STORIES[State.CHARGING].headline)
    await cp.wait_for_energy(number, ENOUGH_WH)
