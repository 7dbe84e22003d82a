"""What the CSMS never took is told again by the comparison, but for what it refused for good."""

from datetime import timedelta
from pathlib import Path

from irve_bridge.domain.intents import Kind
from irve_bridge.service.ports import Unfinished
from tests.integration.test_reconciling import JUST_NOW, settled
from tests.integration.world import World, world

TYPES = [
    "session_opened",
    "session_completed",
    "charging_started",
    "charging_stopped",
    "payment_succeeded",
    "cdr_created",
]


async def callbacks(w: World, session_id: str) -> list[Unfinished]:
    """Return the session's callbacks that were not taken."""
    assert w.bridge is not None
    left = await w.bridge.storage.read(lambda tx: tx.intents.unfinished(session_id))
    return [intent for intent in left if intent.kind == Kind.CALLBACK]


async def test_a_callback_given_up_is_told_however_old_its_session_is(tmp_path: Path) -> None:
    """It is over, it lies before any span that is looked back at, and all retries were in vain."""
    async with world(tmp_path, callback_delays_s="0.1") as w, w.charge_point() as cp:
        w.inbox.fail(500, 100)
        session_id = (await settled(w, cp, "dynamic"))["session_id"]

        async def given_up() -> bool:
            left = await callbacks(w, session_id)
            return [each.status for each in left] == ["failed"] * len(TYPES)

        await w.eventually(given_up)
        w.inbox.fail(500, 0)
        found = await w.reconcile(JUST_NOW)
        assert [(f.session_id, f.kind, f.detail, f.repaired) for f in found] == [
            (session_id, "callback_undelivered", "the CSMS answered 500", True)
        ] * len(TYPES)
        assert await w.told(session_id, TYPES[-1]) == TYPES
        assert all(c.accepted for c in w.inbox.received(session_id=session_id))
        assert await w.reconcile(timedelta(days=1)) == []


async def test_a_callback_refused_for_good_is_never_told_again(tmp_path: Path) -> None:
    """410 is an answer, not a failure: the comparison leaves it, and the evidence says so."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        w.inbox.fail(410, 1)
        session_id = (await settled(w, cp, "dynamic"))["session_id"]
        await w.told(session_id, TYPES[-1])
        assert await w.reconcile() == []
        (refused,) = await callbacks(w, session_id)
        assert (refused.status, refused.note) == ("refused", "the CSMS answered 410")
        assert len(w.inbox.received("session_opened")[0].answers) == 1
