"""One charge point's conversation: every frame enters and leaves here."""

import asyncio
import time
from contextlib import suppress

import msgspec
import structlog
from ocpp.v16.enums import Action, MessageTrigger
from structlog.contextvars import bound_contextvars
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from irve_bridge.charge_points.closing import hang_up
from irve_bridge.charge_points.keepalive import Keepalive
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16 import commands
from irve_bridge.charge_points.v16.answers import Answers
from irve_bridge.charge_points.v16.calls import Calls, TooManyCalls
from irve_bridge.charge_points.v16.configure import Configure
from irve_bridge.charge_points.v16.decode import (
    UNREADABLE,
    Call,
    decode_call,
    decode_reply,
)
from irve_bridge.charge_points.v16.envelope import storable, unsound_call
from irve_bridge.charge_points.v16.events import Events
from irve_bridge.charge_points.v16.keys import Keys
from irve_bridge.charge_points.v16.patience import Patience
from irve_bridge.charge_points.v16.recent import Recent
from irve_bridge.charge_points.v16.unusual import HANDLED, Unusual
from irve_bridge.charge_points.v16.welcome import Welcome
from irve_bridge.service.ports import Clock, Storage
from irve_bridge.telemetry import metrics

ACTIONS = frozenset(action.value for action in Action)
USELESS = frozenset({"refused", "kept", "ignored"})
SHOWN_BYTES = 200
log = structlog.get_logger()


class Connection:
    """Answers what is decoded fast itself and leaves everything unusual to the library."""

    def __init__(
        self,
        charge_point_id: str,
        socket: ServerConnection,
        answers: Answers,
        storage: Storage,
        clock: Clock,
        settings: DoorSettings,
    ) -> None:
        self._id = charge_point_id
        self._socket = socket
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._recent = Recent(clock)
        self._answers = answers
        self._patience = Patience(settings.invalid_burst, settings.invalid_per_s)
        self._greeting: asyncio.Task[None] | None = None
        self._parting: asyncio.Task[None] | None = None
        self._calls = Calls(self._call_out, self._part, settings.call_timeout_s)
        self._ask = Keys(charge_point_id, self._calls.ask, storage).ask
        self._keepalive = Keepalive(socket, settings, self._ask_for_heartbeat)
        self._performing: set[asyncio.Task[bytes]] = set()
        self._action = ""

    async def start(self) -> None:
        """Converse until the socket closes.

        Raises:
            websockets.exceptions.ConnectionClosed: It closed.
        """
        self._keepalive.begin()
        try:
            while True:
                frame = await self._socket.recv(decode=False)
                self._keepalive.heard()
                with suppress(ConnectionClosed):  # what came before the end is heard all the same
                    await self.route_message(frame)
        finally:
            self._keepalive.end()
            if self._greeting:
                self._greeting.cancel()
            await self._finish_performing()

    async def perform(self, command: bytes) -> bytes:
        """Do what somebody on the bus asks for and return the encoded answer."""
        with bound_contextvars(charge_point_id=self._id):  # who asks has a context of their own
            performing = asyncio.create_task(
                commands.perform(command, self._ask, self._recent, self._part)
            )
        self._performing.add(performing)
        performing.add_done_callback(self._performing.discard)
        return await performing

    async def _finish_performing(self) -> None:
        """Pass on what was answered: a new key is, and then the charge point hangs up (A01)."""
        self._calls.hang_up()
        if self._performing:
            await asyncio.wait(self._performing)

    async def _ask_for_heartbeat(self) -> None:
        await self._calls.ask("TriggerMessage", {"requestedMessage": MessageTrigger.heartbeat})

    def _part(self, reason: str) -> None:
        """Close the socket, so that it connects anew or is refused; who asked is told meanwhile."""
        log.error("parting", reason=reason)
        self._parting = asyncio.create_task(hang_up(self._socket, CloseCode.GOING_AWAY, reason))

    async def route_message(self, raw_msg: bytes) -> None:
        """Take one frame; nothing but a flood of useless ones ends the conversation."""
        began_s = time.perf_counter()
        try:
            call = decode_call(raw_msg)
        except UNREADABLE:
            unsound = unsound_call(raw_msg)
            if unsound is None:
                await self._take_reply(raw_msg)
                return
            call = unsound
        self._recent.heard(raw_msg)
        self._action = call.action if call.action in ACTIONS else "other"
        try:
            await self._answer(call)
        except ConnectionClosed:
            raise
        except Exception:
            log.exception("message failed", action=call.action)
            await self._call_error(call, "InternalError", "failed")
        metrics.message_seconds(self._action).observe(time.perf_counter() - began_s)
        self._greet(call.action)

    async def _answer(self, call: Call) -> None:
        payload = storable(bytes(call.payload))
        confirmed = await self._answers.confirm(
            call.action, b"{}" if payload == b"null" else payload
        )
        if confirmed:
            outcome, confirmation = confirmed
            frame = msgspec.json.encode((3, call.unique_id, confirmation))
            await self._reply(frame, outcome)
        elif call.action not in HANDLED:
            known = call.action in ACTIONS
            await self._call_error(call, "NotSupported" if known else "NotImplemented", "refused")
        elif not _is_json(payload):
            await self._call_error(call, "FormationViolation", "refused")
        else:
            frame = msgspec.json.encode((2, call.unique_id, call.action, msgspec.Raw(payload)))
            events = Events(self._id, self._storage, self._clock)
            await Unusual(self._id, events, self._send).route_message(frame)

    async def _call_error(self, call: Call, code: str, outcome: str) -> None:
        """Refuse a call (OCPP-J 1.6 §4.2.3)."""
        await self._reply(msgspec.json.encode((4, call.unique_id, code, "", {})), outcome)

    async def _take_reply(self, raw: bytes) -> None:
        """Hand over the reply that a call waits for; drop what nobody asked for."""
        self._recent.heard_secret(raw)
        try:
            reply = decode_reply(raw)
        except UNREADABLE:
            reply = None
        if reply is None or not self._calls.answered(reply):
            self._action = "other"
            log.warning("frame ignored", frame=raw[:SHOWN_BYTES])
            await self._note("ignored")

    async def _call_out(self, frame: bytes) -> None:
        self._recent.said_secret(frame)
        await self._socket.send(frame, text=True)

    async def _send(self, message: str) -> None:
        """Send what the library answered."""
        if message.startswith("[4,"):
            # The library writes the later protocol's name (OCPP-J 1.6 §4.2.3).
            named = message.replace('"FormatViolation"', '"FormationViolation"', 1)
            await self._reply(named.encode(), "refused")
        else:
            await self._reply(message.encode(), "confirmed")

    async def _reply(self, frame: bytes, outcome: str) -> None:
        if outcome == "refused":
            log.warning("message refused", action=self._action, frame=frame[:SHOWN_BYTES])
        if not frame.isascii():
            # An id that is no UTF-8, given back as it came, would break the charge point's side.
            frame = frame.decode(errors="replace").encode()
        self._recent.said(frame)
        await self._socket.send(frame, text=True)
        await self._note(outcome)

    async def _note(self, outcome: str) -> None:
        metrics.message(self._action, outcome).inc()
        if outcome in USELESS and self._patience.ends():
            log.error("too many useless messages")
            await hang_up(self._socket, CloseCode.POLICY_VIOLATION, "too many useless messages")

    def _greet(self, action: str) -> None:
        """Greet after a boot, and after the first message of one that did not boot.

        Who has neither booted nor said anything must not be called yet (OCPP 1.6 ed. 2 §4.2).
        """
        booted = action == Action.boot_notification.value
        if not booted and self._greeting:
            return
        if self._greeting:
            self._greeting.cancel()
        self._greeting = asyncio.create_task(self._welcome_it(booted=booted))

    async def _welcome_it(self, *, booted: bool) -> None:
        grace_s = self._settings.status_grace_s
        welcome = Welcome(self._id, self._ask, self._storage, grace_s, self._configure)
        try:
            await welcome.greet(booted=booted)
        except (TimeoutError, TooManyCalls, ConnectionClosed) as error:
            log.info("welcome unanswered", error=str(error))
        except Exception:
            log.exception("welcome failed")

    async def _configure(self) -> None:
        await Configure(self._id, self._ask, self._storage, self._clock, self._settings).run()


def _is_json(payload: bytes) -> bool:
    try:
        msgspec.json.decode(payload)
    except UNREADABLE:
        return False
    return True
