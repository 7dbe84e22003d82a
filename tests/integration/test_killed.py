"""The bridge may be killed at any instant: every session still ends once, with the right amount.

Each case kills the process with SIGKILL at one step of a charge, before or after that step took
effect elsewhere, starts it again, and asks the card and the charge point's meter what happened.
At random instants it is killed in tests/chaos.
"""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world

PLANS: dict[str, dict[str, Any]] = {
    "fixed": {"amount": 1000},
    "estimated": {"energy_kwh": 10},
    "dynamic": {},
}
STEPS = {
    "fixed": ["POST /v1/refunds"],
    "estimated": ["POST /v1/payment_intents/*/capture"],
    "dynamic": ["POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm"],
}
CASES = [
    (plan, step, when) for plan in PLANS for step in STEPS[plan] for when in ("before", "after")
]
SAID = [("fixed", "starts for"), ("estimated", "starts for"), ("dynamic", "stops for")]


@dataclass
class Killer:
    """Kills the bridge the first time that a step is seen."""

    w: World
    pattern: re.Pattern[str]
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, method: str, path: str) -> None:
        if not self.done.is_set() and self.pattern.fullmatch(f"{method} {path}"):
            self.done.set()
            await self.w.kill()


def step(glob: str) -> re.Pattern[str]:
    return re.compile(re.escape(glob).replace(r"\*", "[^/]+"))


@pytest.mark.parametrize(("plan", "at", "when"), CASES)
async def test_killed_around_a_call_to_stripe(
    tmp_path: Path, plan: str, at: str, when: str
) -> None:
    """The call had no effect yet, or had it but nobody learnt so: either way it happens once."""
    async with world(tmp_path, process=True) as w, w.charge_point() as cp:
        opened, back = await secure(w, cp, plan)
        killer = Killer(w, step(at))
        if when == "before":
            w.before_stripe = killer
        else:
            w.after_stripe = killer
        await charge_and_audit(w, cp, opened, back)
        assert killer.done.is_set()


@pytest.mark.parametrize(("plan", "said"), SAID)
async def test_killed_as_the_charge_point_reports(tmp_path: Path, plan: str, said: str) -> None:
    """Killed while StartTransaction or StopTransaction is under way: the repeat is the same one."""
    async with world(tmp_path, process=True) as w:
        killing: list[asyncio.Task[None]] = []

        def hear(line: str) -> None:
            if said in line and not killing:
                killing.append(asyncio.ensure_future(w.kill()))

        async with w.charge_point(report=hear) as cp:
            opened, back = await secure(w, cp, plan)
            await charge_and_audit(w, cp, opened, back)
            assert killing
            await killing[0]


async def secure(w: World, cp: ChargePoint, plan: str) -> tuple[dict[str, Any], str]:
    """Open and pay while the bridge is alive; from here on nobody is told to try again."""
    await cp.wait_until_online()

    async def opened() -> bool:
        body = {"payment_type": plan, "charge_point_id": "CP1", "connector_id": 1} | PLANS[plan]
        status, answer = await w.post("/api/create-payment", body)
        found.append(answer)
        return status == 201

    found: list[dict[str, Any]] = []
    await w.eventually(opened)
    return found[-1], await w.pay(found[-1])


async def charge_and_audit(w: World, cp: ChargePoint, opened: dict[str, Any], back: str) -> None:
    """Charge a little, unplug, and compare what the card paid with what the meter says."""
    session_id = opened["session_id"]
    await cp.plug(1)
    tag = await started(w, cp, session_id)
    await cp.unplug(1)
    transaction = await cp.wait_for_stop(tag, timeout_s=30)
    session = await w.final(session_id)
    card = await w.card(session_id)
    story = f"{session} {card}"
    assert session["status"] == "settled", story
    assert card["charged"] - card["refunded"] == w.cost(transaction) == session["amount"], story
    assert card["held"] == 0, story
    told = await w.told(session_id, "payment_succeeded")
    assert told.count("payment_succeeded") == 1, story
    sequences = [c.data["sequence"] for c in w.inbox.received(session_id=session_id)]
    assert sequences == sorted(sequences), story


async def started(w: World, cp: ChargePoint, session_id: str) -> str:
    """Wait until this session's charge has used enough to be billed; return its id tag."""
    before = len(cp.transactions)
    await cp.wait_until(lambda: len(cp.transactions) > before, timeout_s=30)
    await cp.wait_for_energy(1, 1000)
    return str(cp.transactions[-1].id_tag)
