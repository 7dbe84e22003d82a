"""What is asked of a charge point once it is there: readings often enough, and its statuses."""

import asyncio

import structlog
from ocpp.v16.enums import ConfigurationStatus, Measurand, MessageTrigger

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16.calls import Ask, CallRefused, Payload
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.service.ports import Storage, Tx

# One measurand that is not supported rejects the whole list (OCPP 1.6 ed. 2 §5.3), and a list may
# hold a single one: ask for less until it is taken.
WISHES = (
    (
        Measurand.energy_active_import_register,
        Measurand.power_active_import,
        Measurand.soc,
    ),
    (Measurand.energy_active_import_register, Measurand.power_active_import),
    (Measurand.energy_active_import_register,),
)

log = structlog.get_logger()


class Welcome:
    """Asks after a boot and after a reconnection; what is refused is only logged."""

    def __init__(
        self, charge_point_id: str, ask: Ask, storage: Storage, settings: DoorSettings
    ) -> None:
        self._id = charge_point_id
        self._ask = ask
        self._storage = storage
        self._settings = settings

    async def greet(self, *, booted: bool) -> None:
        """Configure after a boot; ask for the statuses that nobody reported after a while."""
        if booted:
            await self._configure()
        await asyncio.sleep(self._settings.status_grace_s)
        for number in await self._storage.read(self._unknown):
            asked = {"requestedMessage": MessageTrigger.status_notification, "connectorId": number}
            await self._status("TriggerMessage", asked)

    async def _configure(self) -> None:
        interval_s = str(self._settings.meter_interval_s)
        await self._change("MeterValueSampleInterval", interval_s)
        await self._change("StopTxnSampledData", Measurand.energy_active_import_register)
        for wish in WISHES:
            answer = await self._change("MeterValuesSampledData", ",".join(wish))
            if answer != ConfigurationStatus.rejected:
                return

    async def _change(self, key: str, value: str) -> str:
        return await self._status("ChangeConfiguration", {"key": key, "value": value})

    async def _status(self, action: str, payload: Payload) -> str:
        try:
            status = str((await self._ask(action, payload)).get("status"))
        except CallRefused as refused:
            status = refused.code
        log.info("asked", action=action, request=payload, status=status)
        return status

    def _unknown(self, tx: Tx) -> list[int]:
        return [
            connector.number
            for connector in tx.stations.connectors(self._id)
            if connector.status is ConnectorStatus.UNKNOWN
        ]
