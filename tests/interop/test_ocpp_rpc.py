"""Whole paid charges of a client that we did not write, which checks every frame by its schema."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from simulators import pricing
from tests.integration.world import ROOT, World, world
from tests.interop.ocpp_rpc import StrictChargePoint, strict_charge_point


@asynccontextmanager
async def charging(
    w: World, plan: str, stop_at_wh: int | None = None, **choice: Any
) -> AsyncIterator[tuple[StrictChargePoint, str, str]]:
    """Have a charge paid for and begun; gives its charge point, session and driver's way back."""
    how = {"epoch_ms": w.clock.epoch_s * 1000, "speed": w.clock.speed, "stop_at_wh": stop_at_wh}
    endpoint = f"ws://127.0.0.1:{w.environment['OCPP_PORT']}/ocpp"
    async with strict_charge_point(endpoint=endpoint, identity="CP1", **how) as cp:
        await cp.says("online")
        opened = await w.open(plan, **choice)
        back = await w.pay(opened)
        assert (await cp.says("started"))["accepted"] == "Accepted"
        yield cp, opened["session_id"], back


async def cost(cp: StrictChargePoint) -> int:
    """Return what the charge costs by the client's own meter and clock, once it is over."""
    over = await cp.says("stopped")
    tariff = pricing.load(ROOT / "config" / "tariffs")["ac"]
    return pricing.expected_minor(tariff, over["energy_wh"], over["charging_s"], 0)


async def test_a_fixed_amount_is_charged_and_what_was_not_used_goes_back(tmp_path: Path) -> None:
    """The driver unplugs."""
    async with (
        world(tmp_path) as w,
        charging(w, "fixed", amount=1000, stop_at_wh=1000) as (cp, session_id, _),
    ):
        expected = await cost(cp)
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", expected)
        card = await w.card(session_id)
        assert card == {"charged": 1000, "refunded": 1000 - expected, "released": 0, "held": 0}
        await cp.assert_no_bad_frame("GetConfiguration", "ReserveNow", "RemoteStartTransaction")


async def test_of_an_estimate_the_cost_is_captured_and_the_rest_let_go(tmp_path: Path) -> None:
    async with world(tmp_path) as w, charging(w, "estimated", energy_kwh=10) as (cp, id_, back):
        await cp.says("read_wh", 1000)
        held = (await w.card(id_))["held"]
        await w.stop(back)
        expected = await cost(cp)
        session = await w.final(id_)
        assert (session["status"], session["amount"]) == ("settled", expected)
        card = await w.card(id_)
        assert card == {"charged": expected, "refunded": 0, "released": held - expected, "held": 0}
        await cp.assert_no_bad_frame("RemoteStartTransaction", "RemoteStopTransaction")


async def test_by_actual_use_the_meter_s_cost_is_charged(tmp_path: Path) -> None:
    async with world(tmp_path) as w, charging(w, "dynamic") as (cp, session_id, back):
        await cp.says("read_wh", 1000)
        await w.stop(back)
        expected = await cost(cp)
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", expected)
        card = await w.card(session_id)
        assert card == {"charged": expected, "refunded": 0, "released": 0, "held": 0}
        await cp.assert_no_bad_frame("RemoteStartTransaction", "RemoteStopTransaction")


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({}, "required"),
        ({"status": "Accepted", "currentTime": "today", "interval": 300}, "format"),
        ({"status": "Accepted", "currentTime": "2026-03-01T10:00:00Z", "interval": "5"}, "type"),
    ],
)
async def test_a_frame_that_breaks_its_schema_would_be_named(
    payload: dict[str, Any], error: str
) -> None:
    """Of a server that is not ours."""

    async def converse(socket: ServerConnection) -> None:
        async for frame in socket:
            await socket.send(json.dumps([3, json.loads(frame)[1], payload]))

    async with serve(converse, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        endpoint = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with strict_charge_point(endpoint=endpoint, identity="CP1") as cp:
            first, *_ = (await cp.says("bad"))["bad"]
            assert (first["method"], first["outbound"]) == ("BootNotification", False)
            assert first["details"]["errors"][0]["keyword"] == error
