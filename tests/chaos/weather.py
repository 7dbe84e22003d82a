"""Faults of everybody the bridge talks to over HTTP: Stripe, its webhooks, the CSMS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from tests.integration.world import World

API_FAULTS = {"probability": 0.1, "slow_s": 0.8, "timeout_s": 3.0}
"""Each trouble strikes before or after the effect: about one call in ten fails."""
POST_FAULTS = {"lose": 0.08, "duplicate": 0.15, "delay_s_most": 0.8}
REFUNDS = {"succeed": 6, "succeed_later": 2, "fail_later": 1, "fail": 1}
REFUND_CHANGES_S = 2.0
CSMS_CHANGES_S = 1.0
CSMS_HANGS_S = 1.5


@asynccontextmanager
async def over_stripe(w: World, dice: Random) -> AsyncIterator[None]:
    """Have calls fail, and webhooks lost, repeated, late and out of order, while it is open."""
    post = POST_FAULTS | {"seed": dice.randrange(10**6)}
    await w.stripe("POST", "/_sim/storm", seed=dice.randrange(10**6), **API_FAULTS)
    await w.stripe("POST", "/_sim/webhooks", mode="storm", **post)
    try:
        yield
    finally:
        await w.stripe("POST", "/_sim/storm", probability=0)
        await w.stripe("POST", "/_sim/webhooks", mode="deliver")


async def over_the_refunds(w: World, dice: Random) -> None:
    """Now and then one that seemed made fails later, or is only made later."""
    try:
        while True:
            mode = dice.choices(list(REFUNDS), list(REFUNDS.values()))[0]
            await w.stripe("POST", "/_sim/refunds", mode=mode, times=1)
            await asyncio.sleep(dice.uniform(0, 2 * REFUND_CHANGES_S))
    finally:
        await w.stripe("POST", "/_sim/refunds", mode="succeed", times=0)


async def over_the_csms(w: World, dice: Random) -> None:
    """Have it fail, or hang before or after it took a callback."""

    async def hang(_method: str, _path: str) -> None:
        await asyncio.sleep(dice.uniform(0, CSMS_HANGS_S))

    async def serve(_method: str, _path: str) -> None:
        return

    try:
        while True:
            w.before_csms = hang if dice.random() < 0.2 else serve
            w.after_csms = hang if dice.random() < 0.2 else serve
            w.inbox.fail(dice.choice([429, 500, 503]), dice.choice([0, 0, 1, 3]))
            await asyncio.sleep(dice.uniform(0, 2 * CSMS_CHANGES_S))
    finally:
        w.before_csms = w.after_csms = serve
        w.inbox.fail(500, 0)
