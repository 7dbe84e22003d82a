"""What the kept card did not pay is due: one way to pay it at a time, and never twice."""

from pathlib import Path
from typing import Any

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world

DECLINED_LATER = "4000000000000341"
AUTHENTICATED_EACH_TIME = "4000002760003184"


async def due(w: World, cp: ChargePoint, card: str, connector: int = 1) -> dict[str, Any]:
    """Charge a little with a card that will not pay for it, and return the session."""
    await cp.wait_until_online()
    opened = await w.open("dynamic", connector)
    await w.pay(opened, card)
    await cp.plug(connector)
    await cp.wait_for_energy(connector, 2000)
    await cp.unplug(connector)
    return await w.until(opened["session_id"], "due")


async def checkout(w: World, session_id: str) -> dict[str, Any]:
    """Ask to pay what is due, as the driver's page does; returns what `World.pay` takes."""
    assert w.bridge is not None
    await w.bridge.desk.pay(session_id)
    session = await w.bridge.desk.checkout(session_id, timeout_s=10)
    assert session.checkout_url is not None
    return {"session_id": session_id, "url": session.checkout_url}


async def test_the_driver_pays_what_is_due_by_another_card(tmp_path: Path) -> None:
    """The exact amount, once; the payment that was declined can be made no more."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        session_id, amount = session["session_id"], session["amount"]
        opened = await checkout(w, session_id)
        await w.pay(opened)
        paid = await w.until(session_id, "settled")
        assert paid["amount"] == amount == w.cost(cp.transactions[-1])
        lines = [x for x in await w.stripe("GET", "/_sim/ledger") if x["metadata"]]
        assert sorted((x["status"], x["charged_minor"]) for x in lines) == [
            ("canceled", 0),
            ("succeeded", amount),
        ]
        told = await w.told(session_id, "payment_succeeded")
        assert told[-2:] == ["charge_failed", "payment_succeeded"]


async def test_asking_twice_leads_to_the_same_checkout(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        first = await checkout(w, session["session_id"])
        assert await checkout(w, session["session_id"]) == first


async def test_a_bank_that_wants_its_holder_is_not_asked_again_without_them(
    tmp_path: Path,
) -> None:
    """Only the driver can authenticate: until the term is over nothing is tried."""
    async with (
        world(tmp_path, debt_retries_s="30,60,90", debt_term_s="600") as w,
        w.charge_point() as cp,
    ):
        session = await due(w, cp, AUTHENTICATED_EACH_TIME)
        assert session["outcome"] == "authentication_required"
        over = await w.until(session["session_id"], "written_off")
        assert over["outcome"] == "written_off"
        charged = [path for path in w.asked_of_stripe if path.endswith("/confirm")]
        assert len(charged) == 1
        assert (await w.card(session["session_id"]))["charged"] == 0
        assert "debt_written_off" in await w.told(session["session_id"], "debt_written_off")


async def test_an_unpaid_checkout_ends_and_another_can_be_had(tmp_path: Path) -> None:
    async with world(tmp_path, speed=600) as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        first = await checkout(w, session["session_id"])

        async def ended() -> bool:
            return (await w.checkout(first))["status"] == "expired"

        await w.eventually(ended)
        assert w.bridge is not None

        async def free() -> bool:
            assert w.bridge is not None
            return (await w.bridge.desk.session(session["session_id"])).paying_since is None

        await w.eventually(free)
        second = await checkout(w, session["session_id"])
        assert second["url"] != first["url"]
        await w.pay(second)
        await w.until(session["session_id"], "settled")
        assert (await w.card(session["session_id"]))["charged"] == session["amount"]


async def test_a_card_that_owes_is_asked_to_settle_first(tmp_path: Path) -> None:
    """Nothing is taken and nothing starts; once the debt is paid the same card charges again."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        again = await w.open("dynamic", 2)
        await w.pay(again, DECLINED_LATER)
        refused = await w.final(again["session_id"])
        assert (refused["status"], refused["outcome"]) == ("released", "card_in_debt")
        await w.pay(await checkout(w, session["session_id"]))
        await w.until(session["session_id"], "settled")
        once_more = await w.open("dynamic", 2)
        await w.pay(once_more, DECLINED_LATER)
        await w.until(once_more["session_id"], "secured")


async def test_a_card_short_of_funds_is_tried_again_and_pays_once(tmp_path: Path) -> None:
    """The same payment is confirmed again; when there is money it is paid, with nobody asked."""
    async with (
        world(tmp_path, debt_retries_s="20,120,600") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.page(await w.pay(opened))
        customer = (await w.checkout(opened))["customer"]
        short = {"behaviour": "insufficient_funds", "times": 2}
        await w.stripe("POST", f"/_sim/customers/{customer}/cards", **short)
        await cp.plug(1)
        await cp.wait_for_energy(1, 2000)
        await cp.unplug(1)
        owed = await w.until(opened["session_id"], "due")
        assert owed["outcome"] == "insufficient_funds"
        paid = await w.until(opened["session_id"], "settled")
        card = await w.card(opened["session_id"])
        assert card["charged"] == paid["amount"] == w.cost(cp.transactions[-1])
        lines = await w.stripe("GET", "/_sim/ledger")
        assert len([x for x in lines if x["metadata"]]) == 1


async def test_a_card_that_the_csms_brings_is_asked_for_its_debts_too(tmp_path: Path) -> None:
    """It has a fingerprint like any other."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        bearer = {"authorization": f"Bearer {w.api_key}"}
        brought = {
            "charge_point_id": "CP1",
            "connector_id": 2,
            "payment_method_id": "pm_card_visa",
            "payment_type": "dynamic",
        }
        _, answer = await w.post("/api/start-charging-session", brought, **bearer)
        assert w.bridge is not None
        session = await w.bridge.desk.session(answer["session_id"])
        assert session.card_fingerprint is not None
