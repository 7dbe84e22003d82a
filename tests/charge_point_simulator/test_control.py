"""The control API does at the charge point what a person there would do."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from simulators.charge_point import ChargePoint
from simulators.charge_point.control import create_app

Post = Callable[..., Any]


@pytest.fixture
async def cp(charge_point: Callable[..., Any]) -> AsyncIterator[ChargePoint]:
    async with charge_point(connectors=2) as cp:
        yield cp


@pytest.fixture
async def client(cp: ChargePoint) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(create_app([cp]))) as client:
        yield client


async def test_a_charge_by_hand_is_in_the_audit(
    central: Any, cp: ChargePoint, client: TestClient[Any, Any]
) -> None:
    """The list of transactions is what each driver took, by the meter, and whether it was told."""
    await client.post("/CP1/2/plug", json={"capacity_wh": 40_000, "soc_percent": 50})
    state = await (await client.post("/CP1/2/swipe", json={"id_tag": "CARD"})).json()
    assert state["connectors"]["2"]["status"] == "Charging"
    assert state["connectors"]["2"]["plugged"]
    assert state["connectors"]["2"]["soc"] == 50
    await cp.wait_for_energy(2, 100)
    await client.post("/CP1/2/unplug")
    await cp.wait_for_stop("CARD")

    state = await (await client.get("/CP1")).json()
    assert (state["id"], state["online"]) == ("CP1", True)
    (transaction,) = state["transactions"]
    stop = central.calls("StopTransaction")[0]
    assert transaction["transaction_id"] == stop["transaction_id"]
    assert transaction["energy_wh"] == stop["meter_stop"] - transaction["meter_start_wh"]
    assert transaction["meter_stop_wh"] == stop["meter_stop"]
    assert (transaction["start"] < transaction["stop"]) == (transaction["energy_wh"] > 0)
    assert transaction["stop"] == stop["timestamp"]
    assert (transaction["connector_id"], transaction["id_tag"]) == (2, "CARD")
    assert (transaction["reason"], transaction["delivered"]) == ("EVDisconnected", True)
    assert transaction["charging_s"] > 0
    assert transaction["suspended_ev_s"] == 0


async def test_the_line_can_be_taken_away_and_given_back(
    cp: ChargePoint, client: TestClient[Any, Any]
) -> None:
    assert not (await (await client.post("/CP1/offline")).json())["online"]
    assert (await (await client.post("/CP1/online")).json())["online"]


async def test_a_connector_can_be_broken_and_repaired(
    central: Any, client: TestClient[Any, Any]
) -> None:
    state = await (await client.post("/CP1/1/fault", json={"error_code": "GroundFailure"})).json()
    assert state["connectors"]["1"]["status"] == "Faulted"
    await central.wait_for("StatusNotification", error_code="GroundFailure")
    state = await (await client.post("/CP1/1/clear")).json()
    assert state["connectors"]["1"]["status"] == "Available"


async def test_power_can_be_cut(central: Any, client: TestClient[Any, Any]) -> None:
    assert (await client.post("/CP1/reboot", json={"resume": True})).status == 200
    await central.wait_for("BootNotification", count=2)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/CP9/1/plug", {}, 404),
        ("/CP1/9/plug", {}, 404),
        ("/CP1/1/paint", {}, 404),
        ("/CP1/paint", {}, 404),
        ("/CP1/1/plug", {"colour": "red"}, 400),
        ("/CP1/2/plug", {}, 409),
    ],
)
async def test_what_cannot_be_done_is_said(
    cp: ChargePoint, client: TestClient[Any, Any], path: str, body: dict[str, str], status: int
) -> None:
    await cp.plug(2)
    response = await client.post(path, json=body)
    assert response.status == status
    assert "error" in await response.json()


async def test_all_charge_points_are_listed(client: TestClient[Any, Any]) -> None:
    assert [state["id"] for state in await (await client.get("/")).json()] == ["CP1"]
