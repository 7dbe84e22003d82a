"""What goes wrong before a charge: nobody pays for it, and everybody is told."""

from pathlib import Path

import pytest

from irve_bridge.web.throttle import BURST
from simulators.charge_point import ChargePoint
from tests.integration.world import World, checkout_id, link, world


@pytest.mark.parametrize("plan", [{"plan": "fixed", "amount": 1000}, {"plan": "dynamic"}])
async def test_a_start_that_is_refused_gives_the_money_back(
    tmp_path: Path, plan: dict[str, object]
) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        cp.misbehaviour.refuse_remote_start = True
        opened = await w.open(**plan)
        back = await w.pay(opened)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["outcome"]) == ("released", "start_refused")
        card = await w.card(opened["session_id"])
        assert card["charged"] == card["refunded"]
        assert card["held"] == 0
        assert "refusé de démarrer" in await w.page(link(back))
        told = await w.told(opened["session_id"], "payment_released")
        assert told[-2:] == ["charging_refused", "payment_released"]


async def test_a_charge_point_gone_offline_releases_what_it_never_heard_of(tmp_path: Path) -> None:
    """No start was sent, so the start deadline alone is proof."""
    async with (
        world(tmp_path, start_within_s="60", connection_timeout_s="30") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=10)
        await cp.go_offline()
        await w.pay(opened)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["outcome"]) == ("released", "no_start")
        assert (await w.card(opened["session_id"]))["held"] == 0


async def test_a_start_is_sent_again_until_the_charge_point_is_back(tmp_path: Path) -> None:
    async with world(tmp_path, start_retry_s="5") as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await cp.go_offline()
        await w.pay(opened)
        await w.until(opened["session_id"], "secured")
        await cp.go_online()
        await cp.plug(1)
        await w.until(opened["session_id"], "charging")


@pytest.mark.parametrize("state", ["offline", "faulted", "finishing"])
async def test_an_unusable_connector_is_refused_before_anybody_pays(
    tmp_path: Path, state: str
) -> None:
    """The page offers no payment, and the API says why."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await _make(w, cp, state)
        body = {"payment_type": "dynamic", "charge_point_id": "CP1", "connector_id": 1}
        status, answer = await w.post("/api/create-payment", body)
        assert (status, answer["error"]["code"]) == (409, state)
        assert (await w.post("/api/create-payment", body | {"payment_type": "fixed"}))[0] != 201


async def test_a_second_driver_is_told_politely(tmp_path: Path) -> None:
    """While one pays or charges, nobody else can pay for the same connector."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        body = {"payment_type": "dynamic", "charge_point_id": "CP1", "connector_id": 1}
        status, answer = await w.post("/api/create-payment", body)
        assert (status, answer["error"]["code"]) == (409, "connector_busy")
        await w.open("dynamic", connector=2)
        await w.pay(opened)
        await cp.plug(1)
        await w.until(opened["session_id"], "charging")
        assert (await w.post("/api/create-payment", body))[0] == 409


async def test_a_checkout_that_was_left_cannot_be_paid_any_more(tmp_path: Path) -> None:
    """Leaving expires it at Stripe, frees the connector, and offers to try again."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        cancel_url = await _cancel_url(w, opened)
        page = await w.page(cancel_url)
        assert "/s/CP1/1" in page
        session = await w.final(opened["session_id"])
        assert (session["status"], session["outcome"]) == ("abandoned", "given_up")
        await _expired(w, opened)
        await w.open("dynamic")


async def test_a_page_that_is_reloaded_over_and_over_spends_nobody_s_share_of_stripe(
    tmp_path: Path,
) -> None:
    """Stripe lets us ask so often for all drivers together; who asks too often sees their page."""
    async with world(tmp_path, throttle_per_minute="1") as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        await w.page(cancel_url := await _cancel_url(w, opened))
        await w.until(opened["session_id"], "abandoned")
        checkout = f"/v1/checkout/sessions/{checkout_id(opened)}"
        back = cancel_url.removesuffix("/cancelled") + "/return"
        asked = w.asked_of_stripe.count(checkout)
        for _ in range(4 * BURST):
            async with w.http.get(back) as answer:
                assert answer.status == 200
        assert BURST <= w.asked_of_stripe.count(checkout) - asked < 2 * BURST


async def test_leaving_the_checkout_after_paying_gives_nothing_up(tmp_path: Path) -> None:
    """Paid in one tab, left in the other: the payment stands, and the page says so."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await w.page(await _cancel_url(w, opened))
        await cp.plug(1)
        await w.until(opened["session_id"], "charging")


async def test_a_payment_for_a_session_that_was_ended_is_refunded(tmp_path: Path) -> None:
    """The CSMS ends it while the driver pays: the money goes back, nothing starts."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        bearer = {"authorization": f"Bearer {w.api_key}"}
        ended = {"session_id": opened["session_id"]}
        status, _ = await w.post("/api/end-charging-session", ended, **bearer)
        assert status == 200
        session = await w.until(opened["session_id"], "released")
        assert session["outcome"] == "paid_late"
        card = await w.card(opened["session_id"])
        assert (card["charged"], card["refunded"]) == (1000, 1000)
        assert cp.transactions == []


async def test_stopping_before_the_start_gives_the_money_back(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=5)
        await cp.go_offline()
        back = await w.pay(opened)
        await w.until(opened["session_id"], "secured")
        await w.stop(back)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["outcome"]) == ("released", "stopped_early")


async def _make(w: World, cp: ChargePoint, state: str) -> None:
    """Bring the connector into a state in which nothing can be sold, and wait until it shows."""
    if state == "offline":
        await cp.go_offline()
    elif state == "faulted":
        await cp.fault(1)
    else:
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_start()
        await w.until(opened["session_id"], "charging")
        await w.stop(back)
        await w.final(opened["session_id"])

    async def shown() -> bool:
        return "payment_type" not in await w.page(f"{w.url}/s/CP1/1")

    await w.eventually(shown)


async def _cancel_url(w: World, opened: dict[str, str]) -> str:
    return str((await w.checkout(opened))["cancel_url"])


async def _expired(w: World, opened: dict[str, str]) -> None:
    async def expired() -> bool:
        return (await w.checkout(opened))["status"] == "expired"

    await w.eventually(expired)
