"""What a charge point tells of itself that nothing depends on: kept, then confirmed."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from ocpp.charge_point import snake_to_camel_case
from ocpp.v16 import call_result
from ocpp.v16.enums import Action, GenericStatus

from irve_bridge.service.ports import Clock, Storage

Confirm = Callable[[], Any]

CONFIRMATIONS: dict[Action, Confirm] = {
    Action.firmware_status_notification: call_result.FirmwareStatusNotification,
    Action.diagnostics_status_notification: call_result.DiagnosticsStatusNotification,
    Action.log_status_notification: call_result.LogStatusNotification,
    Action.security_event_notification: call_result.SecurityEventNotification,
    Action.signed_firmware_status_notification: call_result.SignedFirmwareStatusNotification,
    # Whoever runs the certificate authority sends the certificate once it is signed.
    Action.sign_certificate: lambda: call_result.SignCertificate(GenericStatus.accepted),
}

log = structlog.get_logger()


class Events:
    """Keeps what one charge point tells, as events that operators can look at."""

    def __init__(self, charge_point_id: str, storage: Storage, clock: Clock) -> None:
        self._id = charge_point_id
        self._storage = storage
        self._clock = clock

    def routes(self) -> dict[str, dict[str, Callable[..., Awaitable[Any]]]]:
        """Return the library's handlers of these; it has validated what they are given."""
        return {
            action.value: {"_on_action": partial(self._confirmed, action, confirm)}
            for action, confirm in CONFIRMATIONS.items()
        }

    async def keep(self, action: Action, said: dict[str, Any]) -> None:
        """Store what was told, by the names that the library gives its fields.

        What cannot be stored raises, and is answered with a CALLERROR.
        """
        now, details = self._clock.now(), snake_to_camel_case(said)
        try:
            await self._storage.transact(
                lambda tx: tx.station_events.add(self._id, action.value, details, now)
            )
        except Exception:
            # The library would answer it without a word here.
            log.exception("station event not kept", action=action.value)
            raise
        log.info("station event", action=action.value, status=said.get("status"))

    async def _confirmed(self, action: Action, confirm: Confirm, **said: Any) -> Any:
        await self.keep(action, said)
        return confirm()
