"""A charge whose stop never comes has its end and its bill; a stop after all only lowers it."""

from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world

PLANS = {
    "fixed": {"plan": "fixed", "amount": 2000},
    "estimated": {"plan": "estimated", "energy_kwh": 20},
    "dynamic": {"plan": "dynamic"},
}
SOON = {"idle_end_s": "60"}
every_plan = pytest.mark.parametrize("plan", list(PLANS))


async def charging(w: World, cp: ChargePoint, plan: str) -> str:
    """Secure a charge and read some of it; returns the session's id."""
    await cp.wait_until_online()
    opened = await w.open(**PLANS[plan])
    await w.pay(opened)
    await cp.plug(1)
    await cp.wait_for_energy(1, 1000)
    return str(opened["session_id"])


async def kept(w: World, session_id: str) -> int:
    """Return what the card has paid and not got back."""
    card = await w.card(session_id)
    assert card["held"] == 0
    return card["charged"] - card["refunded"]


async def forgotten(w: World, cp: ChargePoint, session_id: str) -> dict[str, Any]:
    """Have the charge stop without telling; returns the session once that is settled."""
    cp.misbehaviour.forget_stops = True
    await cp.unplug(1)
    return await w.until(session_id, "settled")


@every_plan
async def test_a_connector_that_is_free_again_ends_a_charge_whose_stop_was_lost(
    tmp_path: Path, plan: str
) -> None:
    """Billed is what was read; the next driver may pay, and the stop after all adds nothing."""
    async with world(tmp_path, **SOON) as w, w.charge_point() as cp:
        session_id = await charging(w, cp, plan)
        session = await forgotten(w, cp, session_id)
        transaction = cp.transactions[-1]
        assert 0 < session["energy_wh"] <= transaction.energy_wh
        assert 0 < session["amount"] <= w.cost(transaction)
        assert await kept(w, session_id) == session["amount"]
        await w.open(**PLANS[plan])
        await cp.remember()
        await cp.wait_until_delivered()
        assert (await w.session(session_id))["amount"] == session["amount"]
        assert await kept(w, session_id) == session["amount"]


@every_plan
async def test_a_stop_after_all_gives_back_what_it_says_was_too_much(
    tmp_path: Path, plan: str
) -> None:
    async with world(tmp_path, **SOON) as w, w.charge_point() as cp:
        session_id = await charging(w, cp, plan)
        cp.misbehaviour.stop_short_wh = 600
        before = await forgotten(w, cp, session_id)
        await cp.remember()
        told = await w.told(session_id, "payment_refunded")
        assert told.count("charging_stopped") == 1
        after = await w.session(session_id)
        assert after["status"] == "settled"
        assert after["energy_wh"] == cp.transactions[-1].energy_wh - 600 < before["energy_wh"]
        assert 0 < after["amount"] < before["amount"]
        assert (before["end_presumed"], after["end_presumed"]) == (True, False)
        assert await kept(w, session_id) == after["amount"]


@every_plan
async def test_a_stop_after_all_that_says_more_is_named_to_the_operator_and_not_charged(
    tmp_path: Path, plan: str
) -> None:
    async with world(tmp_path, **SOON) as w, w.charge_point() as cp:
        session_id = await charging(w, cp, plan)
        cp.misbehaviour.stop_short_wh = -400
        before = await forgotten(w, cp, session_id)
        assert await w.reconcile() == []
        await cp.remember()
        await cp.wait_until_delivered()
        (found,) = await w.reconcile()
        assert (found.session_id, found.kind) == (session_id, "unbilled_after_end")
        assert not found.repaired
        after = await w.session(session_id)
        assert (after["amount"], after["energy_wh"]) == (before["amount"], before["energy_wh"])
        assert await kept(w, session_id) == before["amount"]


@pytest.mark.parametrize("plan", ["fixed", "dynamic"])
async def test_a_charge_without_a_hold_that_will_not_stop_ends_at_its_term(
    tmp_path: Path, plan: str
) -> None:
    """It is asked to stop first, as before the end of a hold."""
    terms = {
        "start_within_s": "300",
        "start_within_most_s": "400",
        "hold_stop_s": "60",
        "transaction_most_s": "600",
    }
    async with world(tmp_path, **terms) as w, w.charge_point() as cp:
        session_id = await charging(w, cp, plan)
        cp.misbehaviour.ignore_calls = True
        session = await w.until(session_id, "settled")
        assert 0 < session["energy_wh"] <= cp.transactions[-1].as_json()["energy_wh"]
        told = await w.told(session_id, "payment_succeeded")
        assert "stop_requested" in told
        assert await kept(w, session_id) == session["amount"]


async def test_a_charge_point_that_is_offline_ends_nothing(tmp_path: Path) -> None:
    """It was free when it went, and is still charging for all anybody knows."""
    async with world(tmp_path, **SOON) as w, w.charge_point() as cp:
        session_id = await charging(w, cp, "dynamic")
        await cp.go_offline()
        await cp.unplug(1)
        await w.clock.sleep(180)
        assert (await w.session(session_id))["status"] == "charging"
        await cp.go_online()
        session = await w.until(session_id, "settled")
        assert session["amount"] == w.cost(cp.transactions[-1])


@every_plan
async def test_the_page_says_in_plain_words_what_was_paid_for(tmp_path: Path, plan: str) -> None:
    async with world(tmp_path, **SOON) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open(**PLANS[plan])
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 1000)
        await forgotten(w, cp, str(opened["session_id"]))
        page = await w.page(back.removesuffix("/return"))
        assert "pas signalé la fin de votre charge" in page
        await cp.remember()
        await cp.wait_until_delivered()
        page = await w.page(back.removesuffix("/return"))
        assert "pas signalé la fin de votre charge" not in page
        assert "Votre charge est payée" in page
