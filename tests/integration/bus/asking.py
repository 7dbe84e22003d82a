"""How tests ask for a charge point that may not be reached yet, or any more."""

import asyncio

from irve_bridge.service.ports import Bus, Offline, Unanswered

PATIENCE_S = 15
TIMEOUT_S = 5


async def echo(command: bytes) -> bytes:
    return command


async def offline(bus: Bus, cp: str, timeout_s: float = TIMEOUT_S) -> None:
    """Return once a charge point cannot be reached."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await bus.request(cp, b"x", timeout_s)
            except Offline:
                return
            except Unanswered:
                pass
            await asyncio.sleep(0.01)


async def answered(bus: Bus, cp: str) -> bytes:
    """Return the answer once a charge point can be reached."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await bus.request(cp, b"x", TIMEOUT_S)
            except (Offline, Unanswered):
                await asyncio.sleep(0.01)
