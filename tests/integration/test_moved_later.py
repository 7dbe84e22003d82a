"""What moves long after a session has ended is found, though nobody told us of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from simulators.charge_point import ChargePoint
from tests.integration.test_reconciling import JUST_NOW, LISTING, payment, refuse, settled
from tests.integration.world import World, nothing, world


async def long_ago(w: World) -> None:
    """Wait until a list of what happens from now on, to the second, names nothing of before."""
    over_at = w.clock.now() + timedelta(seconds=2)

    async def over() -> bool:
        return w.clock.now() > over_at

    await w.eventually(over)


async def disputed(w: World, cp: ChargePoint) -> tuple[str, dict[str, Any]]:
    """Return a settled session and its dispute, whose beginning is booked."""
    await w.stripe("POST", "/_sim/webhooks", mode="hold")
    session_id = (await settled(w, cp, "dynamic"))["session_id"]
    paid = await payment(w, session_id)
    dispute = await w.stripe("POST", f"/_sim/payment_intents/{paid['id']}/dispute")
    await w.reconcile()
    await w.observed(session_id)
    assert (await w.session(session_id))["dispute"] == "needs_response"
    return session_id, dispute


async def compared(w: World, session_id: str) -> None:
    """Find what became of a dispute."""
    found = [(f.session_id, f.kind, f.repaired) for f in await w.reconcile(JUST_NOW)]
    assert found == [(session_id, "dispute_stale", True)]


async def test_the_end_of_a_dispute_is_found_however_old_its_session_is(tmp_path: Path) -> None:
    """The webhook of its end is lost: it is booked and the CSMS is told, once."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session_id, dispute = await disputed(w, cp)
        await w.stripe("POST", f"/_sim/disputes/{dispute['id']}/close", status="lost")
        await long_ago(w)
        await compared(w, session_id)
        told = await w.told(session_id, "dispute_closed")
        assert told[-2:] == ["dispute_opened", "dispute_closed"]
        after = await w.session(session_id)
        assert after["dispute"] == "lost"
        assert [m["kind"] for m in after["movements"]] == ["charge", "dispute", "dispute_lost"]
        await w.observed(session_id)
        asked = len(w.asked_of_stripe)
        assert await w.reconcile(JUST_NOW) == []
        assert "/v1/disputes" not in w.asked_of_stripe[asked:], "what is decided is left alone"


async def test_a_dispute_is_followed_while_it_is_open(tmp_path: Path) -> None:
    """What was answered at Stripe is under review there, and here; then nothing differs."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session_id, dispute = await disputed(w, cp)
        assert await w.reconcile(JUST_NOW) == []
        evidence = {"evidence[uncategorized_text]": "the meter says so"}
        await w.stripe_api("POST", f"disputes/{dispute['id']}", **evidence)
        await long_ago(w)
        await compared(w, session_id)
        assert (await w.session(session_id))["dispute"] == "under_review"
        assert await w.reconcile() == []


async def over(w: World, cp: ChargePoint, plan: str, **choice: Any) -> tuple[dict[str, Any], Any]:
    """Return a settled session from before a moment, and that moment; no webhook comes."""
    await w.stripe("POST", "/_sim/webhooks", mode="hold")
    session = await settled(w, cp, plan, **choice)
    await long_ago(w)
    return session, w.clock.now()


async def refunds(w: World, session_id: str) -> list[dict[str, Any]]:
    paid = await payment(w, session_id)
    listed = await w.stripe_api("GET", f"refunds?payment_intent={paid['id']}")
    found: list[dict[str, Any]] = listed["data"]
    return found


async def test_a_refund_that_fails_days_later_is_made_again(tmp_path: Path) -> None:
    """The session is over, and nobody told us: the driver gets the money all the same, once."""
    async with world(tmp_path, refund_retry_s="1") as w, w.charge_point() as cp:
        session, since = await over(w, cp, "fixed", amount=1000)
        session_id, cost = session["session_id"], session["amount"]
        (first,) = await refunds(w, session_id)
        await w.stripe("POST", f"/_sim/refunds/{first['id']}/settle", status="failed")
        assert (await w.card(session_id))["refunded"] == 0
        found = await w.reconcile(since=since)
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session_id, "paid_unknown", True)
        ]

        async def made_good() -> bool:
            card, after = await w.card(session_id), await w.session(session_id)
            return card["charged"] - card["refunded"] == cost == after["amount"]

        await w.eventually(made_good)
        assert len(await refunds(w, session_id)) == 2
        assert await w.reconcile() == []


async def test_a_refund_by_hand_long_after_the_end_is_found(tmp_path: Path) -> None:
    """Stripe told of it in the span: its session is compared for that, and not a second time."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session, since = await over(w, cp, "dynamic")
        paid = await payment(w, session["session_id"])
        await w.stripe_api("POST", "refunds", payment_intent=paid["id"], amount="10")
        found = await w.reconcile(since=since)
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session["session_id"], "paid_unknown", True)
        ]
        after = await w.session(session["session_id"])
        assert (after["status"], after["amount"]) == ("settled", session["amount"] - 10)
        await w.observed(session["session_id"])
        asked = len(w.asked_of_stripe)
        assert await w.reconcile(since=since) == []
        assert w.asked_of_stripe[asked:] == [LISTING, "/v1/events"]


async def test_a_dispute_long_after_the_end_is_found(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session, since = await over(w, cp, "dynamic")
        paid = await payment(w, session["session_id"])
        await w.stripe("POST", f"/_sim/payment_intents/{paid['id']}/dispute")
        found = await w.reconcile(since=since)
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session["session_id"], "dispute_unknown", True)
        ]
        told = await w.told(session["session_id"], "dispute_opened")
        assert told.count("dispute_opened") == 1


async def test_what_cannot_be_compared_now_is_looked_at_all_the_same(tmp_path: Path) -> None:
    """Stripe told of it, then refused to show it: the hint is kept, as a webhook's is."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session, since = await over(w, cp, "dynamic")
        session_id = session["session_id"]
        paid = await payment(w, session_id)
        await w.stripe_api("POST", "refunds", payment_intent=paid["id"], amount="10")

        async def refuse_the_session(method: str, path: str) -> None:
            if (method, path) == ("GET", "/v1/events"):
                w.after_stripe = nothing
                await refuse(w, 500)

        w.after_stripe = refuse_the_session
        found = await w.reconcile(since=since)
        assert [(f.session_id, f.kind) for f in found] == [(session_id, "unreachable")]

        async def lowered() -> bool:
            return bool((await w.session(session_id))["amount"] == session["amount"] - 10)

        await w.eventually(lowered)


async def test_who_tells_of_no_events_has_its_payments_compared(tmp_path: Path) -> None:
    """A restricted key may read the ones and not the others: what is missing is named."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        fault = {"method": "GET", "path": "/v1/events", "status": 403}
        await w.stripe("POST", "/_sim/faults", body=[fault])
        found = await w.reconcile()
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (opened["session_id"], "paid_unknown", True),
            (None, "unreachable", False),
        ]
        assert "events of the platform's account" in found[1].detail
