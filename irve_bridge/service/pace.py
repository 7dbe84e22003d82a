"""How the workers wait."""

import asyncio
from datetime import datetime, timedelta

from irve_bridge.service.ports import Clock


async def pause(
    woken: asyncio.Event, clock: Clock, until: datetime | None, at_most_s: float
) -> None:
    """Return when the event is set, the clock has reached `until`, or real seconds have passed."""
    waiters: set[asyncio.Future[object]] = {asyncio.ensure_future(woken.wait())}
    if until is not None:
        delay = max(until - clock.now(), timedelta())
        waiters.add(asyncio.ensure_future(clock.sleep(delay)))
    try:
        await asyncio.wait(waiters, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
