"""Codes that change, on displays that are told by their maker's own message."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from irve_bridge.displays.messages import transfer
from irve_bridge.displays.outbox import Outbox
from irve_bridge.domain.charge_point import ChargePoint, CodeDisplay, Connector, ConnectorStatus
from irve_bridge.service.codes import Codes
from irve_bridge.service.ports import Clock, Storage, Tx

_FREE = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING, ConnectorStatus.UNKNOWN})


class CodeDisplays:
    """Has a new code shown at each free connector of a node, as often as codes change."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        outbox: Outbox,
        codes: Codes,
        public_url: str,
        node_id: str,
    ) -> None:
        self._node_id = node_id
        self._storage = storage
        self._clock = clock
        self._outbox = outbox
        self._codes = codes
        self._public_url = public_url

    async def run(self) -> None:
        """Show codes until cancelled."""
        while True:
            now = self._clock.now()
            free = partial(_free, now=now, node_id=self._node_id)
            for point, connector in await self._storage.read(free):
                self._show(point, connector, now)
            await self._clock.sleep(self._codes.expires_at(now) - self._clock.now())

    def _show(self, point: ChargePoint, connector: Connector, now: datetime) -> None:
        if point.display is None:
            return
        path = self._codes.passing_path(point.id, connector.number, now)
        told = {
            "url": self._public_url + path,
            "connector": str(connector.number),
            "evse_id": connector.evse_id,
            "expires_at": self._codes.expires_at(now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        message = transfer(
            point.display.vendor_id, point.display.message_id, filled(point.display, told)
        )
        self._outbox.put(point.id, f"code {connector.number}", message)


def filled(display: CodeDisplay, told: Mapping[str, str]) -> str:
    """Return what a display is sent: its template with what stands in braces by name."""
    data = display.data
    for name, value in told.items():
        data = data.replace(f"{{{name}}}", value)
    return data


def _free(tx: Tx, now: datetime, node_id: str) -> list[tuple[ChargePoint, Connector]]:
    """Return a node's connectors that are online, have a display and wait for a driver."""
    return [
        (point, connector)
        for point in tx.stations.charge_points()
        if point.display is not None and point.connected_at is not None
        if tx.nodes.holder(point.id) == node_id
        for connector in tx.stations.connectors(point.id)
        if connector.status in _FREE
        and tx.sessions.at_connector(point.id, connector.number, now) is None
    ]
