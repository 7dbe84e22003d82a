"""What is seldom said: validated, routed and refused by the `ocpp` library.

It is made for one message and let go: kept for every socket it would weigh as much as the socket.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import ocpp.messages
from ocpp import routing, v16
from ocpp.exceptions import FormationViolationError
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

from irve_bridge.charge_points.v16.decode import DECODERS
from irve_bridge.charge_points.v16.events import CONFIRMATIONS, Events
from irve_bridge.charge_points.v16.vendors import status_of

# Validation of rare messages takes less time than the two thread hops to another thread would.
ocpp.messages.ASYNC_VALIDATION = False
# What the library would log with a stack trace for each odd frame is logged here in a line.
LIBRARY_LOG = logging.getLogger("irve_bridge.charge_points.ocpp")
LIBRARY_LOG.setLevel(logging.CRITICAL)


class Unusual(v16.ChargePoint):  # type: ignore[misc]  # the library has no types
    """Answers one message with what the library writes."""

    def __init__(
        self, charge_point_id: str, events: Events, answer: Callable[[str], Awaitable[None]]
    ) -> None:
        super().__init__(charge_point_id, None, logger=LIBRARY_LOG)
        self.route_map |= REFUSING | events.routes()
        self._events = events
        self._answer = answer

    async def _send(self, message: str) -> None:
        await self._answer(message)

    @routing.on(Action.data_transfer)  # type: ignore[untyped-decorator]
    async def _data_transfer(
        self, vendor_id: str, message_id: str | None = None, **said: Any
    ) -> Any:
        told = {"vendor_id": vendor_id, "message_id": message_id} | said
        await self._events.keep(Action.data_transfer, told)
        return call_result.DataTransfer(status_of(vendor_id, message_id))


def _refuse(**_: Any) -> None:
    raise FormationViolationError("not readable here")


REFUSING: dict[str, Any] = {action: {"_on_action": _refuse} for action in DECODERS}
"""Of what is answered elsewhere, the library sees only what was not readable."""
HANDLED = frozenset({*DECODERS, *(a.value for a in CONFIRMATIONS), Action.data_transfer.value})
"""Every action that a charge point may send."""
