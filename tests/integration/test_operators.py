"""Several operators on one bridge: each one's money, currency and messages stay their own."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulators.charge_point import ChargePoint
from tests.integration.world import ROOT, World, world

ACCOUNT = "acct_operator"
PLANS: dict[str, dict[str, Any]] = {
    "fixed": {"amount": 1000},
    "estimated": {"energy_kwh": 10},
    "dynamic": {},
}


def stations_file(folder: Path, tariff: dict[str, Any], **of_cp1: Any) -> Path:
    """The example's CP1 alone, with a tariff and an account of its own."""
    file = yaml.safe_load((ROOT / "config" / "stations.yaml").read_text())
    first = file["charge_points"][0] | of_cp1
    file |= {"tariffs": [tariff], "charge_points": [first]}
    written = folder / "stations.yaml"
    written.write_text(yaml.safe_dump(file))
    return written


def example() -> dict[str, Any]:
    tariff: dict[str, Any] = json.loads((ROOT / "config" / "tariffs" / "ac.json").read_text())
    return tariff


async def charged(w: World, cp: ChargePoint, plan: str, **choice: Any) -> dict[str, Any]:
    await cp.wait_until_online()
    opened = await w.open(plan, **choice)
    await w.page(await w.pay(opened))
    await cp.plug(1)
    await cp.wait_for_energy(1, 1500)
    await cp.unplug(1)
    return await w.until(opened["session_id"], "settled")


@pytest.mark.parametrize("plan", PLANS)
async def test_the_operator_is_paid_and_the_platform_keeps_its_share(
    tmp_path: Path, plan: str
) -> None:
    """The driver pays what the meter says; the fee is a part of that, whatever was refunded."""
    fee = {"account": ACCOUNT, "application_fee_percent": 10}
    file = stations_file(tmp_path, example(), **fee)
    async with world(tmp_path, stations_file=file) as w, w.charge_point() as cp:
        session = await charged(w, cp, plan, **PLANS[plan])
        (line,) = [x for x in await w.stripe("GET", "/_sim/ledger") if x["charged_minor"]]
        cost = w.cost(cp.transactions[-1])
        assert line["account"] == ACCOUNT
        assert line["charged_minor"] - line["refunded_minor"] == cost == session["amount"]
        assert abs(line["application_fee_minor"] - cost / 10) <= 1
        assert await w.reconcile() == []


async def test_an_operator_s_payment_is_secured_by_its_webhook_alone(tmp_path: Path) -> None:
    """The driver never comes back; the checkout's end and the first comparison are far."""
    file = stations_file(tmp_path, example(), account=ACCOUNT)
    async with world(tmp_path, stations_file=file, speed=10) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await w.until(opened["session_id"], "secured")


async def test_an_operator_s_refund_by_hand_is_found_by_what_it_refunds(tmp_path: Path) -> None:
    """Its message carries no metadata: only the payment's id says whose it is.

    No comparison reaches back to it.
    """
    file = stations_file(tmp_path, example(), account=ACCOUNT)
    async with (
        world(tmp_path, stations_file=file, reconcile_back_s="1") as w,
        w.charge_point() as cp,
    ):
        session = await charged(w, cp, "dynamic")
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        (line,) = [x for x in await w.stripe("GET", "/_sim/ledger") if x["charged_minor"]]
        by_hand = {"payment_intent": line["id"], "amount": "10"}
        refund = await w.stripe_api("POST", "refunds", ACCOUNT, **by_hand)
        assert not refund["metadata"]
        event = {"id": "evt_refund", "object": "event", "type": "refund.updated"}
        await w.webhook(event | {"account": ACCOUNT, "data": {"object": refund}})

        async def booked() -> bool:
            now = await w.session(session["session_id"])
            return bool(now["amount"] == session["amount"] - 10)

        await w.eventually(booked)


async def test_another_account_s_message_about_our_session_is_no_message(tmp_path: Path) -> None:
    """Whoever holds one account cannot have the sessions of another looked at."""
    file = stations_file(tmp_path, example(), account=ACCOUNT)
    async with world(tmp_path, stations_file=file) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await w.webhook(
            {
                "id": "evt_other",
                "object": "event",
                "account": "acct_other",
                "type": "checkout.session.completed",
                "data": {
                    "object": {
                        "id": "cs_other",
                        "object": "checkout.session",
                        "metadata": {"session_id": opened["session_id"]},
                    }
                },
            }
        )
        assert w.bridge is not None
        assert (
            await w.bridge.storage.read(
                lambda tx: [
                    i for i in tx.intents.unfinished(opened["session_id"]) if i.kind == "observe"
                ]
            )
            == []
        )
        assert (await w.session(opened["session_id"]))["status"] == "open"


@pytest.mark.parametrize(
    ("currency", "price", "amount", "digits"),
    [("JPY", "50", 3000, 0), ("KWD", "0.125", 10_000, 3), ("ISK", "60", 6000, 0)],
)
async def test_money_is_right_without_cents_and_with_a_thousandth(
    tmp_path: Path, currency: str, price: str, amount: int, digits: int
) -> None:
    """The tariff's currency decides: what Stripe cannot express is never charged."""
    component = {"type": "ENERGY", "price": float(price), "vat": 10, "step_size": 1}
    tariff = example() | {"currency": currency, "elements": [{"price_components": [component]}]}
    bounds = {"dynamic_ceiling_minor": 90_000, "fixed_least_minor": 1, "fixed_most_minor": 90_000}
    async with (
        world(
            tmp_path,
            stations_file=stations_file(tmp_path, tariff),
            amounts_by_currency=json.dumps({currency: bounds}),
        ) as w,
        w.charge_point() as cp,
    ):
        session = await charged(w, cp, "fixed", amount=amount)
        energy_wh = cp.transactions[-1].as_json()["energy_wh"]
        exact = energy_wh / 1000 * float(price) * 1.1 * 10**digits
        step = 10 if digits == 3 else 1
        assert 0 <= exact + 0.51 - session["amount"] < step + 0.51
        assert session["amount"] % step == 0
        (line,) = await w.stripe("GET", "/_sim/ledger")
        wire = 100 if currency == "ISK" else 1
        assert line["charged_minor"] - line["refunded_minor"] == session["amount"] * wire
