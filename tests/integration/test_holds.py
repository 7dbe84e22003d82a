"""A hold ends by itself: what was charged is captured before, on what is proven by then."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain.errors import Conflict
from tests.integration.world import World, world

WEEK = timedelta(days=7)
SOON = str((WEEK - timedelta(minutes=6)).total_seconds())
"""A margin that leaves a hold of a week six minutes."""


async def opened(w: World) -> str:
    session = await w.open("estimated", energy_kwh=20)
    await w.pay(session)
    return str(session["session_id"])


async def test_a_charge_is_stopped_and_captured_before_its_hold_ends(tmp_path: Path) -> None:
    async with (
        world(tmp_path, hold_margin_s=SOON, hold_stop_s="120") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        session_id = await opened(w)
        await cp.plug(1)
        transaction = await cp.wait_for_stop(timeout_s=20)
        assert transaction.reason == "Remote"
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        assert "stop_requested" in await w.told(session_id, "payment_succeeded")


async def test_a_charge_that_will_not_stop_is_captured_at_its_last_reading(tmp_path: Path) -> None:
    """Nothing is charged that was not read, and the stop that comes later adds nothing."""
    async with (
        world(tmp_path, hold_margin_s=SOON, hold_stop_s="60") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        session_id = await opened(w)
        await cp.plug(1)
        await cp.wait_for_energy(1, 500)
        cp.misbehaviour.ignore_calls = True
        session = await w.final(session_id)
        assert session["status"] == "settled"
        running = cp.transactions[-1]
        assert 0 < session["energy_wh"] <= running.as_json()["energy_wh"]
        await cp.unplug(1)
        await cp.wait_for_stop()
        assert (await w.session(session_id))["amount"] == session["amount"]
        card = await w.card(session_id)
        assert (card["charged"], card["held"]) == (session["amount"], 0)


async def test_what_a_person_has_not_decided_is_captured_as_far_as_it_is_trusted(
    tmp_path: Path,
) -> None:
    """A hold that ends undecided would be worth nothing: the trusted part is taken, no more."""
    async with (
        world(tmp_path, hold_margin_s=SOON, hold_stop_s="60") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        session_id = await opened(w)
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        cp.misbehaviour.stop_short_wh = 300
        await cp.unplug(1)
        await w.until(session_id, "review")
        session = await w.until(session_id, "settled")
        metered_wh = cp.transactions[-1].as_json()["energy_wh"]
        assert (session["energy_wh"], session["outcome"]) == (metered_wh - 300, None)
        assert 0 < session["amount"] < w.cost(cp.transactions[-1])
        card = await w.card(session_id)
        assert (card["charged"], card["held"]) == (session["amount"], 0)


@pytest.mark.parametrize(
    "available", [{"incremental": True}, {"overcapture_percent": 100}], ids=lambda a: next(iter(a))
)
async def test_a_hold_grows_only_with_its_driver_and_where_the_charge_allows_it(
    tmp_path: Path, available: dict[str, Any]
) -> None:
    """The charge goes on beyond the first hold, and what was agreed to anew is the limit."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/features", **available)
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=2)
        session_id = opened["session_id"]
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 200)
        held = (await w.session(session_id))["secured_amount"]
        assert w.bridge is not None
        await w.bridge.desk.extend(session_id, held * 2)

        async def grown() -> bool:
            return (await w.session(session_id))["secured_amount"] == held * 2

        await w.eventually(grown)
        transaction = await cp.wait_for_stop()
        session = await w.until(session_id, "settled")
        assert held < session["amount"] <= held * 2
        assert session["amount"] == min(w.cost(transaction), held * 2)
        assert "payment_extended" in await w.told(session_id, "payment_succeeded")


async def test_a_hold_that_cannot_grow_stays_what_it_is(tmp_path: Path) -> None:
    """Nothing is assumed: without the charge's word no more is ever asked for."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=2)
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 200)
        held = (await w.session(opened["session_id"]))["secured_amount"]
        assert w.bridge is not None
        with pytest.raises(Conflict):
            await w.bridge.desk.extend(opened["session_id"], held + 100)
        assert not [path for path in w.asked_of_stripe if "increment" in path]


async def test_what_may_not_be_captured_over_is_captured_to_the_hold(tmp_path: Path) -> None:
    """The charge said more could be captured than was held, and then it could not."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/features", overcapture_percent=100, overcaptures_refused=1)
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=2)
        session_id = opened["session_id"]
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 200)
        held = (await w.session(session_id))["secured_amount"]
        assert w.bridge is not None
        await w.bridge.desk.extend(session_id, held * 2)
        transaction = await cp.wait_for_stop()
        assert w.cost(transaction) > held
        session = await w.until(session_id, "settled")
        assert session["amount"] == held
        assert (await w.card(session_id))["charged"] == held
