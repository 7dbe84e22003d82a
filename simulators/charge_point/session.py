"""One OCPP 1.6 conversation: answers to the central system's calls, and calls of our own."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from ocpp import v16
from ocpp.exceptions import OCPPError
from ocpp.v16 import call, call_result
from ocpp.v16.datatypes import KeyValue
from ocpp.v16.enums import (
    Action,
    AuthorizationStatus,
    ClearCacheStatus,
    ConfigurationStatus,
    MessageTrigger,
    ReadingContext,
    Reason,
    RemoteStartStopStatus,
    ResetStatus,
    ResetType,
    UnlockStatus,
)
from websockets.exceptions import ConnectionClosed

from .connector import Connector
from .routing import on
from .station import Station
from .upkeep import Belongings, Upkeep

CALL_PREFIX = "[2,"
VENDOR, MODEL = "Simulated", "AC two-socket"
SERIAL_LENGTH_MAX = 25
VALUE_LENGTH_MAX = 500
AUTHORIZATION_KEY_BYTES = range(16, 21)


class Session(Upkeep, v16.ChargePoint):  # type: ignore[misc]  # the library has no types
    """The charge point's end of one connection."""

    def __init__(  # noqa: PLR0913 - what its charge point is and does for it, each by name
        self,
        charge_point_id: str,
        connection: Any,
        station: Station,
        belongings: Belongings | None = None,
        *,
        reset: Callable[[ResetType], None],
        notify: Callable[[int | None], None],
        log_in_with: Callable[[bytes], None],
        spawn: Callable[[Coroutine[Any, Any, object]], object],
        response_timeout_s: float,
    ) -> None:
        log = logging.getLogger(__name__)
        super().__init__(charge_point_id, connection, response_timeout_s, logger=log)
        self._station, self._reset, self._notify, self._spawn = station, reset, notify, spawn
        self._log_in_with = log_in_with
        self._belongings = belongings or Belongings()
        self._follow_ups: list[Callable[[], object]] = []

    async def route_message(self, raw_msg: str) -> None:
        """Answer one frame; what it leads to begins only after the answer is sent."""
        is_call = raw_msg.replace(" ", "").startswith(CALL_PREFIX)
        if is_call and self._station.misbehaviour.ignore_calls:
            return
        await super().route_message(raw_msg)
        follow_ups, self._follow_ups = self._follow_ups, []
        for follow_up in follow_ups:
            follow_up()

    async def attempt(self, payload: Any) -> Any:
        """Send a request; return its confirmation, or None if there is none or a CALLERROR.

        Raises:
            ConnectionClosed: if the line is down.
        """
        try:
            return await self.call(payload, suppress=False)
        except (OCPPError, TimeoutError):
            return None

    async def boot(self) -> Any:
        """Introduce the charge point; return BootNotification.conf, or None without one (§4.2)."""
        return await self.attempt(
            call.BootNotification(
                charge_point_vendor=VENDOR,
                charge_point_model=MODEL,
                charge_point_serial_number=self.id[:SERIAL_LENGTH_MAX],
                firmware_version="1.0",
            )
        )

    async def authorize(self, id_tag: str) -> bool:
        """Return whether the central system accepts the tag (§4.1); not if the line is down."""
        try:
            answer = await self.attempt(call.Authorize(id_tag=id_tag))
        except ConnectionClosed:
            return False
        return bool(answer and answer.id_tag_info["status"] == AuthorizationStatus.accepted)

    async def _get_specific_response(self, unique_id: str, timeout: float) -> Any:  # noqa: ASYNC109 - the library's own signature
        """Return the answer to a call; raise TimeoutError without one.

        The library waits with asyncio.wait_for, which in Python 3.11 returns an answer instead of
        obeying a cancellation that comes together with it: the call would outlive its line.
        """
        async with asyncio.timeout(timeout):
            while (answer := await self._response_queue.get()).unique_id != unique_id:
                self.logger.warning("%s: an answer to no call: %s", self.id, answer)
        return answer

    @on(Action.remote_start_transaction)
    def _remote_start(
        self, id_tag: str, connector_id: int | None = None, **_: Any
    ) -> call_result.RemoteStartTransaction:
        connector = self._station.connector_for(id_tag, connector_id)
        if connector is None:
            return call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected)
        if not self._station.misbehaviour.accept_without_starting:
            self._follow_ups.append(lambda: self._spawn(self._start(connector, id_tag)))
        return call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)

    async def _start(self, connector: Connector, id_tag: str) -> None:
        asks_first = self._station.configuration.flag("AuthorizeRemoteTxRequests")
        if not asks_first or await self.authorize(id_tag):
            self._station.authorize(connector, id_tag)

    @on(Action.remote_stop_transaction)
    def _remote_stop(self, transaction_id: int) -> call_result.RemoteStopTransaction:
        connector = self._station.running(transaction_id)
        if connector is None:
            return call_result.RemoteStopTransaction(RemoteStartStopStatus.rejected)
        self._follow_ups.append(lambda: self._station.stop(connector, Reason.remote))
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)

    @on(Action.get_configuration)
    def _get_configuration(self, key: list[str] | None = None) -> call_result.GetConfiguration:
        known = self._station.configuration.known(key or [])
        return call_result.GetConfiguration(
            configuration_key=[
                KeyValue(name, setting.accepts is None, setting.value[:VALUE_LENGTH_MAX])
                for name, setting in known.items()
            ],
            unknown_key=[name for name in key or [] if name not in known],
        )

    @on(Action.change_configuration)
    def _change_configuration(self, key: str, value: str) -> call_result.ChangeConfiguration:
        if key == "AuthorizationKey":
            return call_result.ChangeConfiguration(self._take_key(value))
        return call_result.ChangeConfiguration(self._station.configuration.change(key, value))

    def _take_key(self, value: str) -> ConfigurationStatus:
        """Log in with the bytes that the digits stand for (security whitepaper A01, §7.2)."""
        try:
            key = bytes.fromhex(value)
        except ValueError:
            return ConfigurationStatus.rejected
        if len(key) not in AUTHORIZATION_KEY_BYTES:
            return ConfigurationStatus.rejected
        self._log_in_with(key)
        self._follow_ups.append(lambda: self._spawn(self._connection.close()))
        return ConfigurationStatus.accepted

    @on(Action.change_availability)
    def _change_availability(
        self,
        connector_id: int,
        type: str,  # noqa: A002 - OCPP's name
    ) -> call_result.ChangeAvailability:
        operative = type == "Operative"
        status = self._station.set_operative(connector_id, operative=operative)
        return call_result.ChangeAvailability(status)

    @on(Action.trigger_message)
    def _trigger(
        self, requested_message: str, connector_id: int | None = None
    ) -> call_result.TriggerMessage:
        others = self._core_messages(connector_id)
        return call_result.TriggerMessage(self._triggered(requested_message, others))

    @on(Action.extended_trigger_message)
    def _extended_trigger(
        self, requested_message: str, connector_id: int | None = None
    ) -> call_result.ExtendedTriggerMessage:
        others = self._core_messages(connector_id)
        return call_result.ExtendedTriggerMessage(self._triggered(requested_message, others))

    def _core_messages(self, connector_id: int | None) -> dict[str, Callable[[], object]]:
        return {
            MessageTrigger.boot_notification: lambda: self._spawn(self.boot()),
            MessageTrigger.heartbeat: lambda: self._spawn(self.attempt(call.Heartbeat())),
            MessageTrigger.meter_values: lambda: self._sample(connector_id),
            MessageTrigger.status_notification: lambda: self._notify(connector_id),
        }

    def _sample(self, connector_id: int | None) -> None:
        for connector in self._station.connectors:
            if connector_id in {None, connector.connector_id}:
                connector.sample(ReadingContext.trigger)
        self._station.tell()

    @on(Action.reset)
    def _on_reset(self, type: str) -> call_result.Reset:  # noqa: A002 - OCPP's name
        self._follow_ups.append(lambda: self._reset(ResetType(type)))
        return call_result.Reset(ResetStatus.accepted)

    @on(Action.unlock_connector)
    def _unlock(self, connector_id: int) -> call_result.UnlockConnector:
        if connector_id not in {c.connector_id for c in self._station.connectors}:
            return call_result.UnlockConnector(UnlockStatus.not_supported)
        connector = self._station.connector(connector_id)
        self._follow_ups.append(lambda: self._station.stop(connector, Reason.unlock_command))
        return call_result.UnlockConnector(UnlockStatus.unlocked)

    @on(Action.clear_cache)
    def _clear_cache(self) -> call_result.ClearCache:
        return call_result.ClearCache(ClearCacheStatus.rejected)

    @on(Action.data_transfer)
    def _data_transfer(
        self, vendor_id: str, message_id: str = "", data: str = "{}"
    ) -> call_result.DataTransfer:
        status = self._station.display.take(vendor_id, message_id, data)
        self._follow_ups.append(self._station.tell)
        return call_result.DataTransfer(status)
