"""The charge point's line to the central system: connect, boot, deliver, stay in touch."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ocpp.exceptions import OCPPError
from ocpp.v16 import call
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus, ResetType
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.frames import CloseCode

from simulators.clock import Clock

from .messages import status_notification, with_transaction_id
from .outbox import Outbox, QueuedMessage, QueuedStatus
from .session import Session
from .signals import Signal
from .station import Station
from .upkeep import Belongings

CLOSE_TIMEOUT_S = 1
BACKOFF_S_MIN = 0.1
BACKOFF_S_MAX = 5.0
BOOT_RETRY_S_DEFAULT = 60
HEARTBEAT_S_DEFAULT = 3600


def endpoint(url: str, charge_point_id: str) -> str:
    """Return the address to connect to: the URL and the percent-encoded identity (J §3.1.1)."""
    return f"{url.rstrip('/')}/{quote(charge_point_id, safe='')}"


def basic_authorization(charge_point_id: str, password: str | bytes) -> str:
    """Return the Authorization header of security profiles 1 and 2."""
    secret = password.encode() if isinstance(password, str) else password
    return "Basic " + b64encode(f"{charge_point_id}:".encode() + secret).decode()


class Link:
    """Keeps one connection while it is permitted; a boot outlives the connection (J §5.4)."""

    def __init__(  # noqa: PLR0913 - a connection is described by this much
        self,
        url: str,
        charge_point_id: str,
        station: Station,
        outbox: Outbox,
        clock: Clock,
        *,
        password: str | bytes | None,
        tls: ssl.SSLContext | None,
        response_timeout_s: float,
        reset: Callable[[ResetType], None],
        report: Callable[[str], None],
    ) -> None:
        self.charge_point_id = charge_point_id
        self.is_online = False
        self.changed = Signal()
        self._station, self._outbox, self._clock = station, outbox, clock
        self._belongings = Belongings()
        self._response_timeout_s, self._reset, self._report = response_timeout_s, reset, report
        self._endpoint = endpoint(url, charge_point_id)
        self._password, self._tls = password, tls
        self._permitted = asyncio.Event()
        self._permitted.set()
        self._pause_s = BACKOFF_S_MIN
        self._booted = False
        self._connection: ClientConnection | None = None
        self._session: Session | None = None
        self._operating: asyncio.Task[None] | None = None

    @property
    def session(self) -> Session | None:
        """Return the conversation of the moment; None while offline."""
        return self._session if self.is_online else None

    @property
    def is_connected(self) -> bool:
        """Return whether there is a line at all, booted or not."""
        return self._connection is not None

    async def run(self) -> None:
        """Connect again and again, with a growing pause while it fails."""
        while True:
            await self._permitted.wait()
            try:
                await self._connect()
            except (OSError, TimeoutError, WebSocketException) as error:
                self._report(f"no connection: {error}")
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, BACKOFF_S_MAX)

    def stay_away(self) -> None:
        """Lose the connection and make no other."""
        self._permitted.clear()
        self.drop()

    def come_back(self) -> None:
        """Connect again."""
        self._permitted.set()

    def reboot(self) -> None:
        """Lose the connection, the knowledge of having booted and that of past failures."""
        self._booted, self._pause_s = False, BACKOFF_S_MIN
        self.drop()

    async def hang_up(self) -> None:
        """Close the connection in good order: what was sent before arrives."""
        if self._connection:
            await self._connection.close(CloseCode.GOING_AWAY)

    def drop(self) -> None:
        """Lose the connection without a closing handshake, as a cut line does."""
        self.is_online = False
        if self._operating:
            self._operating.cancel()  # an answer already on its way in is lost, too
        if self._connection:
            self._connection.transport.abort()

    def log_in_with(self, password: str | bytes) -> None:
        """Use another password from the next connection on."""
        self._password = password

    def notify(self, connector_id: int | None) -> None:
        """Queue the present status of one connector, or of all."""
        for notice in self._station.notices:
            if connector_id in {None, notice.connector_id}:
                self._outbox.put_status(notice)
        self.changed.fire()

    async def _connect(self) -> None:
        """Hold one connection until it ends.

        Raises:
            OSError, TimeoutError, WebSocketException: if it cannot be made.
        """
        authorization = self._password and basic_authorization(self.charge_point_id, self._password)
        async with connect(
            self._endpoint,
            ssl=self._tls,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]  # a NewType of str
            additional_headers={"Authorization": authorization} if authorization else None,
            compression=None,
            proxy=None,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=self._station.configuration.count("WebSocketPingInterval") or None,
        ) as connection:
            if not self._permitted.is_set():  # told to stay away during the handshake
                return
            self._report("connected")
            self._connection = connection
            # A task of its own: before Python 3.13 a group that fails forgets that its task was
            # cancelled meanwhile, and ``run`` would go on for ever.
            conversation = asyncio.create_task(self._converse(connection))
            try:
                await asyncio.wait([conversation])
            finally:
                conversation.cancel()
                await asyncio.wait([conversation])
                self._connection = self._session = self._operating = None
                self.is_online = False
                self.changed.fire()
            conversation.result()
            self._report("connection lost")

    async def _converse(self, connection: ClientConnection) -> None:
        """Talk until the line is lost; nothing of the conversation goes on after it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._session = session = Session(
                    self.charge_point_id,
                    connection,
                    self._station,
                    self._belongings,
                    reset=self._reset,
                    notify=self.notify,
                    log_in_with=self.log_in_with,
                    spawn=tasks.create_task,
                    response_timeout_s=self._response_timeout_s,
                )
                tasks.create_task(session.start())
                self._operating = tasks.create_task(self._operate(session))
        except* WebSocketException:
            pass  # that is how a line is lost

    async def _operate(self, session: Session) -> None:
        after_boot = not self._booted
        while not self._booted:
            await self._boot(session)
        self._outbox.resume(self._station.notices, after_boot=after_boot)
        self.is_online, self._pause_s = True, BACKOFF_S_MIN
        self.changed.fire()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._deliver(session))
            tasks.create_task(self._beat(session))

    async def _boot(self, session: Session) -> None:
        """Introduce the charge point until it is accepted; only then may it say more (§4.2)."""
        answer = await session.boot()
        interval_s = answer.interval if answer else BOOT_RETRY_S_DEFAULT
        if answer and answer.status == RegistrationStatus.accepted:
            self._station.configuration.put("HeartbeatInterval", interval_s)
            self._booted = True
        else:
            self._report(f"boot: {answer.status if answer else 'no answer'}")
            await self._clock.sleep(interval_s or BOOT_RETRY_S_DEFAULT)

    async def _beat(self, session: Session) -> None:
        while True:
            interval_s = self._station.configuration.count("HeartbeatInterval")
            await self._clock.sleep(interval_s or HEARTBEAT_S_DEFAULT)
            await session.attempt(call.Heartbeat())

    async def _deliver(self, session: Session) -> None:
        """Send what is queued, one request at a time (J §4.1.1)."""
        while True:
            match self._outbox.next(self._clock.now()):
                case QueuedStatus() as status:
                    answer = await session.attempt(status_notification(status.change))
                    self._outbox.told(status, confirmed=answer is not None)
                case QueuedMessage() as message:
                    await self._transmit(session, message)
                case None:
                    await self.changed.wait(self._until_s(self._outbox.retry_at))
                    continue
            self.changed.fire()

    async def _transmit(self, session: Session, message: QueuedMessage) -> None:
        transaction = message.transaction
        payload = with_transaction_id(message.payload, transaction.known_id if transaction else -1)
        try:
            answer = await session.call(payload, suppress=False)
        except (OCPPError, TimeoutError):
            self._failed(message)
            return
        self._outbox.done(message)
        if isinstance(payload, call.StartTransaction):
            self._confirm_start(message, answer)
            if self._station.misbehaviour.duplicate_start:
                await session.attempt(payload)
        elif isinstance(payload, call.StopTransaction) and transaction:
            transaction.delivered = True

    def _confirm_start(self, message: QueuedMessage, answer: Any) -> None:
        if (transaction := message.transaction) is None:
            return
        transaction.transaction_id = answer.transaction_id
        status = answer.id_tag_info["status"]
        self._report(f"transaction {answer.transaction_id} for {transaction.id_tag}: {status}")
        if status != AuthorizationStatus.accepted:
            self._station.start_refused(transaction)

    def _failed(self, message: QueuedMessage) -> None:
        """Repeat a message the central system failed to process, or give it up (§3.7.1)."""
        configuration = self._station.configuration
        name = type(message.payload).__name__
        message.failures += 1
        if message.failures >= configuration.count("TransactionMessageAttempts"):
            self._outbox.done(message)
            self._report(f"{name} given up after {message.failures} attempts")
            return
        wait_s = configuration.count("TransactionMessageRetryInterval") * message.failures
        message.not_before = self._clock.now() + timedelta(seconds=wait_s)
        self._report(f"{name} failed, again in {wait_s} s")

    def _until_s(self, at: datetime | None) -> float | None:
        """Return the real seconds until a virtual instant."""
        if at is None:
            return None
        return max(0.0, (at - self._clock.now()).total_seconds() / self._clock.speed) + 0.001
