"""The operator's commands: written down, sent over the bus, and what follows from the answer kept.

None of them moves money: a stop is billed by the meter, whoever asked for it.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from irve_bridge.domain.errors import CommandFailed, UnknownThing
from irve_bridge.service import commands
from irve_bridge.service.consequences import Exchange, remember
from irve_bridge.service.inventory import known
from irve_bridge.service.masking import masked
from irve_bridge.service.places import busy
from irve_bridge.service.ports import Bus, Clock, Objection, Offline, Storage, Tx, Unanswered

ACTIONS = (
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "DeleteCertificate",
    "ExtendedTriggerMessage",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "InstallCertificate",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "SignedUpdateFirmware",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
)
"""What a central system may ask (OCPP 1.6 ed. 2 §5; security whitepaper ed. 2 §5)."""
START, RESERVE = "RemoteStartTransaction", "ReserveNow"

CALL_ERROR = "call_error"

log = structlog.get_logger()


class Control:
    """Sends operators' commands to charge points."""

    def __init__(
        self, storage: Storage, bus: Bus, clock: Clock, objection: Objection, timeout_s: float
    ) -> None:
        self._storage = storage
        self._bus = bus
        self._clock = clock
        self._objection = objection
        self._timeout_s = timeout_s

    async def send(
        self, charge_point_id: str, action: str, payload: dict[str, Any], by: str = ""
    ) -> Mapping[str, Any]:
        """Return what a charge point answered to a command, whatever it says.

        `by` is the operator's account that gives it, "" of the API.

        Raises:
            UnknownThing: There is no such charge point or action.
            ConnectorBusy: A guest has the connector that is asked for.
            CommandFailed: The protocol forbids the payload; there was no answer, or a CALLERROR.
        """
        if action not in ACTIONS:
            raise UnknownThing(
                f"{action} is nothing to ask of a charge point. What is: {', '.join(ACTIONS)}.",
                "unknown_action",
            )
        if wrong := await self._objection(action, payload):
            raise CommandFailed(wrong, commands.INVALID)
        command = commands.encode(commands.Call(action, payload))
        number = await self._storage.transact(
            lambda tx: self._begin(tx, charge_point_id, action, payload, by)
        )
        answer = await self._ask(charge_point_id, command)
        await self._storage.transact(
            lambda tx: self._conclude(tx, number, charge_point_id, action, payload, answer)
        )
        log.info(
            "command", charge_point_id=charge_point_id, action=action, error=answer.error, by=by
        )
        if answer.error is not None:
            raise _failure(answer)
        return answer.payload or {}

    def _begin(
        self, tx: Tx, charge_point_id: str, action: str, payload: Mapping[str, Any], by: str
    ) -> int:
        known(tx, charge_point_id)
        self._refuse_taken(tx, charge_point_id, action, payload.get("connectorId"))
        return tx.commands.add(charge_point_id, action, masked(payload), self._clock.now(), by)

    def _refuse_taken(self, tx: Tx, charge_point_id: str, action: str, connector: object) -> None:
        """Let nobody take away what a guest pays for; of no connector, or of 0, may be any."""
        now = self._clock.now()
        outlets = tx.stations.connectors(charge_point_id) if action in (START, RESERVE) else []
        for outlet in outlets:
            if (not connector or outlet.number == connector) and tx.sessions.at_connector(
                charge_point_id, outlet.number, now
            ):
                raise busy()

    async def _ask(self, charge_point_id: str, command: bytes) -> commands.Answer:
        try:
            reply = await self._bus.request(charge_point_id, command, self._timeout_s)
        except Offline:
            return commands.Answer(
                error=commands.OFFLINE, description="The charge point is not connected."
            )
        except Unanswered:
            sentence = "The charge point did not answer in time; the command may have arrived."
            return commands.Answer(error=commands.TIMEOUT, description=sentence)
        return commands.decode_answer(reply)

    def _conclude(
        self,
        tx: Tx,
        number: int,
        charge_point_id: str,
        action: str,
        payload: Mapping[str, Any],
        answer: commands.Answer,
    ) -> None:
        now = self._clock.now()
        tx.commands.conclude(number, masked(answer.payload), answer.error, now)
        if answer.payload is not None:
            exchange = Exchange(
                charge_point_id=charge_point_id,
                action=action,
                payload=payload,
                answer=answer.payload,
                at=now,
            )
            remember(tx, exchange)


def _failure(answer: commands.Answer) -> CommandFailed:
    code = str(answer.error)
    if code in commands.OURS:
        return CommandFailed(answer.description, code)
    said = f": {answer.description}" if answer.description else ""
    sentence = f"The charge point answered with the error {code}{said}"
    return CommandFailed(sentence, CALL_ERROR, call_error=code)
