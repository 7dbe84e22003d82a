"""A charge point with a meter and a memory of its own. What it remembers is what must be paid."""

import json
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from irve_bridge.domain.facts import ChargePointConnected, ChargePointDisconnected
from irve_bridge.service import commands, reports
from simulators.clock import ManualClock
from tests.stateful.bridge import Bridge

CONNECTION_TIMEOUT = timedelta(seconds=60)
NO_ID = -1


class ChargerMood(StrEnum):
    """How the next command fares."""

    OBEYS = "obeys"
    REJECTS = "rejects"
    HEARS_NOTHING = "hears nothing"
    ANSWERS_TOO_LATE = "obeys and answers too late"


@dataclass(slots=True)
class Charge:
    """One transaction as the charge point remembers it.

    `lied`: its last register is wrong. `short`: it says less than was read before. `told`: its stop
    was confirmed.
    """

    outlet: int
    id_tag: str
    start_wh: int
    started_at: datetime
    id: int = NO_ID
    stop_wh: int | None = None
    stopped_at: datetime | None = None
    suspended_s: int = 0
    lied: bool = False
    short: bool = False
    told: bool = False

    @property
    def energy_wh(self) -> int:
        """What was delivered, once it is over."""
        assert self.stop_wh is not None
        return self.stop_wh - self.start_wh

    @property
    def charging_s(self) -> int:
        """How long it ran without being suspended, once it is over."""
        assert self.stopped_at is not None
        return int((self.stopped_at - self.started_at).total_seconds()) - self.suspended_s


@dataclass(slots=True)
class Outlet:
    """One connector. `wish`: a tag that may start once the cable is in, and until when."""

    number: int
    power_w: int = 22_000
    register_wh: int = 1_000
    plugged: bool = False
    wish: tuple[str, datetime] | None = None
    charge: Charge | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What is still to be said; it is written when it is sent, for a start brings its id."""

    action: str
    write: Callable[[], dict[str, Any]]
    starts: Charge | None = None
    stops: Charge | None = None


@dataclass(eq=False)
class Charger:
    """The charge point CP1. It says everything in order, again until it is confirmed."""

    clock: ManualClock
    id: str = "CP1"
    outlets: list[Outlet] = field(default_factory=lambda: [Outlet(1), Outlet(2)])
    charges: list[Charge] = field(default_factory=list)
    outbox: deque[Message] = field(default_factory=deque)
    forgotten: list[Message] = field(default_factory=list)
    mood: ChargerMood = ChargerMood.OBEYS
    online: bool = False
    _connected_at: datetime | None = None
    _link: AsyncExitStack = field(default_factory=AsyncExitStack)

    # The socket

    async def connect(self, bridge: Bridge) -> None:
        """Open the socket."""
        self._connected_at = at = self.clock.now()
        fact = ChargePointConnected(at=at, charge_point_id=self.id)
        await bridge.handler.run(lambda work: reports.connected(work, fact))
        await self._link.enter_async_context(bridge.bus.serve(self.id, self.command))
        self.online = True
        if not any(message.action == "StatusNotification" for message in self.outbox):
            for outlet in self.outlets:
                self._status(outlet)

    async def disconnect(self, bridge: Bridge | None) -> None:
        """Lose the socket; without a bridge there is nobody to notice."""
        await self._link.aclose()
        self.online = False
        if bridge and self._connected_at:
            fact = ChargePointDisconnected(
                at=self.clock.now(), charge_point_id=self.id, connected_at=self._connected_at
            )
            await bridge.handler.run(lambda work: reports.disconnected(work, fact))

    async def say(self, bridge: Bridge, *, answer_lost: bool = False) -> str:
        """Send the oldest message; where its answer is lost, it stays to be sent again."""
        message = self.outbox[0]
        payload = json.dumps(message.write()).encode()
        confirmed = await bridge.answers[self.id].confirm(message.action, payload)
        assert confirmed is not None
        outcome, confirmation = confirmed
        assert outcome == "confirmed", f"{message.action} was {outcome}"
        if not answer_lost:
            self.outbox.popleft()
            if message.starts:
                self._started(message.starts, confirmation)
            if message.stops:
                message.stops.told = True
        return message.action

    async def command(self, raw: bytes) -> bytes:
        """Take a command from the bus; the mood holds for one command."""
        mood, self.mood = self.mood, ChargerMood.OBEYS
        if mood is ChargerMood.HEARS_NOTHING:
            raise TimeoutError("never heard")
        command = commands.decode_command(raw)
        obeys = mood is not ChargerMood.REJECTS and self._obey(command)
        if mood is ChargerMood.ANSWERS_TOO_LATE:
            raise TimeoutError("answered too late")
        return commands.encode(commands.Answer({"status": "Accepted" if obeys else "Rejected"}))

    # The street

    def plug(self, outlet: Outlet) -> None:
        """Put the cable in; a wish that is still alive starts."""
        outlet.plugged = True
        self._say_status(outlet, "Preparing")
        if outlet.wish and self.clock.now() <= outlet.wish[1]:
            self._start(outlet, outlet.wish[0])

    def unplug(self, outlet: Outlet) -> None:
        """Take the cable out, which ends a charge."""
        if outlet.charge:
            self.stop(outlet, "EVDisconnected")
        outlet.plugged = False
        self._say_status(outlet, "Available")

    def start_again(self, outlet: Outlet) -> None:
        """Start once more with the tag of an earlier charge, as some charge points do."""
        self._start(outlet, self.charges[-1].id_tag)

    def suspend(self, outlet: Outlet) -> None:
        """The car asks for no power, or again for some."""
        outlet.suspended = not outlet.suspended
        self._status(outlet)

    def read_meter(self, outlet: Outlet) -> None:
        """Say how the register stands."""
        charge, at, register_wh = outlet.charge, self.clock.now(), outlet.register_wh
        assert charge is not None
        sample = {"value": str(register_wh), "unit": "Wh"}
        value = [{"timestamp": _text(at), "sampledValue": [sample]}]

        def write() -> dict[str, Any]:
            named = {} if charge.id == NO_ID else {"transactionId": charge.id}
            return {"connectorId": outlet.number, "meterValue": value} | named

        self.outbox.append(Message("MeterValues", write))

    def stop(
        self,
        outlet: Outlet,
        reason: str,
        *,
        lies: bool = False,
        ahead: timedelta = timedelta(),
        short_wh: int = 0,
        forgets: bool = False,
    ) -> None:
        """End the charge, and forget to say so until it is remembered.

        One that lies says a register below its first, or a moment to come; one that is short says
        less than its meter showed, and means it.
        """
        charge, at = outlet.charge, self.clock.now()
        assert charge is not None
        charge.stop_wh = max(outlet.register_wh - short_wh, charge.start_wh)
        charge.stopped_at = at
        charge.lied, charge.short = lies or bool(ahead) or bool(short_wh), bool(short_wh)
        said_wh = charge.start_wh - 1 if lies else charge.stop_wh
        outlet.charge, outlet.suspended = None, False

        def write() -> dict[str, Any]:
            return {
                "transactionId": charge.id,
                "idTag": charge.id_tag,
                "meterStop": said_wh,
                "timestamp": _text(at + ahead),
                "reason": reason,
            }

        stop = Message("StopTransaction", write, stops=charge)
        (self.forgotten if forgets else self.outbox).append(stop)
        self._say_status(outlet, "Finishing")

    def remember(self) -> None:
        """Say after all the stop that was forgotten first."""
        self.outbox.append(self.forgotten.pop(0))

    def give_up_start(self) -> None:
        """Stop repeating a start that was never confirmed: its id is never learnt."""
        assert self.outbox[0].starts is not None
        self.outbox.popleft()

    def pass_time(self, duration_s: int) -> None:
        """Let the registers run."""
        for outlet in self.outlets:
            if outlet.charge and outlet.suspended:
                outlet.charge.suspended_s += duration_s
            elif outlet.charge:
                outlet.register_wh += outlet.power_w * duration_s // 3600

    # Inside

    def _obey(self, command: commands.Command) -> bool:
        if isinstance(command, commands.RemoteStart):
            return self._wish(self.outlets[command.connector_number - 1], command.id_tag)
        for outlet in self.outlets:
            if outlet.charge and str(outlet.charge.id) == command.transaction_id:
                self.stop(outlet, "Remote")
                return True
        return False

    def _wish(self, outlet: Outlet, id_tag: str) -> bool:
        if outlet.charge:
            return False
        outlet.wish = (id_tag, self.clock.now() + CONNECTION_TIMEOUT)
        if outlet.plugged:
            self._start(outlet, id_tag)
        return True

    def _start(self, outlet: Outlet, id_tag: str) -> None:
        """Begin to charge; relays cannot do so twice within a second."""
        now = self.clock.now()
        if any((each.outlet, each.started_at) == (outlet.number, now) for each in self.charges):
            return
        charge = Charge(outlet.number, id_tag, outlet.register_wh, now)
        outlet.wish, outlet.charge = None, charge
        self.charges.append(charge)
        payload = {
            "connectorId": outlet.number,
            "idTag": id_tag,
            "meterStart": charge.start_wh,
            "timestamp": _text(charge.started_at),
        }
        self.outbox.append(Message("StartTransaction", lambda: payload, charge))
        self._say_status(outlet, "Charging")

    def _started(self, charge: Charge, confirmation: Any) -> None:
        """A tag that is not accepted ends its charge (StopTransactionOnInvalidId)."""
        charge.id = confirmation.transaction_id
        outlet = self.outlets[charge.outlet - 1]
        if confirmation.id_tag_info.status != "Accepted" and outlet.charge is charge:
            self.stop(outlet, "DeAuthorized")

    def _status(self, outlet: Outlet) -> None:
        charging = "SuspendedEV" if outlet.suspended else "Charging"
        idle = "Preparing" if outlet.plugged else "Available"
        self._say_status(outlet, charging if outlet.charge else idle)

    def _say_status(self, outlet: Outlet, status: str) -> None:
        payload = {
            "connectorId": outlet.number,
            "errorCode": "NoError",
            "status": status,
            "timestamp": _text(self.clock.now()),
        }
        self.outbox.append(Message("StatusNotification", lambda: payload))


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
