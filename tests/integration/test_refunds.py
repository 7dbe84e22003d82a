"""Money on its way back: asked by the operator, pending, failed, failed for good, disputed."""

import re
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain.errors import Conflict
from simulators.charge_point import ChargePoint
from tests.integration.world import World, world


async def settled(w: World, cp: ChargePoint, plan: str, **choice: Any) -> dict[str, Any]:
    """Charge a little, pay for it, and return the session."""
    opened = await charged(w, cp, plan, **choice)
    return await w.until(opened, "settled")


async def charged(w: World, cp: ChargePoint, plan: str, **choice: Any) -> str:
    """Charge a little and unplug; returns the session's id."""
    await cp.wait_until_online()
    opened = await w.open(plan, **choice)
    await w.page(await w.pay(opened))
    await cp.plug(1)
    await cp.wait_for_energy(1, 1500)
    await cp.unplug(1)
    return str(opened["session_id"])


async def refund(w: World, session_id: str, amount_minor: int | None = None) -> None:
    assert w.bridge is not None
    await w.bridge.desk.refund(session_id, amount_minor, "the driver was right")


async def remains(w: World, session_id: str, amount_minor: int) -> None:
    """Wait until the card paid exactly this, and the session says so."""

    async def so() -> bool:
        card, session = await w.card(session_id), await w.session(session_id)
        return card["charged"] - card["refunded"] == amount_minor == session["amount"]

    await w.eventually(so)


async def rows(w: World, session_id: str) -> set[tuple[str, str]]:
    """Return what the driver's page says in its rows, in plain spaces."""
    assert w.bridge is not None
    token = (await w.bridge.desk.session(session_id)).token
    page = (await w.page(f"{w.url}/c/{token}")).replace("\N{NO-BREAK SPACE}", " ")
    return set(re.findall(r"<dt>([^<]+?)\s*</dt>\s*<dd>([^<]+)</dd>", page))


def euros(amount_minor: int) -> str:
    return f"{amount_minor // 100},{amount_minor % 100:02} €"


async def nothing_to_refund(w: World, session_id: str) -> None:
    """Wait until no refund waits any more."""

    async def so() -> bool:
        assert w.bridge is not None
        left = await w.bridge.storage.read(lambda tx: tx.intents.unfinished(session_id))
        return not [intent for intent in left if intent.kind == "refund"]

    await w.eventually(so)


async def payment_id(w: World, session_id: str) -> str:
    lines = await w.stripe("GET", "/_sim/ledger")
    found = [line["id"] for line in lines if line["metadata"].get("session_id") == session_id]
    return str(found[-1])


async def test_the_operator_gives_back_a_part_and_then_the_rest(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await settled(w, cp, "estimated", energy_kwh=10)
        await refund(w, session["session_id"], 10)
        await remains(w, session["session_id"], session["amount"] - 10)
        await w.told(session["session_id"], "payment_refunded")
        await refund(w, session["session_id"])
        await remains(w, session["session_id"], 0)
        assert (await w.session(session["session_id"]))["status"] == "settled"


async def test_more_than_was_paid_is_never_given_back(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await settled(w, cp, "dynamic")
        for amount_minor in (0, -5, session["amount"] + 1):
            try:
                await refund(w, session["session_id"], amount_minor)
            except Conflict:
                continue
            raise AssertionError(amount_minor)
        await remains(w, session["session_id"], session["amount"])


async def test_a_refund_that_the_bank_takes_days_for_is_waited_for(tmp_path: Path) -> None:
    """Its page says what is on its way back; that it is there, a webhook tells."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/refunds", mode="pending")
        session_id = await charged(w, cp, "fixed", amount=1000)
        settling = await w.until(session_id, "settling")
        cost = w.cost(cp.transactions[-1])
        assert settling["amount"] == cost
        assert await rows(w, session_id) >= {
            ("Payé au départ", "10,00 €"),
            ("Remboursement en cours", euros(1000 - cost)),
            ("Payé au final", euros(cost)),
        }

        async def made() -> bool:
            paid = await payment_id(w, session_id)
            listed = await w.stripe_api("GET", f"refunds?payment_intent={paid}")
            refunds.extend(listed["data"])
            return bool(refunds)

        refunds: list[dict[str, Any]] = []
        await w.eventually(made)
        assert (await w.session(session_id))["status"] == "settling"
        await w.stripe("POST", f"/_sim/refunds/{refunds[0]['id']}/settle", status="succeeded")
        session = await w.until(session_id, "settled")
        assert session["amount"] == cost
        assert ("Remboursé", euros(1000 - cost)) in await rows(w, session_id)


async def test_a_refund_that_fails_is_made_again(tmp_path: Path) -> None:
    """Days after it was reported as made it comes back: the driver gets the money all the same."""
    async with (
        world(tmp_path, refund_retry_s="30") as w,
        w.charge_point() as cp,
    ):
        session_id = await charged(w, cp, "fixed", amount=1000)
        session = await w.until(session_id, "settled")
        paid = await payment_id(w, session_id)
        listed = await w.stripe_api("GET", f"refunds?payment_intent={paid}")
        failed = {"status": "failed"}
        await w.stripe("POST", f"/_sim/refunds/{listed['data'][0]['id']}/settle", **failed)
        assert (await w.card(session_id))["refunded"] == 0
        await remains(w, session_id, session["amount"])


async def test_a_refund_that_keeps_failing_goes_to_a_person(tmp_path: Path) -> None:
    """Who then decides once more; what was given back another way is written down as such."""
    async with (
        world(tmp_path, refund_retries="2", refund_retry_s="5") as w,
        w.charge_point() as cp,
    ):
        await w.stripe("POST", "/_sim/refunds", mode="fail", times=3)
        session_id = await charged(w, cp, "fixed", amount=1000)
        review = await w.until(session_id, "review")
        assert review["outcome"]
        assert w.bridge is not None
        cost = w.cost(cp.transactions[-1])
        await w.bridge.desk.decide(session_id, cost)
        await w.until(session_id, "settled")
        await remains(w, session_id, cost)


async def test_a_dispute_is_recorded_and_told_from_its_opening_to_its_end(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await settled(w, cp, "dynamic")
        session_id = session["session_id"]
        paid = await payment_id(w, session_id)
        dispute = await w.stripe("POST", f"/_sim/payment_intents/{paid}/dispute")
        await w.told(session_id, "dispute_opened")
        await w.stripe("POST", f"/_sim/disputes/{dispute['id']}/close", status="lost")
        told = await w.told(session_id, "dispute_closed")
        assert told[-2:] == ["dispute_opened", "dispute_closed"]
        after = await w.session(session_id)
        assert (after["status"], after["amount"]) == ("settled", session["amount"])
        kinds = [m["kind"] for m in after["movements"]]
        assert kinds == ["charge", "dispute", "dispute_lost"]


@pytest.mark.parametrize(("end", "given_back"), [("lost", 0), ("won", 10)])
async def test_what_the_bank_took_back_is_not_given_back_as_well(
    tmp_path: Path, end: str, given_back: int
) -> None:
    """While a dispute is open the bank has the money, and when it is lost it keeps it."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session_id = (await settled(w, cp, "dynamic"))["session_id"]
        paid = await payment_id(w, session_id)
        dispute = await w.stripe("POST", f"/_sim/payment_intents/{paid}/dispute")
        await w.told(session_id, "dispute_opened")
        with pytest.raises(Conflict, match="disputed"):
            await refund(w, session_id, 10)
        await w.stripe("POST", f"/_sim/disputes/{dispute['id']}/close", status=end)
        await w.told(session_id, "dispute_closed")
        if given_back:
            await refund(w, session_id, given_back)
            await w.told(session_id, "payment_refunded")
        else:
            with pytest.raises(Conflict, match="disputed"):
                await refund(w, session_id, 10)
        listed = await w.stripe_api("GET", f"refunds?payment_intent={paid}")
        assert sum(each["amount"] for each in listed["data"]) == given_back


async def test_what_went_back_by_hand_meanwhile_does_not_go_back_again(tmp_path: Path) -> None:
    """A refund failed and waits to be made again; the operator makes it at Stripe."""
    async with (
        world(tmp_path, refund_retry_s="100") as w,
        w.charge_point() as cp,
    ):
        session = await settled(w, cp, "dynamic")
        session_id = session["session_id"]
        await w.stripe("POST", "/_sim/refunds", mode="fail", times=1)
        await refund(w, session_id, 10)

        async def waits() -> bool:
            return (await w.session(session_id))["outcome"] is not None

        await w.eventually(waits)
        paid = await payment_id(w, session_id)
        await w.stripe_api("POST", "refunds", payment_intent=paid, amount="10")
        await remains(w, session_id, session["amount"] - 10)
        await nothing_to_refund(w, session_id)
        await remains(w, session_id, session["amount"] - 10)


async def test_a_refund_by_hand_that_nobody_told_of_is_seen_before_ours(tmp_path: Path) -> None:
    """Its webhook is lost: ours is made only of what is still too much."""
    async with world(tmp_path, refund_retry_s="60") as w, w.charge_point() as cp:
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        session = await settled(w, cp, "dynamic")
        session_id = session["session_id"]
        await w.stripe("POST", "/_sim/refunds", mode="fail", times=1)
        await refund(w, session_id, 10)

        async def failed() -> bool:
            return (await w.session(session_id))["outcome"] is not None

        await w.eventually(failed)
        paid = await payment_id(w, session_id)
        await w.stripe_api("POST", "refunds", payment_intent=paid, amount="10")
        await nothing_to_refund(w, session_id)
        await remains(w, session_id, session["amount"] - 10)


async def test_a_slow_refund_of_a_second_payment_keeps_no_capture_waiting(tmp_path: Path) -> None:
    """The bank takes days for the one; the hold would end meanwhile."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=10)
        session_id = opened["session_id"]
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await w.stripe("POST", "/_sim/refunds", mode="pending")
        customer = (await w.checkout(opened))["customer"]
        await w.stripe_api(
            "POST",
            "payment_intents",
            **{
                "amount": "700",
                "currency": "eur",
                "customer": customer,
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types[0]": "card",
                "confirm": "true",
                "off_session": "true",
                "metadata[session_id]": session_id,
            },
        )

        async def under_way() -> bool:
            lines = await w.stripe("GET", "/_sim/ledger")
            return any(line["refund_pending_minor"] == 700 for line in lines)

        await w.eventually(under_way)
        await cp.unplug(1)
        session = await w.until(session_id, "settled")
        assert session["amount"] == w.cost(cp.transactions[-1])


async def test_of_two_refunds_that_fail_later_each_goes_back_once(tmp_path: Path) -> None:
    """The second try of one must not contain the other."""
    async with world(tmp_path, refund_retry_s="60") as w, w.charge_point() as cp:
        session = await settled(w, cp, "dynamic")
        session_id, amount = session["session_id"], session["amount"]
        for part in (10, 20):
            amount -= part
            await refund(w, session_id, part)
            await remains(w, session_id, amount)
        paid = await payment_id(w, session_id)
        made = await w.stripe_api("GET", f"refunds?payment_intent={paid}")
        for each in made["data"]:
            await w.stripe("POST", f"/_sim/refunds/{each['id']}/settle", status="failed")

        async def came_back() -> bool:
            kinds = [m["kind"] for m in (await w.session(session_id))["movements"]]
            return kinds.count("refund_returned") == 2

        await w.eventually(came_back)
        await remains(w, session_id, amount)


async def test_the_same_key_after_a_crash_gives_back_once(tmp_path: Path) -> None:
    """The refund was stored, its answer was not: whoever asks again means the same refund."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await settled(w, cp, "dynamic")
        assert w.bridge is not None
        for _ in range(2):
            await w.bridge.desk.refund(session["session_id"], 10, "the driver was right", "key-1")
        await remains(w, session["session_id"], session["amount"] - 10)
