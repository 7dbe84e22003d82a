"""The CSMS hears of every step: signed, in order per session, again until it answers."""

import json
from pathlib import Path
from typing import Any

from tests import ocpi
from tests.integration.test_refunds import settled
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


async def test_what_a_charge_costs_is_told_as_a_cdr_and_credited_when_it_goes_back(
    tmp_path: Path,
) -> None:
    """Each once and in order; what the CSMS reads later, or the command writes, is the same."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await settled(w, cp, "dynamic")
        session_id, amount = session["session_id"], session["amount"]
        (first,) = await cdrs(w, session_id, 1)
        assert w.bridge is not None
        await w.bridge.desk.refund(session_id, 40, "the cable was faulty")
        _, credit, again = await cdrs(w, session_id, 3)
        await w.told(session_id, "payment_refunded")
        await w.bridge.desk.refund(session_id, None, "and so was the car")
        told = await cdrs(w, session_id, 4)
        credit_again = told[-1]

        assert [cdr.id for cdr in told] == [
            f"{session_id}-1",
            f"{session_id}-1-C",
            f"{session_id}-2",
            f"{session_id}-2-C",
        ]
        totals = [round((cdr.total_cost.incl_vat or 0) * 100) for cdr in told]
        assert totals == [amount, -amount, amount - 40, 40 - amount]
        assert (credit.credit_reference_id, credit_again.credit_reference_id) == (
            first.id,
            again.id,
        )
        assert first.total_energy * 1000 == session["energy_wh"]
        assert first.cdr_location.city == "Paris"
        assert first.invoice_reference_id == "000001"
        _, text = await w.command("sessions", "cdr", session_id)
        assert [ocpi.Cdr.model_validate(each) for each in json.loads(text)] == told
        headers = {"authorization": f"Bearer {w.api_key}"}
        url = f"{w.url}/api/sessions/{session_id}/cdr"
        async with w.http.get(url, headers=headers) as answer:
            document = await answer.json()
        assert [ocpi.Cdr.model_validate(each) for each in document["cdrs"]] == told
        async with w.http.get(url) as answer:
            assert answer.status == 401


async def cdrs(w: World, session_id: str, count: int) -> list[ocpi.Cdr]:
    """Return the CDRs that the CSMS was sent, as OCPI reads them, once there are so many."""

    def sent() -> list[dict[str, Any]]:
        mine = w.inbox.received("cdr_created", session_id=session_id)
        return [callback.data["cdr"] for callback in mine if callback.accepted]

    async def enough() -> bool:
        return len(sent()) >= count

    await w.eventually(enough)
    return [ocpi.Cdr.model_validate(each) for each in sent()]


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
