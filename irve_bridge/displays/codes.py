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
    """Has a new code shown at each connector that is free, as often as codes change."""

    def __init__(
        self, storage: Storage, clock: Clock, outbox: Outbox, codes: Codes, public_url: str
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._outbox = outbox
        self._codes = codes
        self._public_url = public_url

    async def run(self) -> None:
        """Show codes until cancelled."""
        while True:
            now = self._clock.now()
            for point, connector in await self._storage.read(partial(free, now=now)):
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


def free(tx: Tx, now: datetime) -> list[tuple[ChargePoint, Connector]]:
    """Return the connectors that are online, have a display and wait for a driver."""
    return [
        (point, connector)
        for point in tx.stations.charge_points()
        if point.display is not None and point.connected_at is not None
        for connector in tx.stations.connectors(point.id)
        if connector.status in _FREE
        and tx.sessions.at_connector(point.id, connector.number, now) is None
    ]
