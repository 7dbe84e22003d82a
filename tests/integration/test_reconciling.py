"""What Stripe, the CSMS and our own books say differently is found, named and put right."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from structlog.testing import capture_logs

from irve_bridge.service.ports import Tx
from simulators.charge_point import ChargePoint
from tests.integration.test_debts import AUTHENTICATED_EACH_TIME, DECLINED_LATER, checkout, due
from tests.integration.world import ROOT, World, nothing, world

LISTING = "/v1/payment_intents"
JUST_NOW = timedelta(0)

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


async def paid_debts(w: World, cp: ChargePoint, *cards: str) -> list[str]:
    """Return sessions whose kept cards did not pay, and whose drivers did by another, unheard."""
    debts = [(await due(w, cp, card, i + 1))["session_id"] for i, card in enumerate(cards)]
    await w.stripe("POST", "/_sim/webhooks", mode="hold")
    for session_id in debts:
        await w.pay(await checkout(w, session_id))
    over_at = w.clock.now() + timedelta(seconds=2)

    async def over() -> bool:
        """A list of what was paid just now, to the second, names none of them."""
        return w.clock.now() > over_at

    await w.eventually(over)
    for session_id in debts:
        await w.observed(session_id)
    return debts


async def refuse(w: World, status: int = 403, times: int = 1) -> None:
    """Have the next lists of payments refused, whosever they are."""
    fault = {"method": "GET", "path": LISTING, "status": status, "times": times}
    await w.stripe("POST", "/_sim/faults", body=[fault])


def two_accounts(folder: Path) -> Path:
    """The example's stations as those of two operators: CP1 is of the one asked last."""
    file = yaml.safe_load((ROOT / "config" / "stations.yaml").read_text())
    for point in file["charge_points"]:
        point["account"] = "acct_b" if point["id"] == "CP1" else "acct_a"
    file["tariffs"] = [str(ROOT / "config" / path) for path in file["tariffs"]]
    written = folder / "stations.yaml"
    written.write_text(yaml.safe_dump(file))
    return written


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


@pytest.mark.parametrize("charges", [True, False], ids=["settled", "released"])
async def test_a_second_payment_that_cannot_be_given_back_is_a_persons(
    tmp_path: Path, *, charges: bool
) -> None:
    """What the session itself came to stands; the operator is told once of what is left over."""
    async with world(tmp_path, refund_retries="1", refund_retry_s="5") as w, w.charge_point() as cp:
        if charges:
            session = await settled(w, cp, "fixed", amount=1000)
        else:
            session = await given_up(w, cp)
        session_id = session["session_id"]
        await w.stripe("POST", "/_sim/refunds", mode="fail", times=2)
        await second_payment(w, session_id)
        told = await w.told(session_id, "review_needed")
        assert (told.count("review_needed"), told[-1]) == (1, "review_needed")
        after, card = await w.session(session_id), await w.card(session_id)
        assert (after["status"], after["amount"]) == (session["status"], session["amount"])
        assert card["charged"] - card["refunded"] == (session["amount"] or 0) + 700


async def given_up(w: World, cp: ChargePoint) -> dict[str, Any]:
    """Pay, and stop before anything started; returns the session, all of it given back."""
    await cp.wait_until_online()
    opened = await w.open("fixed", amount=1000)
    back = await w.pay(opened)
    await w.page(back)
    await w.stop(back)
    return await w.until(opened["session_id"], "released")


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


async def test_a_dispute_nobody_told_us_of_is_found(tmp_path: Path) -> None:
    """Its webhook is lost: it is booked and the CSMS is told, once."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        session_id = (await settled(w, cp, "dynamic"))["session_id"]
        paid = await payment(w, session_id)
        await w.stripe("POST", f"/_sim/payment_intents/{paid['id']}/dispute")
        found = await w.reconcile()
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session_id, "dispute_unknown", True)
        ]
        assert (await w.told(session_id, "dispute_opened")).count("dispute_opened") == 1
        kinds = [m["kind"] for m in (await w.session(session_id))["movements"]]
        assert kinds == ["charge", "dispute"]
        assert await w.reconcile() == []


async def test_a_debt_paid_long_ago_is_found_though_nobody_told_us(tmp_path: Path) -> None:
    """What is open is compared at any age, however short the span that is looked back at."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        (session_id,) = await paid_debts(w, cp, DECLINED_LATER)
        found = await w.reconcile(JUST_NOW)
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session_id, "paid_unknown", True)
        ]
        after = await w.session(session_id)
        assert (after["status"], (await w.card(session_id))["charged"]) == (
            "settled",
            after["amount"],
        )
        assert await w.reconcile() == []


async def test_what_is_due_and_not_paid_is_nothing_to_find(tmp_path: Path) -> None:
    """Its own hold is still there, and known: it is let go when the debt is paid otherwise."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        declined = {"path": f"{LISTING}/*/capture", "status": 402}
        await w.stripe("POST", "/_sim/faults", body=[declined])
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=10)
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await cp.unplug(1)
        await w.until(opened["session_id"], "due")
        assert (await w.card(opened["session_id"]))["held"] > 0
        assert await w.reconcile() == []
        assert await w.reconcile(JUST_NOW) == []


async def test_a_session_that_cannot_be_asked_for_does_not_hide_the_others(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        debts = await paid_debts(w, cp, DECLINED_LATER, AUTHENTICATED_EACH_TIME)

        async def refuse_the_first_session(method: str, path: str) -> None:
            if (method, path) == ("GET", LISTING):
                w.after_stripe = nothing
                await refuse(w)

        w.after_stripe = refuse_the_first_session
        found = await w.reconcile(JUST_NOW)
        assert [(f.kind, f.repaired) for f in found] == [
            ("unreachable", False),
            ("paid_unknown", True),
        ]
        assert [f.session_id for f in found] == sorted(debts)
        again = await w.reconcile(JUST_NOW)
        assert [(f.session_id, f.kind, f.repaired) for f in again] == [
            (min(debts), "paid_unknown", True)
        ]


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_an_account_that_refuses_us_does_not_hide_the_others(
    tmp_path: Path, status: int
) -> None:
    """The operator of one disconnected it: what another's driver paid is found all the same."""
    file = two_accounts(tmp_path)
    async with world(tmp_path, stations_file=file) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await refuse(w, status)
        found = await w.reconcile()
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (None, "unreachable", False),
            (opened["session_id"], "paid_unknown", True),
        ]
        assert "acct_a" in found[0].detail


async def test_who_can_ask_nobody_is_told_to_ask_later(tmp_path: Path) -> None:
    async with world(tmp_path, stations_file=two_accounts(tmp_path)) as w:
        await refuse(w, times=2)
        assert await w.command("reconcile") == (1, ""), "no findings, and nothing agrees either"
        assert await w.command("reconcile") == (0, "Everything agrees.")


async def test_a_session_of_an_account_no_station_names_any_more_is_compared(
    tmp_path: Path,
) -> None:
    """The station was given to another operator since: the first one's driver has paid."""
    async with world(tmp_path, stations_file=two_accounts(tmp_path)) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        assert w.bridge is not None

        def sell(tx: Tx) -> None:
            point = tx.stations.charge_point("CP1")
            assert point is not None
            tx.stations.put(replace(point, account="acct_a"))

        await w.bridge.storage.transact(sell)
        found = await w.reconcile()
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (opened["session_id"], "paid_unknown", True)
        ]


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


async def test_the_bridge_compares_by_itself_though_stripe_was_silent_once(tmp_path: Path) -> None:
    """Nobody asks it to, and no webhook comes; a time without an answer is no fault of its own."""
    async with world(tmp_path, reconcile_every_s="60") as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        session = await settled(w, cp, "dynamic")
        session_id = session["session_id"]
        with capture_logs() as logged:

            async def postponed() -> bool:
                return "reconcile_postponed" in [line["event"] for line in logged]

            await refuse(w, 500)
            await w.eventually(postponed)
            paid = await payment(w, session_id)
            await w.stripe_api("POST", "refunds", payment_intent=paid["id"], amount="10")

            async def repaired() -> bool:
                return bool((await w.session(session_id))["amount"] == session["amount"] - 10)

            await w.eventually(repaired)
        assert "worker_failed" not in [line["event"] for line in logged]
