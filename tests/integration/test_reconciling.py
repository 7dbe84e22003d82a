"""What Stripe, the CSMS and our own books say differently is found, named and put right."""

import json
from pathlib import Path
from typing import Any

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world

STRANGER = {
    "amount": "700",
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "allowed_payment_method_types[0]": "card",
    "confirm": "true",
    "metadata[session_id]": "ses_of_another_life",
}


async def settled(
    w: World, cp: ChargePoint, plan: str, connector: int = 1, **choice: Any
) -> dict[str, Any]:
    """Charge a little, pay for it, and return the session; no webhook needs to come."""
    await cp.wait_until_online()
    opened = await w.open(plan, connector, **choice)
    await w.page(await w.pay(opened))
    await cp.plug(connector)
    await cp.wait_for_energy(connector, 1500)
    await cp.unplug(connector)
    return await w.until(opened["session_id"], "settled")


async def payment(w: World, session_id: str) -> dict[str, Any]:
    """Return the session's payment as the ledger has it."""
    lines = await w.stripe("GET", "/_sim/ledger")
    return next(line for line in lines if line["metadata"].get("session_id") == session_id)


async def second_payment(w: World, session_id: str, **form: str) -> dict[str, Any]:
    """Pay for a session once more, as nobody ever should."""
    first = await payment(w, session_id)
    return await w.stripe_api(
        "POST",
        "payment_intents",
        **{
            "amount": "700",
            "currency": "eur",
            "customer": first["customer"],
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types[0]": "card",
            "confirm": "true",
            "off_session": "true",
            "metadata[session_id]": session_id,
        },
        **form,
    )


async def test_nothing_is_found_where_nothing_differs(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await settled(w, cp, "estimated", energy_kwh=10)
        await settled(w, cp, "fixed", 2, amount=1000)
        assert await w.reconcile() == []


async def test_a_hold_that_was_let_go_is_nothing_given_back(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        cp.misbehaviour.refuse_remote_start = True
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=10)
        await w.page(await w.pay(opened))
        await w.until(opened["session_id"], "released")
        assert await w.reconcile() == []


async def test_a_payment_nobody_told_us_of_is_found(tmp_path: Path) -> None:
    """The webhook is lost and the driver never comes back: the charge still begins."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        found = await w.reconcile()
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (opened["session_id"], "paid_unknown", True)
        ]
        assert (await w.session(opened["session_id"]))["status"] == "secured"


async def test_a_second_payment_goes_back(tmp_path: Path) -> None:
    """Found without any webhook, given back once, and nothing is left to find."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        session = await settled(w, cp, "dynamic")
        session_id = session["session_id"]
        twice = await second_payment(w, session_id)
        found = await w.reconcile()
        assert [(f.kind, f.repaired) for f in found] == [("paid_unknown", True)]

        async def returned() -> bool:
            card = await w.card(session_id)
            return card["charged"] - card["refunded"] == session["amount"]

        await w.eventually(returned)
        lines = await w.stripe("GET", "/_sim/ledger")
        assert next(x for x in lines if x["id"] == twice["id"])["refunded_minor"] == 700
        assert await w.reconcile() == []


async def test_a_forgotten_hold_is_let_go(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        session = await settled(w, cp, "estimated", energy_kwh=10)
        session_id = session["session_id"]
        await second_payment(w, session_id, capture_method="manual")
        found = await w.reconcile()
        assert [(f.kind, f.repaired) for f in found] == [("held_forgotten", True)]

        async def let_go() -> bool:
            return (await w.card(session_id))["held"] == 0

        await w.eventually(let_go)
        assert (await w.session(session_id))["amount"] == session["amount"]


async def test_a_refund_made_by_hand_lowers_what_was_decided(tmp_path: Path) -> None:
    """The operator's own refund in the provider's dashboard is the operator's decision."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        session = await settled(w, cp, "dynamic")
        paid = await payment(w, session["session_id"])
        await w.stripe_api("POST", "refunds", payment_intent=paid["id"], amount="10")
        found = await w.reconcile()
        assert [(f.kind, f.repaired) for f in found] == [("paid_unknown", True)]
        after = await w.session(session["session_id"])
        assert (after["status"], after["amount"]) == ("settled", session["amount"] - 10)


async def test_a_callback_that_was_given_up_is_delivered_after_all(tmp_path: Path) -> None:
    async with world(tmp_path, callback_delays_s="0.1") as w, w.charge_point() as cp:
        w.inbox.fail(500, 100)
        session = await settled(w, cp, "estimated", energy_kwh=10)

        async def given_up() -> bool:
            found = await w.reconcile()
            kinds.extend(f.kind for f in found)
            return bool(found)

        kinds: list[str] = []
        await w.eventually(given_up)
        w.inbox.fail(500, 0)
        assert set(kinds) == {"callback_undelivered"}

        async def delivered() -> bool:
            await w.reconcile()
            told = {c.type for c in w.inbox.received(session_id=session["session_id"])}
            return "payment_succeeded" in told

        await w.eventually(delivered)


async def test_a_payment_of_no_session_of_ours_is_named(tmp_path: Path) -> None:
    """Nobody guesses what it was for: the operator is told."""
    async with world(tmp_path) as w:
        await w.stripe_api("POST", "payment_intents", **STRANGER)
        found = await w.reconcile()
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            ("ses_of_another_life", "unknown_session", False)
        ]


async def test_the_command_names_what_needs_a_person(tmp_path: Path) -> None:
    """Beside the running bridge: 0 if everything is right by now, 1 if somebody must look."""
    async with world(tmp_path) as w:
        assert await w.command("reconcile") == (0, "Everything agrees.")
        await w.stripe_api("POST", "payment_intents", **STRANGER)
        status, said = await w.command("reconcile", "--json")
        assert status == 1
        (finding,) = json.loads(said)
        assert (finding["kind"], finding["repaired"]) == ("unknown_session", False)
