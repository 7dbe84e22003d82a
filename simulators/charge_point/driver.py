"""Drivers who come and leave by themselves, for a demonstration without hands."""

from collections.abc import Callable, Coroutine
from typing import Any

from ocpp.v16.enums import ChargePointStatus, Reason

from simulators.clock import Clock

from .events import Event, StatusChanged, Stopped
from .station import Station


class Driver:
    """Plugs in so long after an accepted start, and unplugs so long after the end."""

    def __init__(
        self,
        station: Station,
        clock: Clock,
        delay_s: float,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._station, self._clock, self._delay_s, self._spawn = station, clock, delay_s, spawn

    def notice(self, event: Event) -> None:
        """Set out if the event asks for it."""
        match event:
            case StatusChanged(connector_id=number, status=ChargePointStatus.preparing):
                self._spawn(self._come(number))
            case Stopped(transaction) if transaction.reason != Reason.ev_disconnected:
                self._spawn(self._leave(transaction.connector_id))

    async def _come(self, connector_id: int) -> None:
        await self._clock.sleep(self._delay_s)
        connector = self._station.connector(connector_id)
        if connector.pending_tag and not connector.car:
            self._station.plug(connector_id)

    async def _leave(self, connector_id: int) -> None:
        await self._clock.sleep(self._delay_s)
        if self._station.connector(connector_id).status == ChargePointStatus.finishing:
            self._station.unplug(connector_id)
