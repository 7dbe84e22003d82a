"""Charge points that fall silent, or lose their power, while somebody charges."""

from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world


async def charging(w: World, cp: ChargePoint, **choice: Any) -> str:
    """Secure a charge and begin it; returns the session's id."""
    await cp.wait_until_online()
    opened = await w.open(**choice)
    await w.pay(opened)
    await cp.plug(1)
    await cp.wait_for_start()
    return str(opened["session_id"])


@pytest.mark.parametrize("heard_wh", [0, 300], ids=["from the start", "after a while"])
async def test_a_charge_point_that_tells_no_readings_is_stopped_at_its_limit(
    tmp_path: Path, heard_wh: int
) -> None:
    """The limit comes by the clock: at what the connector can give, or the highest power seen."""
    async with (
        world(tmp_path, speed=40, fixed_least_minor="100", stop_lead_s="60") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        # Set after the interval of the readings: from now on the bridge leaves that alone.
        await cp.wait_until(lambda: cp.configuration.count("TransactionMessageAttempts") == 5)
        if not heard_wh:
            silence(cp)
        session_id = await charging(w, cp, plan="fixed", amount=100)
        await cp.wait_for_energy(1, heard_wh)
        silence(cp)
        transaction = await cp.wait_for_stop()
        assert transaction.reason == "Remote"
        cost = w.cost(transaction)
        assert 75 < cost <= 100
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", cost)
        assert "stop_requested" in await w.told(session_id, "payment_succeeded")


def silence(cp: ChargePoint) -> None:
    """Have it send no MeterValues any more."""
    cp.configuration.put("MeterValueSampleInterval", 0)


@pytest.mark.parametrize("resume", [False, True], ids=["it stops", "it goes on"])
async def test_a_charge_point_that_reboots_has_one_bill_of_all_it_measured(
    tmp_path: Path, *, resume: bool
) -> None:
    """A boot alone ends nothing: some charge points stop at a loss of power, others go on."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session_id = await charging(w, cp, plan="dynamic")
        await cp.wait_for_energy(1, 1000)
        await cp.reboot(resume=resume)
        if resume:
            await cp.wait_until(lambda: not cp.is_online)
            await cp.wait_until_online()
            assert (await w.session(session_id))["status"] == "charging"
            await cp.wait_for_energy(1, 2000)
            await cp.unplug(1)
        transaction = await cp.wait_for_stop()
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        assert session["energy_wh"] == transaction.energy_wh
        assert (await w.card(session_id))["charged"] == w.cost(transaction)
        assert len(cp.transactions) == 1
