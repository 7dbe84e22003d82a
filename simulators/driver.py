"""A driver who pays and charges without a person: the demo's, one for each plan."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from simulators import pricing

PATIENCE_S = 90.0
FINAL = frozenset({"settled", "released", "abandoned", "due", "review", "written_off"})
CARD = "4242424242424242"
TARIFFS = pricing.load(Path(__file__).parent.parent / "config" / "tariffs")


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is."""

    bridge: str
    stripe: str
    charge_points: str
    csms: str
    api_key: str
    http: aiohttp.ClientSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One driver's plan: where, how to pay, and how the charge ends.

    `stop_at_wh` is when the driver presses stop, `unplug_at_wh` when they pull the cable.
    """

    plan: str
    charge_point_id: str
    tariff_id: str
    choice: dict[str, int]
    stop_at_wh: int | None = None
    unplug_at_wh: int | None = None


DRIVES = (
    Drive(
        plan="fixed",
        charge_point_id="CP1",
        tariff_id="ac",
        choice={"amount": 1000},
        stop_at_wh=6_000,
    ),
    Drive(
        plan="estimated",
        charge_point_id="CP2",
        tariff_id="ac",
        choice={"energy_kwh": 10},
        unplug_at_wh=4_000,
    ),
    Drive(
        plan="dynamic",
        charge_point_id="CP3",
        tariff_id="dc",
        choice={},
        stop_at_wh=8_000,
    ),
)


async def drive(world: World, plan: Drive, say: Callable[[str], None]) -> dict[str, Any]:
    """Play one driver from the QR code to the receipt; return the row of the table."""
    station = f"{world.bridge}/s/{plan.charge_point_id}/1"
    async with aiohttp.ClientSession() as browser:
        session_id, token = await _pay(world, plan, browser, station)
        say(f"{plan.plan}: paid at {plan.charge_point_id}, plugs in")
        await _at_charge_point(world, f"{plan.charge_point_id}/1/plug")
        session = await _charge(world, plan, browser, session_id, token)
        say(f"{plan.plan}: {session['status']}")
    await _at_charge_point(world, f"{plan.charge_point_id}/1/unplug", missing_ok=True)
    return await _row(world, plan, session)


async def _pay(
    world: World, plan: Drive, browser: aiohttp.ClientSession, station: str
) -> tuple[str, str]:
    """Return the session's id and the driver's token, which the way back from Stripe carries."""
    await _eventually(lambda: _shows(browser, station, 'name="payment_type"'))
    choice = {
        "payment_type": plan.plan,
        "charge_point_id": plan.charge_point_id,
        "connector_id": 1,
        **plan.choice,
    }
    opened = await _post(browser, f"{world.bridge}/api/create-payment", choice)
    checkout_id = re.search(r"cs_test_\w+", opened["url"])
    if checkout_id is None:
        raise RuntimeError(f"no checkout in {opened['url']}")
    card = {"card": CARD, "email": "driver@example.com"}
    paid = await _post(world.http, f"{world.stripe}/_sim/checkout/{checkout_id[0]}/pay", card)
    async with browser.get(paid["redirect_url"]) as response:
        response.raise_for_status()
        return opened["session_id"], response.url.path.split("/")[2]


async def _charge(
    world: World, plan: Drive, browser: aiohttp.ClientSession, session_id: str, token: str
) -> dict[str, Any]:
    await _eventually(lambda: _in_state(world, session_id, {"charging", "stopping"} | FINAL))
    wish_wh = plan.stop_at_wh or plan.unplug_at_wh
    if wish_wh is not None:
        await _eventually(lambda: _used(world, plan.charge_point_id, wish_wh))
    if plan.stop_at_wh is not None:
        async with browser.post(f"{world.bridge}/c/{token}/stop") as response:
            response.raise_for_status()
    if plan.unplug_at_wh is not None:
        await _at_charge_point(world, f"{plan.charge_point_id}/1/unplug")
    session: dict[str, Any] = await _eventually(lambda: _in_state(world, session_id, FINAL))
    if session["status"] == "settled":
        await _eventually(lambda: _told(world, session_id))
    return session


async def _row(world: World, plan: Drive, session: dict[str, Any]) -> dict[str, Any]:
    """Return what the meter says it must cost beside what the card lived through."""
    charge_point = await _get(world.http, f"{world.charge_points}/{plan.charge_point_id}")
    transaction = charge_point["transactions"][-1]
    moved = await _moved(world, session["session_id"])
    cost_minor = pricing.expected_minor(
        TARIFFS[plan.tariff_id],
        transaction["energy_wh"],
        transaction["charging_s"],
        transaction["suspended_ev_s"],
    )
    callbacks = await _callbacks(world, session["session_id"])
    return {
        "plan": plan.plan,
        "energy_wh": transaction["energy_wh"],
        "expected_minor": owed_minor(plan.plan, cost_minor, moved),
        **moved,
        "currency": session["currency"],
        "status": session["status"],
        "callbacks": [callback["type"] for callback in callbacks],
    }


async def _moved(world: World, session_id: str) -> dict[str, int]:
    """Return what the card lived through, by Stripe's own ledger."""
    ledger = await _get(world.http, f"{world.stripe}/_sim/ledger")
    card = [line for line in ledger if line["metadata"].get("session_id") == session_id]
    kinds = ("charged_minor", "refunded_minor", "released_minor", "held_minor")
    return {kind: sum(line[kind] for line in card) for kind in kinds}


def secured_minor(moved: Mapping[str, int]) -> int:
    """Return what was taken or held before the charge began."""
    return moved["charged_minor"] + moved["released_minor"] + moved["held_minor"]


def owed_minor(plan: str, cost_minor: int, moved: Mapping[str, int]) -> int:
    """Return the cost, at most what was secured; dynamic secures nothing before."""
    return cost_minor if plan == "dynamic" else min(cost_minor, secured_minor(moved))


def faults(row: dict[str, Any]) -> list[str]:
    """Return what is wrong with a row: nothing when the driver paid what the meter says."""
    paid_minor = row["charged_minor"] - row["refunded_minor"]
    wrong = []
    if paid_minor != row["expected_minor"]:
        wrong.append(f"{row['plan']}: paid {paid_minor}, must be {row['expected_minor']}")
    if row["status"] != "settled" or row["energy_wh"] == 0:
        wrong.append(f"{row['plan']}: ended {row['status']} with {row['energy_wh']} Wh")
    rest_minor = secured_minor(row) - row["expected_minor"]
    if row["plan"] == "estimated" and row["released_minor"] != rest_minor:
        wrong.append(f"{row['plan']}: released {row['released_minor']}, must be {rest_minor}")
    if row["held_minor"]:
        wrong.append(f"{row['plan']}: {row['held_minor']} is still held")
    if "payment_succeeded" not in row["callbacks"]:
        wrong.append(f"{row['plan']}: the CSMS was not told")
    return wrong


async def _shows(browser: aiohttp.ClientSession, url: str, text: str) -> bool:
    async with browser.get(url) as response:
        return text in await response.text()


async def _in_state(world: World, session_id: str, states: set[str] | frozenset[str]) -> Any:
    session = await _get(world.http, f"{world.bridge}/api/sessions/{session_id}", world.api_key)
    return session if session["status"] in states else None


async def _used(world: World, charge_point_id: str, energy_wh: int) -> bool:
    charge_point = await _get(world.http, f"{world.charge_points}/{charge_point_id}")
    transaction = charge_point["transactions"][-1]
    register_wh = charge_point["connectors"]["1"]["register_wh"]
    return bool(register_wh - transaction["meter_start_wh"] >= energy_wh)


async def _told(world: World, session_id: str) -> bool:
    return any(c["type"] == "payment_succeeded" for c in await _callbacks(world, session_id))


async def _callbacks(world: World, session_id: str) -> list[dict[str, Any]]:
    found = await _get(world.http, f"{world.csms}/callbacks?session_id={session_id}")
    return list(found)


async def _at_charge_point(world: World, action: str, *, missing_ok: bool = False) -> None:
    async with world.http.post(f"{world.charge_points}/{action}") as response:
        if not missing_ok:
            response.raise_for_status()


async def _get(http: aiohttp.ClientSession, url: str, api_key: str | None = None) -> Any:
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    async with http.get(url, headers=headers) as response:
        response.raise_for_status()
        return await response.json()


async def _post(http: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> Any:
    async with http.post(url, json=body) as response:
        response.raise_for_status()
        return await response.json()


async def _eventually(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the first answer that holds; a driver looks again a few times a second."""
    async with asyncio.timeout(PATIENCE_S):
        while not (answer := await ask()):  # noqa: ASYNC110 - the other side is another process
            await asyncio.sleep(0.2)
        return answer
