"""How busy the event loop is: everybody waits as long as this watcher does."""

import asyncio

from irve_bridge.telemetry.metrics import LOOP_LAG_SECONDS

EVERY_S = 0.5


async def watch_loop() -> None:
    """Measure until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + EVERY_S
        await asyncio.sleep(EVERY_S)
        LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due_s))
