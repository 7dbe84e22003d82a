"""What is asked of a charge point once it is there: its configuration, and its statuses."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from ocpp.v16.enums import MessageTrigger

from irve_bridge.charge_points.v16.calls import Ask, CallRefused
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.service.ports import Storage, Tx

log = structlog.get_logger()


class Welcome:
    """Asks after a boot and after a reconnection."""

    def __init__(
        self,
        charge_point_id: str,
        ask: Ask,
        storage: Storage,
        status_grace_s: float,
        configure: Callable[[], Awaitable[None]],
    ) -> None:
        self._id = charge_point_id
        self._ask = ask
        self._storage = storage
        self._status_grace_s = status_grace_s
        self._configure = configure

    async def greet(self, *, booted: bool) -> None:
        """Configure after a boot, or if that never was; ask for statuses that nobody reported."""
        if booted or not await self._storage.read(lambda tx: tx.configuration.of(self._id)):
            # What it learns is let go before the wait: ten thousand of them would weigh.
            await self._configure()
        await asyncio.sleep(self._status_grace_s)
        for number in await self._storage.read(self._unknown):
            await self._trigger_status(number)

    async def _trigger_status(self, number: int) -> None:
        asked = {"requestedMessage": MessageTrigger.status_notification, "connectorId": number}
        try:
            status = (await self._ask("TriggerMessage", asked)).get("status")
        except CallRefused as refused:
            status = refused.code
        log.info("asked", action="TriggerMessage", request=asked, status=status)

    def _unknown(self, tx: Tx) -> list[int]:
        return [
            connector.number
            for connector in tx.stations.connectors(self._id)
            if connector.status is ConnectorStatus.UNKNOWN
        ]
