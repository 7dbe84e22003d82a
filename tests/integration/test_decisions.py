"""Races that somebody loses, ends that never come, and what a person decides in the end."""

from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import Transaction
from tests.integration.world import FINAL, World, world

BROUGHT = {
    "charge_point_id": "CP1",
    "connector_id": 1,
    "payment_method_id": "pm_card_visa",
    "payment_type": "dynamic",
}


async def decide(w: World, session_id: str, amount_minor: int) -> int:
    """Decide on the command line, beside the running bridge; returns the exit status."""
    return (await w.command("sessions", "decide", session_id, str(amount_minor)))[0]


async def begun(w: World, **choice: Any) -> str:
    """The CSMS brings a card of its own; returns the session's id."""
    bearer = {"authorization": f"Bearer {w.api_key}"}
    status, answer = await w.post("/api/start-charging-session", BROUGHT | choice, **bearer)
    assert status in {201, 202}, answer
    return str(answer["session_id"])


async def test_of_two_who_pay_for_one_connector_the_loser_gets_everything_back(
    tmp_path: Path,
) -> None:
    """An unpaid claim lapses; whoever pays first has the connector, the other is refunded."""
    async with world(tmp_path, claim_s="1") as w, w.charge_point() as cp:
        await cp.wait_until_online()
        slow = await w.open("fixed", amount=1000)

        async def lapsed() -> bool:
            body = {"payment_type": "dynamic", "charge_point_id": "CP1", "connector_id": 1}
            status, answer = await w.post("/api/create-payment", body)
            found.append(answer)
            return status == 201

        found: list[dict[str, Any]] = []
        await w.eventually(lapsed)
        await w.pay(found[-1])
        await w.until(found[-1]["session_id"], "secured", "charging")
        await w.pay(slow)
        lost = await w.final(slow["session_id"])
        assert (lost["status"], lost["outcome"]) == ("released", "connector_lost")
        card = await w.card(slow["session_id"])
        assert (card["charged"], card["refunded"]) == (1000, 1000)
        await cp.plug(1)
        await w.until(found[-1]["session_id"], "charging")


async def test_a_csms_with_its_own_card_has_a_charge_metered_by_the_bridge(tmp_path: Path) -> None:
    """Its card is charged from the charge point's meter when the CSMS ends the session."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        session_id = await begun(w)
        await cp.plug(1)
        transaction: Transaction = await cp.wait_for_energy(1, 1000)
        bearer = {"authorization": f"Bearer {w.api_key}"}
        ending = {"session_id": session_id}
        assert (await w.post("/api/end-charging-session", ending | {"energy_wh": 5}, **bearer))[
            0
        ] == 409
        assert (await w.post("/api/end-charging-session", ending, **bearer))[0] == 200
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        assert (await w.card(session_id))["charged"] == w.cost(transaction)


async def test_an_end_that_the_csms_never_reports_goes_to_a_person(tmp_path: Path) -> None:
    """Decided to nothing, the card is let go; the late report changes nothing any more."""
    async with world(tmp_path, csms_end_within_s="20") as w:
        session_id = await begun(w, metered_by="csms")
        review = await w.until(session_id, "review")
        assert review["outcome"] == "end_overdue"
        assert await decide(w, session_id, 99_999_999) == 1
        assert await decide(w, session_id, -1) == 1
        assert await decide(w, session_id, 0) == 0
        assert (await w.until(session_id, "released"))["amount"] == 0
        bearer = {"authorization": f"Bearer {w.api_key}"}
        late = {"session_id": session_id, "energy_wh": 5000}
        assert (await w.post("/api/end-charging-session", late, **bearer))[0] == 409
        assert await w.stripe("GET", "/_sim/ledger") == []


async def test_an_end_reported_late_is_still_billed(tmp_path: Path) -> None:
    """While a person has not decided yet, the CSMS's own figure settles it."""
    async with world(tmp_path, csms_end_within_s="20") as w:
        session_id = await begun(w, metered_by="csms")
        await w.until(session_id, "review")
        bearer = {"authorization": f"Bearer {w.api_key}"}
        late = {"session_id": session_id, "amount": 640}
        assert (await w.post("/api/end-charging-session", late, **bearer))[0] == 200
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", 640)
        assert (await w.card(session_id))["charged"] == 640


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        ({"plan": "dynamic"}, "payment_intents"),
        ({"plan": "dynamic"}, "payment_intents/*/confirm"),
        ({"plan": "estimated", "energy_kwh": 10}, "payment_intents/*/capture"),
    ],
    ids=["create", "confirm", "capture"],
)
async def test_a_charge_that_stripe_refuses_though_not_its_card_goes_to_a_person(
    tmp_path: Path, plan: dict[str, Any], path: str
) -> None:
    """The account may not charge: the driver owes nothing until somebody has put that right."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open(**plan)
        session_id = opened["session_id"]
        back = await w.pay(opened)
        await w.page(back)
        await w.stripe("POST", "/_sim/faults", body=[{"path": f"/v1/{path}", "status": 400}])
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1500)
        await w.stop(back)
        review = await w.until(session_id, *FINAL)
        assert (review["status"], review["outcome"]) == ("review", "testmode_charges_only")
        assert (await w.told(session_id, "review_needed"))[-1] == "review_needed"
        assert (await w.card(session_id))["charged"] == 0
        assert w.bridge is not None
        cost = w.cost(transaction)
        await w.bridge.desk.decide(session_id, cost)
        assert (await w.until(session_id, "settled"))["amount"] == cost
        assert (await w.card(session_id))["charged"] == cost


async def test_what_is_due_can_be_forgiven(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened, card="4000000000000341")
        await cp.plug(1)
        await cp.wait_for_energy(1, 1000)
        await w.stop(back)
        await w.until(opened["session_id"], "due")
        assert await decide(w, opened["session_id"], 0) == 0
        assert (await w.session(opened["session_id"]))["status"] == "written_off"


async def test_an_offline_charge_is_found_by_its_tag_when_no_id_was_ever_learnt(
    tmp_path: Path,
) -> None:
    """Start and stop queue while offline and come late: the meter is billed all the same."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.wait_for_status(1, "Preparing")
        await cp.go_offline()
        await cp.plug(1)
        await cp.wait_for_energy(1, 1000)
        await cp.unplug(1)
        await cp.go_online()
        session = await w.final(opened["session_id"])
        assert session["status"] == "settled"
        assert (await w.card(opened["session_id"]))["charged"] == w.cost(cp.transactions[-1])
