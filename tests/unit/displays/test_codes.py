"""Who tells a display its code, of several nodes."""

import asyncio
from datetime import timedelta
from pathlib import Path

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.clock import SharedClock
from irve_bridge.displays import CodeDisplays, Outbox
from irve_bridge.domain.charge_point import ChargePoint, CodeDisplay, Connector
from irve_bridge.service import commands
from irve_bridge.service.codes import Codes, Signatures
from irve_bridge.service.ports import Tx
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import tariff

HERE, ELSEWHERE = "a" * 16, "b" * 16
PATIENCE_S = 10
CLOCK = SharedClock()


def station(tx: Tx) -> None:
    display = CodeDisplay(vendor_id="V", message_id="QR", data="{url}")
    tx.stations.put(tariff())
    tx.stations.put(
        ChargePoint(id="CP1", name="", operator_name="O", operator_phone="1", display=display)
    )
    outlet = Connector(charge_point_id="CP1", number=1, evse_id="E", power_w=22_000, tariff_id="T")
    tx.stations.put(outlet)
    tx.stations.connected("CP1", CLOCK.now())
    for node_id in (HERE, ELSEWHERE):
        tx.nodes.join(node_id)
    tx.nodes.take(HERE, "CP1")


async def test_a_display_is_told_by_the_node_that_has_its_charge_point_alone(
    tmp_path: Path,
) -> None:
    """Once each time, however many nodes there are."""
    codes = Codes(("secret",), Signatures.OFF, timedelta(seconds=1))
    bus, told = InProcessBus(), list[bytes]()

    async def show(message: bytes) -> bytes:
        told.append(message)
        return commands.encode(commands.Answer(payload={"status": "Accepted"}))

    async with (
        open_storage(sqlite.made(tmp_path / "bridge.db")) as storage,
        bus.serve("CP1", show),
    ):
        await storage.transact(station)
        outboxes = [Outbox(bus, 1.0) for _ in range(2)]
        nodes = [
            asyncio.create_task(CodeDisplays(storage, CLOCK, outbox, codes, "", node_id).run())
            for outbox, node_id in zip(outboxes, (ELSEWHERE, HERE), strict=True)
        ]
        async with asyncio.timeout(PATIENCE_S):
            while len(told) < 3:
                await asyncio.sleep(0.01)
        for node in nodes:
            node.cancel()
        await asyncio.wait(nodes)
        for outbox in outboxes:
            await outbox.close()
    assert len(told) == len(set(told))
