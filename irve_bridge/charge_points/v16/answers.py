"""What a charge point says becomes a fact; it is answered once the fact is stored."""

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec import UNSET, ValidationError
from msgspec.json import Decoder

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16 import timestamps
from irve_bridge.charge_points.v16.confirmations import (
    HEARD,
    AuthorizeConfirmation,
    BootConfirmation,
    Confirmation,
    HeartbeatConfirmation,
    IdTagInfo,
    StartConfirmation,
)
from irve_bridge.charge_points.v16.decode import (
    DECODERS,
    TRANSACTION_MESSAGES,
    UNREADABLE,
    Authorize,
    BootNotification,
    Heartbeat,
    Message,
    MeterValues,
    StartTransaction,
    StatusNotification,
    StopTransaction,
    TransactionMessage,
)
from irve_bridge.charge_points.v16.readings import readings
from irve_bridge.charge_points.v16.salvage import salvage
from irve_bridge.charge_points.v16.signed import signed_readings
from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.errors import Bug
from irve_bridge.domain.id_tag import INVALID, Authorization
from irve_bridge.service import presume, reports, signatures, transactions
from irve_bridge.service.handle import Handler, Work
from irve_bridge.service.meters import Meters
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.ports import Clock

NO_ERROR = "NoError"
SHOWN_MOST = 255
"""Characters of what stands in every list of charge points; OCPP has 50 at most."""
FAULTS = (Bug, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a rule raises that cannot decide; what the storage raises is none of these."""
SHOWN = frozenset({StartTransaction.__name__, StopTransaction.__name__})
"""What operators are shown of what was kept; readings would push all else from the list."""
SHOWN_CHARACTERS = 2000
QUEUE_NOTED_EVERY = timedelta(seconds=5)

log = structlog.get_logger()


class Answers:
    """Answers one charge point's hot and vital messages."""

    def __init__(
        self,
        charge_point_id: str,
        handler: Handler,
        meters: Meters,
        doorkeeper: Doorkeeper,
        clock: Clock,
        settings: DoorSettings,
    ) -> None:
        self._id = charge_point_id
        self._handler = handler
        self._meters = meters
        self._doorkeeper = doorkeeper
        self._clock = clock
        self._settings = settings
        self._connected_at = clock.now()
        self._behind_at: datetime | None = None

    async def confirm(self, action: str, payload: bytes) -> tuple[str, Confirmation] | None:
        """Store what a message says; return what became of it, and its confirmation.

        None for what is not understood here. A transaction message always is: salvaged where it
        fails validation, else kept whole; so is one that no rule of ours can decide. What cannot
        be stored at all raises, and the charge point sends it again.
        """
        decoder = DECODERS.get(action)
        if decoder is None:
            return None
        type_ = TRANSACTION_MESSAGES.get(action)
        try:
            return await self._decided_or_kept(decoder, type_, action, payload)
        except Exception:
            if type_ is not None:
                await self._note_unstored()
            raise

    async def _decided_or_kept(
        self,
        decoder: Decoder[Message],
        type_: type[TransactionMessage] | None,
        action: str,
        payload: bytes,
    ) -> tuple[str, Confirmation] | None:
        try:
            return await self._decided(decoder, type_, payload)
        except FAULTS as fault:
            if type_ is None:
                raise
            log.exception("message kept undecided", action=action)
            return "kept", await self._keep(action, payload, repr(fault))

    async def _note_unstored(self) -> None:
        """Write down that something is still to be told, if that much can be stored.

        Who seems idle may have started: what says so comes again.
        """
        now = self._clock.now()
        with suppress(Exception):
            await self._handler.run(lambda work: work.tx.stations.behind(self._id, now))

    async def _decided(
        self, decoder: Decoder[Message], type_: type[TransactionMessage] | None, payload: bytes
    ) -> tuple[str, Confirmation] | None:
        try:
            message = decoder.decode(payload)
        except UNREADABLE as error:
            return await self._rescue(type_, payload, error) if type_ else None
        return "confirmed", await self._confirm(message)

    async def _rescue(
        self, type_: type[TransactionMessage], payload: bytes, error: Exception
    ) -> tuple[str, Confirmation]:
        action = type_.__name__
        try:
            message = salvage(payload, type_)
        except ValidationError as essential:
            log.warning("message kept unread", action=action, error=str(essential))
            return "kept", await self._keep(action, payload, str(essential))
        log.warning("message salvaged", action=action, error=str(error))
        return "salvaged", await self._confirm(message)

    async def _confirm(self, message: Message) -> Confirmation:
        now = self._clock.now()
        match message:
            case MeterValues():
                return await self._meter_values(message, now)
            case StatusNotification():
                return await self._status(message, now)
            case StartTransaction():
                return await self._start(message, now)
            case StopTransaction():
                return await self._stop(message, now)
            case Authorize():
                return await self._authorize(message, now)
            case BootNotification():
                return await self._boot(message, now)
            case Heartbeat():
                return HeartbeatConfirmation(timestamps.text(now))
            case _:
                raise TypeError(type(message).__name__)

    async def _boot(self, message: BootNotification, now: datetime) -> Confirmation:
        fact = facts.ChargePointBooted(
            at=now,
            charge_point_id=self._id,
            vendor=message.charge_point_vendor[:SHOWN_MOST],
            model=message.charge_point_model[:SHOWN_MOST],
            firmware=(message.firmware_version or "")[:SHOWN_MOST] or None,
            told=msgspec.to_builtins(message),
        )
        await self._handler.run(lambda work: reports.booted(work, fact))
        return BootConfirmation(timestamps.text(now), self._settings.heartbeat_interval_s)

    async def _status(self, message: StatusNotification, now: datetime) -> Confirmation:
        fact = facts.ConnectorStatusChanged(
            at=now,
            charge_point_id=self._id,
            connector_number=message.connector_id,
            status=ConnectorStatus(message.status.value),
            since=timestamps.parse(message.timestamp or "", now) or now,
            error_code=None if message.error_code == NO_ERROR else message.error_code[:SHOWN_MOST],
            told=msgspec.to_builtins(message),
        )
        await self._handler.run(lambda work: reports.status_changed(work, fact))
        return HEARD

    async def _authorize(self, message: Authorize, now: datetime) -> Confirmation:
        told = await self._doorkeeper.ask(self._id, message.id_tag)
        authorization = await self._handler.run(
            lambda work: transactions.authorize(work, self._id, message.id_tag, now, told)
        )
        return AuthorizeConfirmation(_id_tag_info(authorization))

    async def _start(self, message: StartTransaction, now: datetime) -> Confirmation:
        started_at = timestamps.parse(message.timestamp, now)
        await self._note_queue(started_at, now)
        fact = facts.TransactionStarted(
            at=now,
            charge_point_id=self._id,
            connector_number=message.connector_id,
            id_tag=message.id_tag,
            meter_start_wh=message.meter_start,
            started_at=started_at or now,
            reservation_id=None if message.reservation_id is UNSET else message.reservation_id,
        )
        told = await self._doorkeeper.ask(self._id, message.id_tag)
        reply = await self._handler.run(lambda work: transactions.started(work, fact, told))
        return StartConfirmation(int(reply.transaction_id), _id_tag_info(reply.authorization))

    async def _stop(self, message: StopTransaction, now: datetime) -> Confirmation:
        said_at = timestamps.parse(message.timestamp, now)
        stopped_at = said_at or now
        await self._note_queue(stopped_at, now)
        fact = facts.TransactionStopped(
            at=now,
            charge_point_id=self._id,
            transaction_id=str(message.transaction_id),
            meter_stop_wh=message.meter_stop,
            stopped_at=stopped_at,
            reason=message.reason.value,
            id_tag=message.id_tag,
            readings=readings(message.transaction_data, stopped_at),
            signed=signed_readings(message.transaction_data, stopped_at),
            dated=said_at is not None,
        )
        await self._handler.run(lambda work: transactions.stopped(work, fact))
        return HEARD

    async def _meter_values(self, message: MeterValues, now: datetime) -> Confirmation:
        id_ = None if message.transaction_id is None else str(message.transaction_id)
        if id_ is not None:
            self._meters.named(self._id, id_, now)
        if taken := readings(message.meter_value, now):
            await self._note_queue(taken[0].at, now)
            if await self._meters.take(self._id, message.connector_id, id_, taken, now):
                await self._stop_what_goes_on(str(id_), now)
        if signed := signed_readings(message.meter_value, now):
            key = await self._meters.key(self._id, message.connector_id, id_)
            await self._handler.run(lambda work: signatures.keep(work, *key, signed))
        return HEARD

    async def _stop_what_goes_on(self, transaction_id: str, now: datetime) -> None:
        await self._handler.run(
            lambda work: presume.stop_what_goes_on(work, self._id, transaction_id, now)
        )

    async def _note_queue(self, happened_at: datetime | None, now: datetime) -> None:
        """Write down, once in a while, that what happened before the connection is still told."""
        if happened_at is None or happened_at >= self._connected_at:
            return
        if self._behind_at is None or now - self._behind_at >= QUEUE_NOTED_EVERY:
            self._behind_at = now
            await self._handler.run(lambda work: work.tx.stations.behind(self._id, now))

    async def _keep(self, action: str, payload: bytes, error: str) -> Confirmation:
        """Keep a message whole, once; a start is given an id, but its tag is not honoured."""
        fact = facts.MessageUnreadable(
            at=self._clock.now(),
            charge_point_id=self._id,
            action=action,
            raw=payload.decode(errors="replace"),
            error=error,
        )
        key = f"unreadable:{self._id}:{action}:{hashlib.sha256(payload).hexdigest()}"
        starts = action == StartTransaction.__name__

        def unit(work: Work) -> int:
            if work.tx.inbox.put(key, fact) and action in SHOWN:
                told = {"note": error, "payload": fact.raw[:SHOWN_CHARACTERS]}
                work.tx.station_events.add(self._id, action, told, fact.at)
            return work.tx.transactions.next_id() if starts else 0

        id_ = await self._handler.run(unit)
        return StartConfirmation(id_, _id_tag_info(INVALID)) if starts else HEARD


def _id_tag_info(authorization: Authorization) -> IdTagInfo:
    expires_at = authorization.expires_at
    return IdTagInfo(
        status=authorization.status,
        parent_id_tag=authorization.parent_id_tag,
        expiry_date=timestamps.text(expires_at) if expires_at else None,
    )
