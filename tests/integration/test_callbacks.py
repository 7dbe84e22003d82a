"""The CSMS hears of every step: signed, in order per session, again until it answers."""

from pathlib import Path

from tests.integration.world import World, world


async def test_callbacks_are_repeated_in_order_until_taken(tmp_path: Path) -> None:
    """Three refusals of the first one: nothing overtakes it, nothing is lost."""
    async with world(tmp_path, callback_delays_s="[1, 1, 1, 1]") as w, w.charge_point() as cp:
        await cp.wait_until_online()
        w.inbox.fail(503, 3)
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        told = await w.told(opened["session_id"], "charging_started")
        assert told == ["session_opened", "session_completed", "charging_started"]
        first = w.inbox.received("session_opened")[0].as_json()
        assert first["attempts"] == 4
        assert first["verified"]
        sequences = [c.data["sequence"] for c in w.inbox.received()]
        assert sequences == [1, 2, 3]


async def test_a_gone_receiver_ends_that_callback_and_the_next_goes_on(tmp_path: Path) -> None:
    """410 means never again for this one (Standard Webhooks)."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        w.inbox.fail(410, 1)
        opened = await w.open("dynamic")
        await w.pay(opened)
        told = await w.told(opened["session_id"], "session_completed")
        assert "session_opened" not in [c.type for c in w.inbox.received() if c.accepted]
        assert told[-1] == "session_completed"


async def test_after_the_last_retry_the_next_callback_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, callback_delays_s="[1]") as w, w.charge_point() as cp:
        await cp.wait_until_online()
        w.inbox.fail(500, 2)
        opened = await w.open("dynamic")
        await w.pay(opened)
        await w.told(opened["session_id"], "session_completed")
        assert not any(c.accepted for c in w.inbox.received("session_opened"))


async def test_callbacks_outlive_the_bridge(tmp_path: Path) -> None:
    """What was not taken before a SIGKILL is sent after the restart, once."""
    settings = {"callback_delays_s": "[100, 100]"}
    async with world(tmp_path, process=True, **settings) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        w.inbox.fail(500, 1)
        opened = await _opened(w)
        await w.kill()
        told = await w.told(opened, "session_opened")
        assert told == ["session_opened"]
        assert w.inbox.received("session_opened")[0].as_json()["attempts"] == 2


async def _opened(w: World) -> str:
    found: list[str] = []

    async def refused_once() -> bool:
        return any(not c.accepted for c in w.inbox.received())

    async def opened() -> bool:
        body = {"payment_type": "dynamic", "charge_point_id": "CP1", "connector_id": 1}
        status, answer = await w.post("/api/create-payment", body)
        if status == 201:
            found.append(answer["session_id"])
        return status == 201

    await w.eventually(opened)
    await w.eventually(refused_once)
    return found[0]
