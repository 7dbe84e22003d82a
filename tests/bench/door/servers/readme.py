"""A central system as the README of `ocpp` shows it: every answer by a handler, nothing stored."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from itertools import count
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus

ACCEPTED = IdTagInfo(status=AuthorizationStatus.accepted)
NUMBERS = count(1)


class CentralSystem(ChargePoint):  # type: ignore[misc]  # the library has no types
    """Answers what the mix consists of."""

    @on(Action.boot_notification)
    def on_boot(self, **_: Any) -> Any:
        return call_result.BootNotification(
            current_time=datetime.now(UTC).isoformat(),
            interval=300,
            status=RegistrationStatus.accepted,
        )

    @on(Action.heartbeat)
    def on_heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on(Action.status_notification)
    def on_status(self, **_: Any) -> Any:
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, **_: Any) -> Any:
        return call_result.Authorize(id_tag_info=ACCEPTED)

    @on(Action.start_transaction)
    def on_start(self, **_: Any) -> Any:
        return call_result.StartTransaction(transaction_id=next(NUMBERS), id_tag_info=ACCEPTED)

    @on(Action.meter_values)
    def on_readings(self, **_: Any) -> Any:
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    def on_stop(self, **_: Any) -> Any:
        return call_result.StopTransaction()


async def on_connect(connection: Any) -> None:
    """Serve one charge point."""
    await CentralSystem(connection.request.path.strip("/"), connection).start()


async def main(port: int) -> None:
    """Serve until the process is ended."""
    async with websockets.serve(on_connect, "127.0.0.1", port, subprotocols=["ocpp1.6"]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    asyncio.run(main(int(sys.argv[1])))
