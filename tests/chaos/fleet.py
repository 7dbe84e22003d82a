"""Charges that a CSMS orders with its driver's payment method, metered by the bridge or by itself.

A CSMS that was not answered learns from the callbacks which session its order became.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.drivers import CHARGES_S_MOST, PATIENCE_S, Promises, insisted
from tests.chaos.stations import Bay
from tests.integration.world import FINAL, World

CARDS = {"pm_card_visa": 5, "pm_card_chargeCustomerFail": 1}
AMOUNTS_MINOR = (60, 700)


@dataclass(eq=False)
class Order:
    """One order of the CSMS at one connector."""

    w: World
    bay: Bay
    dice: Random
    promises: Promises
    client_id: str = field(default_factory=lambda: secrets.token_hex(8))

    async def live(self) -> None:
        """Order, then have it charged or say what it cost."""
        metered_by = self.dice.choice(["bridge", "csms"])
        card = self.dice.choices(list(CARDS), list(CARDS.values()))[0]
        charges_s = self.dice.uniform(0, CHARGES_S_MOST)
        amount_minor = self.dice.randint(*AMOUNTS_MINOR)
        arrived_after = len(self.bay.transactions)
        session_id = await self._start(metered_by, card)
        if session_id is None:
            return
        if metered_by == "csms":
            await self._report(session_id, charges_s, amount_minor)
            return
        async with self.bay.occupied(plugged=True):
            if await self.bay.begun(arrived_after, PATIENCE_S):
                await asyncio.sleep(charges_s)

    async def _start(self, metered_by: str, card: str) -> str | None:
        body = {
            **self.bay.place,
            "payment_method_id": card,
            "metered_by": metered_by,
            "client_id": self.client_id,
        }

        async def start() -> str | None:
            status, answer = await self._post("/api/start-charging-session", body)
            return str(answer["session_id"]) if status in (201, 202) else self._heard_of()

        session_id: str | None = await insisted(start)
        if session_id is not None:
            self.promises.opened.add(session_id)
        return session_id

    def _heard_of(self) -> str | None:
        """Return the session of this order by the callbacks that came."""
        for callback in self.w.inbox.received("session_opened"):
            if callback.data["client_id"] == self.client_id:
                return str(callback.data["session_id"])
        return None

    async def _report(self, session_id: str, charges_s: float, amount_minor: int) -> None:
        """Report the end once it charges; what was accepted is what the driver must pay."""
        state = await self._state(session_id, lambda state: state == "charging" or state in FINAL)
        if state != "charging":
            return
        await asyncio.sleep(charges_s)
        body = {"session_id": session_id, "amount": amount_minor}

        async def end() -> int | None:
            status, _ = await self._post("/api/end-charging-session", body)
            return status if status in (200, 409) else None

        while (status := await insisted(end)) is None:
            continue
        if status == 200:
            self.promises.reported[session_id] = amount_minor

    async def _state(self, session_id: str, wanted: Callable[[str], bool]) -> str | None:
        async def state() -> str | None:
            found = (await self.w.session(session_id))["status"]
            return str(found) if wanted(found) else None

        answer: str | None = await insisted(state)
        return answer

    async def _post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        key = {"Idempotency-Key": f"{self.client_id} {path}"}
        authorization = {"authorization": f"Bearer {self.w.api_key}"}
        return await self.w.post(path, body, **authorization, **key)
