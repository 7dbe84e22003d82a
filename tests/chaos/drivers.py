"""Drivers of every kind: what they are going to do is thrown beforehand, then they do it.

A driver reloads a page that does not answer and gives up after a while, as people do. Whoever
leaves takes the cable along.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from simulators.charge_point import Transaction
from tests.chaos.stations import Bay
from tests.integration.world import CARD, FINAL, World, checkout_id, link

PATIENCE_S = 6.0
CHARGES_S_MOST = 3.0
RELOAD_S = 0.15
CHOICES: tuple[tuple[str, dict[str, int]], ...] = (
    ("fixed", {"amount": 500}),
    ("fixed", {"amount": 700}),
    ("estimated", {"energy_kwh": 5}),
    ("estimated", {"minutes": 20}),
    ("dynamic", {}),
    ("dynamic", {}),
)
CARDS = {
    CARD: 12,
    "4000002500003155": 2,  # asks for authentication once
    "4000002760003184": 1,  # asks for authentication each time, off-session too
    "4000000000009995": 1,  # refused at the checkout
    "4000000000000341": 2,  # can be kept, but is refused off-session
    "4000008260003178": 1,  # authenticated, then out of funds
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whim:
    """What one driver is going to do."""

    plan: str
    choice: dict[str, int]
    card: str
    pays: str
    authenticates: bool
    comes_back: bool
    plugs: str
    ends_by: str
    charges_s: float
    repeats_key: bool
    pays_debt: bool


def whim(dice: Random) -> Whim:
    """Throw what a driver is going to do."""
    plan, choice = dice.choice(CHOICES)
    return Whim(
        plan=plan,
        choice=choice,
        card=dice.choices(list(CARDS), list(CARDS.values()))[0],
        pays=dice.choices(["at once", "late", "never", "turns back"], [10, 2, 1, 1])[0],
        authenticates=dice.random() < 0.8,
        comes_back=dice.random() < 0.8,
        plugs=dice.choices(["before", "after", "never"], [3, 6, 1])[0],
        ends_by=dice.choice(["page", "cable", "limit", "csms"]),
        charges_s=dice.uniform(0.0, CHARGES_S_MOST),
        repeats_key=dice.random() < 0.7,
        pays_debt=dice.random() < 0.5,
    )


@dataclass(frozen=True, slots=True)
class Promises:
    """The sessions that somebody was told of, and what the CSMS itself metered, in minor units."""

    opened: set[str] = field(default_factory=set)
    reported: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Driver:
    """One driver at one connector."""

    w: World
    bay: Bay
    whim: Whim
    promises: Promises
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    async def live(self) -> None:
        """Come, order, pay, charge, leave."""
        arrived_after = len(self.bay.transactions)
        async with self.bay.occupied(plugged=self.whim.plugs == "before"):
            ordered = await self._order()
            paid = ordered is not None and await self._pay(ordered)
            if ordered is None or not paid:
                return
            if self.whim.plugs == "after":
                await self.bay.plug()
            await self._charge(ordered, arrived_after)
        if self.whim.card != CARD and self.whim.pays_debt:
            await self._pay_debt(ordered)

    async def _order(self) -> dict[str, Any] | None:
        """Return what the bridge promised; None for who had to give up."""
        body = {"payment_type": self.whim.plan, **self.bay.place, **self.whim.choice}
        headers = {"Idempotency-Key": self.key} if self.whim.repeats_key else {}

        async def order() -> dict[str, Any] | None:
            status, answer = await self.w.post("/api/create-payment", body, **headers)
            return answer if status == 201 else None

        answer: dict[str, Any] | None = await insisted(order)
        if answer is not None:
            self.promises.opened.add(answer["session_id"])
        return answer

    async def _pay(self, ordered: dict[str, Any]) -> bool:
        """Return whether the driver believes to have paid."""
        if self.whim.pays == "never":
            return False
        if self.whim.pays == "turns back":
            await insisted(lambda: self._get(f"{ordered['session_url']}/cancelled"))
            return False
        if self.whim.pays == "late":
            await asyncio.sleep(self.whim.charges_s)
        back = await self._submit(ordered["url"], self.whim.card)
        if back is None:
            back = await self._submit(ordered["url"], CARD)  # another card, or none
        if back and self.whim.comes_back:
            await insisted(lambda: self._get(back))
        return back is not None

    async def _submit(self, checkout_url: str, card: str) -> str | None:
        """Fill in the checkout; return the way back, None while it is not paid."""
        path = f"/_sim/checkout/{checkout_id({'url': checkout_url})}/pay"
        answer = "approve" if self.whim.authenticates else "fail"
        try:
            paid = await self.w.stripe("POST", path, card=card, authenticate=answer)
        except aiohttp.ClientResponseError:  # it has expired, or is paid already
            return None
        return str(paid["redirect_url"]) if paid["outcome"] == "complete" else None

    async def _charge(self, ordered: dict[str, Any], arrived_after: int) -> None:
        began = await self.bay.begun(arrived_after, PATIENCE_S)
        if began is None:
            return
        await asyncio.sleep(self.whim.charges_s)
        await self._end(ordered, began)
        await self.bay.ended(began, PATIENCE_S)

    async def _end(self, ordered: dict[str, Any], began: Transaction) -> None:
        match self.whim.ends_by:
            case "page":
                await insisted(lambda: self._press_stop(ordered))
            case "csms":
                body = {"session_id": ordered["session_id"]}
                authorization = {"authorization": f"Bearer {self.w.api_key}"}
                await insisted(
                    lambda: self.w.post("/api/end-charging-session", body, **authorization)
                )
            case "cable":
                await self.bay.leave()

    async def _pay_debt(self, ordered: dict[str, Any]) -> None:
        """Pay what is due, if anything is, with a card that works."""

        async def end() -> str | None:
            state = (await self.w.session(ordered["session_id"]))["status"]
            return str(state) if state in FINAL else None

        if await insisted(end) != "due":
            return
        there = await insisted(lambda: self._ask_to_pay(ordered))
        if there is not None and "cs_test_" in there:
            await self._submit(there, CARD)

    async def _ask_to_pay(self, ordered: dict[str, Any]) -> str:
        """Return where the page's button leads."""
        async with self.w.http.post(f"{ordered['session_url']}/pay", allow_redirects=False) as page:
            return page.headers.get("location", "nowhere")

    async def _press_stop(self, ordered: dict[str, Any]) -> bool:
        await self.w.stop(link(ordered["session_url"]))
        return True

    async def _get(self, url: str) -> bool:
        async with self.w.http.get(url) as page:
            return page.ok


async def insisted(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the first answer that is one, reloading meanwhile; None for who gave up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if answer := await ask():
                        return answer
                await asyncio.sleep(RELOAD_S)
    return None
