"""What the kept card did not pay is due: one way to pay it at a time, and never twice."""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from tests.integration.world import PATIENCE_S, World, nothing, world

DECLINED_LATER = "4000000000000341"
AUTHENTICATED_EACH_TIME = "4000002760003184"
AGAIN_AND_AGAIN = ",".join(str(delay_s) for delay_s in range(20, 600, 20))
CREATED, CONFIRMED = "POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm"


@dataclass
class Gate:
    """A hook of the world that holds one such call up until it is opened, after some that pass."""

    call: str
    passing: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, method: str, path: str) -> None:
        if not fnmatchcase(f"{method} {path}", self.call) or self.reached.is_set():
            return
        if self.passing:
            self.passing -= 1
            return
        self.reached.set()
        await self.opened.wait()


async def due(w: World, cp: ChargePoint, card: str, connector: int = 1) -> dict[str, Any]:
    """Charge a little with a card that will not pay for it, and return the session."""
    await cp.wait_until_online()
    opened = await w.open("dynamic", connector)
    await w.pay(opened, card)
    await cp.plug(connector)
    await cp.wait_for_energy(connector, 1000)
    await cp.unplug(connector)
    return await w.until(opened["session_id"], "due")


async def short_of_funds(w: World, cp: ChargePoint, times: int | None = 1) -> dict[str, Any]:
    """Charge a little with a card that lacks the money so many times, and return the session."""
    await cp.wait_until_online()
    opened = await w.open("dynamic")
    await w.page(await w.pay(opened))
    await decree(w, (await w.checkout(opened))["customer"], "insufficient_funds", times)
    await cp.plug(1)
    await cp.wait_for_energy(1, 1000)
    await cp.unplug(1)
    return await w.until(opened["session_id"], "due")


async def decree(w: World, customer: str, behaviour: str, times: int | None = None) -> None:
    """Say how a customer's kept card answers from now on."""
    path = f"/_sim/customers/{customer}/cards"
    await w.stripe("POST", path, behaviour=behaviour, times=times)


async def payments(w: World) -> list[dict[str, Any]]:
    """Return the payments that were made for sessions, or were to be, the latest first."""
    listed = await w.stripe_api("GET", "payment_intents")
    return [each for each in listed["data"] if each["metadata"]]


async def ended(w: World, payment_id: str) -> str:
    """Return whether a payment was made or cancelled, once it is either."""

    async def so() -> bool:
        found.append((await w.stripe_api("GET", f"payment_intents/{payment_id}"))["status"])
        return found[-1] in {"canceled", "succeeded"}

    found: list[str] = []
    await w.eventually(so)
    return found[-1]


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
        told = await w.told(session_id, "cdr_created")
        assert told[-3:] == ["charge_failed", "payment_succeeded", "cdr_created"]


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
        world(tmp_path, debt_retries_s="30,60,90", debt_term_s="120") as w,
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
        (payment,) = await payments(w)
        assert await ended(w, payment["id"]) == "canceled"


async def test_a_debt_is_not_given_up_while_it_can_be_paid_at_a_checkout(tmp_path: Path) -> None:
    """Its term is over meanwhile: who is about to pay may, and after that nobody can."""
    async with world(tmp_path, speed=600, debt_term_s="1200") as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        (payment,) = await payments(w)
        opened = await checkout(w, session["session_id"])
        await w.until(session["session_id"], "written_off")
        assert (await w.checkout(opened))["status"] == "expired"
        assert await ended(w, payment["id"]) == "canceled"


async def test_a_debt_forgiven_while_its_checkout_is_open_can_be_paid_by_no_way(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        (payment,) = await payments(w)
        opened = await checkout(w, session["session_id"])
        assert w.bridge is not None
        await w.bridge.desk.decide(session["session_id"], 0)
        await w.until(session["session_id"], "written_off")

        async def closed() -> bool:
            return (await w.checkout(opened))["status"] == "expired"

        await w.eventually(closed)
        by_itself_at = (await w.checkout(opened))["expires_at"]
        assert w.clock.timestamp() < by_itself_at, "it was closed, it did not lapse"
        assert await ended(w, payment["id"]) == "canceled"


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
        owed = await short_of_funds(w, cp, times=2)
        assert owed["outcome"] == "insufficient_funds"
        paid = await w.until(owed["session_id"], "settled")
        card = await w.card(owed["session_id"])
        assert card["charged"] == paid["amount"] == w.cost(cp.transactions[-1])
        assert len(await payments(w)) == 1


async def test_a_debt_lowered_while_its_retry_waits_is_charged_as_lowered(tmp_path: Path) -> None:
    """Once, by a payment of its own; the one of the old amount is cancelled and never made."""
    async with world(tmp_path, debt_retries_s=AGAIN_AND_AGAIN) as w, w.charge_point() as cp:

        async def then_too_many(method: str, path: str) -> None:
            """After the refusal there is money, but Stripe is too busy for the retry."""
            if fnmatchcase(f"{method} {path}", CONFIRMED):
                w.after_stripe = nothing
                busy = {"path": CONFIRMED.split()[1], "status": 429, "times": 10_000}
                await w.stripe("POST", "/_sim/faults", body=[busy])

        w.after_stripe = then_too_many
        session = await short_of_funds(w, cp)
        session_id, lowered = session["session_id"], session["amount"] - 10

        async def waits() -> bool:
            return len([path for path in w.asked_of_stripe if path.endswith("/confirm")]) > 1

        await w.eventually(waits)
        (old,) = await payments(w)
        assert w.bridge is not None
        await w.bridge.desk.decide(session_id, lowered)
        assert await ended(w, old["id"]) == "canceled"
        await w.stripe("POST", "/_sim/faults", body=[])
        paid = await w.until(session_id, "settled")
        assert (paid["amount"], (await w.card(session_id))["charged"]) == (lowered, lowered)
        assert [(each["status"], each["amount"]) for each in await payments(w)] == [
            ("succeeded", lowered),
            ("canceled", session["amount"]),
        ]


async def test_a_retry_created_while_the_driver_pays_is_never_confirmed(tmp_path: Path) -> None:
    """There is money on the card by now, but a debt is paid once: the retry is cancelled."""
    async with world(tmp_path, debt_retries_s=AGAIN_AND_AGAIN) as w, w.charge_point() as cp:
        session = await short_of_funds(w, cp, times=None)
        session_id, lowered = session["session_id"], session["amount"] - 10
        (old,) = await payments(w)
        w.after_stripe = gate = Gate(CREATED)
        assert w.bridge is not None
        await w.bridge.desk.decide(session_id, lowered)
        async with asyncio.timeout(PATIENCE_S):
            await gate.reached.wait()
        await decree(w, old["customer"], "ok")
        await w.bridge.desk.pay(session_id)
        gate.opened.set()
        opened = await checkout(w, session_id)
        vain = (await payments(w))[0]
        assert vain["id"] != old["id"]
        assert await ended(w, vain["id"]) == "canceled"
        await w.pay(opened)
        paid = await w.until(session_id, "settled")
        assert (paid["amount"], (await w.card(session_id))["charged"]) == (lowered, lowered)
        assert not [path for path in w.asked_of_stripe if path.endswith(f"{vain['id']}/confirm")]


@pytest.mark.parametrize("left", [60, 0], ids=["lowered", "forgiven"])
async def test_what_a_retry_took_too_much_meanwhile_goes_back(tmp_path: Path, left: int) -> None:
    """The bank was asked already when less was decided: the difference is refunded."""
    async with world(tmp_path, debt_retries_s=AGAIN_AND_AGAIN) as w, w.charge_point() as cp:
        w.before_stripe = gate = Gate(CONFIRMED, passing=1)
        session = await short_of_funds(w, cp)
        session_id, amount = session["session_id"], session["amount"]
        async with asyncio.timeout(PATIENCE_S):
            await gate.reached.wait()
        assert w.bridge is not None
        await w.bridge.desk.decide(session_id, left)
        gate.opened.set()
        paid = await w.until(session_id, "settled")
        card = await w.card(session_id)
        assert (card["charged"], card["refunded"]) == (amount, amount - left)
        assert paid["amount"] == left


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
