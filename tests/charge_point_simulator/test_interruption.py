"""Whenever the line is cut or the charge point ended, nothing of the conversation goes on."""

import asyncio
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from simulators.charge_point.session import Session
from simulators.clock import Clock

TURNS = range(10)  # of the event loop, in which an answer travels


async def let_pass(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(5))
async def test_a_call_that_is_cancelled_ends_so_even_as_its_answer_comes(turns: int) -> None:
    """Else the conversation of a lost line never ends, and there is no other one."""
    session = Session(
        *("CP1", None, None),
        reset=print,
        notify=print,
        log_in_with=print,
        spawn=print,
        response_timeout_s=5,
    )
    waiting = asyncio.create_task(session._get_specific_response("1", 5))
    await let_pass(3)
    await session.route_message('[3,"1",{}]')
    await let_pass(turns)
    in_time = waiting.cancel()
    await asyncio.wait([waiting], timeout=5)
    assert waiting.cancelled() == in_time


@pytest.mark.parametrize("turns", TURNS)
async def test_a_charge_point_can_be_left_as_its_boot_is_answered(
    central: Any, clock: Clock, turns: int
) -> None:
    async with asyncio.timeout(30):
        async with ChargePoint(central.url, "CP1", clock=clock):
            await central.wait_for("BootNotification")
            await let_pass(turns)
        assert not [task for task in asyncio.all_tasks() if "simulators" in repr(task)]


async def test_a_reboot_is_followed_by_a_boot_even_as_the_last_one_is_answered(
    central: Any, clock: Clock
) -> None:
    """§4.2: the answer to the boot before the reboot counts no more."""
    async with ChargePoint(central.url, "CP1", clock=clock) as cp:
        for turns in TURNS:
            await central.wait_for("BootNotification", count=turns + 1)
            await let_pass(turns)
            await cp.reboot()
        await central.wait_for("BootNotification", count=len(TURNS) + 1)
        await cp.wait_until_online()


async def test_a_charge_point_told_to_stay_away_during_the_handshake_stays_away(
    central: Any, clock: Clock
) -> None:
    async with ChargePoint(central.url, "CP1", clock=clock) as cp, asyncio.timeout(30):
        central.at_handshake = cp.go_offline
        await central.parted.wait()
        assert central.heard == []
        central.at_handshake = None
        await cp.go_online()
