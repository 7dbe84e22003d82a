"""What a charge point tells of itself that nothing depends on: kept, then confirmed."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from ocpp.charge_point import snake_to_camel_case
from ocpp.v16 import call_result
from ocpp.v16.enums import Action, DataTransferStatus, GenericStatus

from irve_bridge.service.ports import Clock, Storage

Route = Callable[..., Awaitable[Any]]

CONFIRMATIONS: dict[Action, Callable[[], Any]] = {
    Action.firmware_status_notification: call_result.FirmwareStatusNotification,
    Action.diagnostics_status_notification: call_result.DiagnosticsStatusNotification,
    Action.log_status_notification: call_result.LogStatusNotification,
    Action.security_event_notification: call_result.SecurityEventNotification,
    Action.signed_firmware_status_notification: call_result.SignedFirmwareStatusNotification,
    # Whoever runs the certificate authority sends the certificate when it is signed.
    Action.sign_certificate: lambda: call_result.SignCertificate(GenericStatus.accepted),
    Action.data_transfer: lambda: call_result.DataTransfer(DataTransferStatus.unknown_vendor_id),
}

log = structlog.get_logger()


class Events:
    """Keeps what one charge point tells, as events that operators can look at."""

    def __init__(self, charge_point_id: str, storage: Storage, clock: Clock) -> None:
        self._id = charge_point_id
        self._storage = storage
        self._clock = clock

    def routes(self) -> dict[str, dict[str, Route]]:
        """Return the library's handlers: its validator has seen the payload before them."""
        return {
            action.value: {"_on_action": partial(self._keep, action.value, confirmation)}
            for action, confirmation in CONFIRMATIONS.items()
        }

    async def _keep(self, kind: str, confirmation: Callable[[], Any], **said: Any) -> Any:
        details = snake_to_camel_case(said)
        now = self._clock.now()
        await self._storage.transact(
            lambda tx: tx.station_events.add(self._id, kind, details, now)
        )
        log.info("station event", kind=kind, **said)
        return confirmation()
