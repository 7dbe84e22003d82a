"""Nodes that share a database and NATS are one bridge to whoever looks at it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.nodes import Cluster, Node, cluster
from tests.integration.world import link


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path, 2, display_every_s="20") as made:
        await made.start()
        yield made


async def holder(made: Cluster) -> Node:
    """Return the node that has the charge point's socket."""
    holding: list[Node] = []

    async def found() -> bool:
        for node in made.nodes:
            async with made.w.http.get(f"{node.url}/metrics") as response:
                text = await response.text()
            if "irve_bridge_connected_charge_points 1.0" in text:
                holding.append(node)
        return bool(holding)

    await made.w.eventually(found)
    return holding[0]


async def test_a_charge_outlives_the_node_it_began_at(two: Cluster) -> None:
    """The other node meters on, tells page and display, stops at the button, and settles."""
    w = two.w
    async with w.charge_point(configuration={"CustomDisplayCostAndPrice": "true"}) as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 300)
        dead = await holder(two)
        await dead.end(signal.SIGKILL)
        shown = len(cp.display.told("RunningCost"))
        await cp.wait_until_online()
        await cp.wait_for_energy(1, 800)
        await cp.wait_until(lambda: len(cp.display.told("RunningCost")) > shown)
        await w.stop(back)
        session = await w.final(opened["session_id"])
        (transaction,) = cp.transactions
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        card = await w.card(opened["session_id"])
        assert card["charged"] - card["refunded"] == w.cost(transaction)


async def test_any_node_stops_shows_and_commands_what_another_one_has(two: Cluster) -> None:
    w = two.w
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        here = await holder(two)
        (other,) = [node for node in two.nodes if node is not here]
        w.environment["BASE_URL"] = other.url
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 800)
        page = link(back).replace(link(back).split("/c/")[0], other.url)
        async with asyncio.timeout(30):
            while "kWh" not in (shown := await w.page(page)):
                await asyncio.sleep(0.1)
        assert "kWh" in shown
        status, answer = await w.api(
            "POST",
            "/api/charge-points/CP1/commands/GetConfiguration",
            {"key": ["NumberOfConnectors"]},
        )
        assert status == 200, answer
        async with w.http.post(f"{page}/stop") as response:
            response.raise_for_status()
        session = await w.final(opened["session_id"])
        (transaction,) = cp.transactions
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))


async def test_a_node_that_was_frozen_is_taken_over_and_does_no_harm_when_it_wakes(
    two: Cluster,
) -> None:
    """It believes to live: what it had begun has ended meanwhile, and its charge is another's."""
    w = two.w
    async with w.charge_point(response_timeout_s=2.0) as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 800)
        frozen = await holder(two)
        (other,) = [node for node in two.nodes if node is not frozen]
        assert frozen.process is not None
        frozen.process.send_signal(signal.SIGSTOP)
        page = link(back).replace(link(back).split("/c/")[0], other.url)

        async def stopped() -> bool:
            async with w.http.post(f"{page}/stop") as response:
                return response.ok

        await w.eventually(stopped)
        frozen.process.send_signal(signal.SIGCONT)
        session = await w.final(opened["session_id"])
        (transaction,) = cp.transactions
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        card = await w.card(opened["session_id"])
        assert card["charged"] - card["refunded"] == w.cost(transaction)
        await frozen.answers(w.http)
        assert await two.restart(frozen) == 0


async def test_what_two_nodes_are_asked_under_one_key_is_done_once(two: Cluster) -> None:
    """A driver who presses twice, or a CSMS that lost patience, may reach both."""
    w = two.w
    body = {"payment_type": "dynamic", "charge_point_id": "CP1", "connector_id": 1}

    async def order(node: Node) -> tuple[int, object]:
        headers = {"Idempotency-Key": "order-1"}
        url = f"{node.url}/api/create-payment"
        async with w.http.post(url, json=body, headers=headers) as response:
            return response.status, await response.json()

    async with w.charge_point() as cp:
        await cp.wait_until_online()
        first, second = await asyncio.gather(*(order(node) for node in two.nodes))
    assert first[0] == 201
    assert first == second


async def test_a_rolling_restart_loses_no_session(two: Cluster) -> None:
    """Each node ends cleanly in its turn, while a driver charges and others come."""
    w = two.w
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 300)
        for node in two.nodes:
            assert await two.restart(node) == 0
        await cp.wait_until_online()
        transaction = await cp.wait_for_energy(1, 800)
        await cp.unplug(1)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["amount"]) == ("settled", w.cost(transaction))
        card = await w.card(opened["session_id"])
        assert card["charged"] - card["refunded"] == w.cost(transaction)
