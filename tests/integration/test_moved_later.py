"""What moves long after a session has ended is found, though nobody told us of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from simulators.charge_point import ChargePoint
from tests.integration.test_reconciling import JUST_NOW, payment, settled
from tests.integration.world import World, world


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
    assert (await w.session(session_id))["dispute"] == "needs_response"
    return session_id, dispute


async def test_the_end_of_a_dispute_is_found_however_old_its_session_is(tmp_path: Path) -> None:
    """The webhook of its end is lost: it is booked and the CSMS is told, once."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session_id, dispute = await disputed(w, cp)
        await w.stripe("POST", f"/_sim/disputes/{dispute['id']}/close", status="lost")
        await long_ago(w)
        found = await w.reconcile(JUST_NOW)
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session_id, "dispute_stale", True)
        ]
        told = await w.told(session_id, "dispute_closed")
        assert told[-2:] == ["dispute_opened", "dispute_closed"]
        after = await w.session(session_id)
        assert after["dispute"] == "lost"
        assert [m["kind"] for m in after["movements"]] == ["charge", "dispute", "dispute_lost"]
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
        found = await w.reconcile(JUST_NOW)
        assert [(f.session_id, f.kind, f.repaired) for f in found] == [
            (session_id, "dispute_stale", True)
        ]
        assert (await w.session(session_id))["dispute"] == "under_review"
        assert await w.reconcile() == []
