"""A whole charge point: hardware, line and the people who plug and unplug."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Any, Self, TypeVar

from ocpp.v16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    ReadingContext,
    Reason,
    ResetType,
)

from simulators import clock as virtual_clock
from simulators.clock import Clock

from .car import Car
from .configuration import Configuration
from .display import Display
from .driver import Driver
from .events import Event, Sampled, Started, StatusChanged, Stopped, Transaction
from .link import Link
from .messages import signed_begin, transaction_message, with_signed_end
from .meter import SigningMeter
from .outbox import Outbox
from .signals import Signal
from .station import Misbehaviour, Station
from .terminal import describe

WAIT_S_DEFAULT = 20.0
END_S_MAX = 5.0
T = TypeVar("T")


class ChargePoint:
    """``async with ChargePoint(url, id) as cp`` runs a charge point; leaving it ends it.

    Methods that act return once the deed is done at the charge point; methods named ``wait…``
    return once the thing is true, and raise TimeoutError after so many real seconds.
    """

    def __init__(  # noqa: PLR0913 - what a charge point can be told, each with a usual value
        self,
        url: str,
        charge_point_id: str,
        *,
        connectors: int = 1,
        clock: Clock | None = None,
        password: str | bytes | None = None,
        tls: ssl.SSLContext | None = None,
        power_w: int = 22_000,
        configuration: dict[str, str | int] | None = None,
        auto_plug_s: float | None = None,
        response_timeout_s: float = 30,
        seed: int | None = None,
        signs: bool = False,
        report: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.id = charge_point_id
        self._clock = clock or virtual_clock.shared()
        self._write = report
        self._outbox, self._progressed = Outbox(), Signal()
        name = f"{seed}:{charge_point_id}"
        self.meter = SigningMeter(charge_point_id, _random(seed, name)) if signs else None
        self._forgotten: list[tuple[Any, Transaction]] = []
        self._station = Station(
            connectors,
            Configuration(**(configuration or {})),
            self._now,
            self._on_event,
            power_w=power_w,
            random=_random(seed, name),
        )
        self._link = Link(
            url,
            charge_point_id,
            self._station,
            self._outbox,
            self._clock,
            password=password,
            tls=tls,
            response_timeout_s=response_timeout_s,
            reset=self._on_reset,
            report=self._report,
        )
        self._tasks = asyncio.TaskGroup()
        self._driver = (
            None
            if auto_plug_s is None
            else Driver(self._station, self._clock, auto_plug_s, self._tasks.create_task)
        )
        self._life: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._life = asyncio.create_task(self._live())
        self._life.add_done_callback(lambda _task: self._progressed.fire())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._life:
            self._life.cancel()
            ended, _ = await asyncio.wait([self._life], timeout=END_S_MAX)
            if not ended:
                raise TimeoutError(f"{self.id} did not end within {END_S_MAX} s")
            if not self._life.cancelled():
                self._life.result()

    @property
    def misbehaviour(self) -> Misbehaviour:
        """Return the switches for what this charge point does wrong."""
        return self._station.misbehaviour

    @property
    def configuration(self) -> Configuration:
        """Return the OCPP configuration keys."""
        return self._station.configuration

    @property
    def display(self) -> Display:
        """Return the display, and what it was told to show."""
        return self._station.display

    @property
    def transactions(self) -> list[Transaction]:
        """Return every transaction that ran here, by the charge point's own meter."""
        self._station.advance()
        return self._station.transactions

    @property
    def is_online(self) -> bool:
        """Return whether a central system that accepted the boot is connected."""
        return self._link.is_online

    def status(self, connector_id: int) -> ChargePointStatus:
        """Return the status of a connector."""
        return self._station.connector(connector_id).status

    def register_wh(self, connector_id: int) -> int:
        """Return the lifetime register of a connector."""
        return self._station.connector(connector_id).register_wh

    def as_json(self) -> dict[str, Any]:
        """Return the state as the control API shows it."""
        return {"id": self.id, "online": self.is_online, **self._station.as_json()}

    async def plug(self, connector_id: int, car: Car | None = None) -> None:
        """Connect a car, by default any plausible one.

        Raises:
            ValueError: if a car is connected already.
            KeyError: if there is no such connector (in every method that names one).
        """
        self._station.plug(connector_id, car)

    async def unplug(self, connector_id: int) -> None:
        """Disconnect the car."""
        self._station.unplug(connector_id)

    async def swipe(self, connector_id: int, id_tag: str) -> bool:
        """Present an RFID card: stop the transaction it started, else ask and start one.

        Returns whether the charge point took it. Offline, §3.5.4 decides.
        """
        connector = self._station.connector(connector_id)
        if connector.transaction and connector.transaction.id_tag == id_tag:
            self._station.stop(connector, Reason.local)
            return True
        if not connector.can_start(id_tag) or not await self._is_authorized(id_tag):
            return False
        self._station.authorize(connector, id_tag)
        return True

    async def fault(
        self,
        connector_id: int,
        error_code: ChargePointErrorCode = ChargePointErrorCode.internal_error,
    ) -> None:
        """Break a connector; its transaction ends."""
        self._station.connector(connector_id).fail(error_code)
        self._station.tell()

    async def clear(self, connector_id: int) -> None:
        """Repair a connector."""
        self._station.connector(connector_id).repair()
        self._station.tell()

    async def go_offline(self) -> None:
        """Lose the connection and stay away; return when the line is down."""
        self._link.stay_away()
        await self.wait_until(lambda: not self._link.is_connected)

    async def go_online(self) -> None:
        """Come back; return when the central system is reached again."""
        self._link.come_back()
        await self.wait_until_online()

    async def reboot(self, *, resume: bool = False) -> None:
        """Lose power and start again; transactions end with PowerLoss, or are resumed."""
        if not resume:
            self._station.stop_all(Reason.power_loss)
        self._link.reboot()

    async def remember(self) -> None:
        """Tell the stops that were forgotten after all."""
        for message, transaction in self._forgotten:
            self._outbox.put_message(message, transaction)
        self._forgotten.clear()
        self._link.changed.fire()

    async def wait_until_online(self, timeout_s: float = WAIT_S_DEFAULT) -> None:
        """Return when the central system has accepted the boot of a live connection."""
        await self.wait_until(lambda: self._link.is_online, timeout_s)

    async def wait_for_status(
        self, connector_id: int, *statuses: str, timeout_s: float = WAIT_S_DEFAULT
    ) -> None:
        """Return when the connector is in one of these statuses."""
        await self.wait_until(lambda: self.status(connector_id) in statuses, timeout_s)

    async def wait_for_start(
        self, id_tag: str | None = None, timeout_s: float = WAIT_S_DEFAULT
    ) -> Transaction:
        """Return the last transaction (of a tag) once the central system gave it an id."""
        return await self._wait_for_last(
            lambda t: id_tag in {None, t.id_tag}, lambda t: t.transaction_id is not None, timeout_s
        )

    async def wait_for_stop(
        self, id_tag: str | None = None, timeout_s: float = WAIT_S_DEFAULT
    ) -> Transaction:
        """Return the last transaction (of a tag) once its StopTransaction is confirmed."""
        return await self._wait_for_last(
            lambda t: id_tag in {None, t.id_tag}, lambda t: t.delivered, timeout_s
        )

    async def wait_for_energy(
        self, connector_id: int, energy_wh: int, timeout_s: float = WAIT_S_DEFAULT
    ) -> Transaction:
        """Return the connector's last transaction once it has taken so much."""
        return await self._wait_for_last(
            lambda t: t.connector_id == connector_id, lambda t: t.energy_wh >= energy_wh, timeout_s
        )

    async def wait_until_delivered(self, timeout_s: float = WAIT_S_DEFAULT) -> None:
        """Return when everything that was queued has been sent and answered, or given up."""
        await self.wait_until(lambda: self._outbox.is_empty, timeout_s)

    async def wait_until(
        self, holds: Callable[[], T | None], timeout_s: float = WAIT_S_DEFAULT
    ) -> T:
        """Return what a condition on this charge point gives, once that is true.

        Raises:
            TimeoutError: after so many real seconds, with the state in its text.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not (value := holds()):
                    if self._life and self._life.done():
                        self._life.result()
                    await self._progressed.wait()
        except TimeoutError:
            raise TimeoutError(f"not so within {timeout_s} s: {self.as_json()}") from None
        return value

    async def _wait_for_last(
        self,
        selects: Callable[[Transaction], bool],
        holds: Callable[[Transaction], bool],
        timeout_s: float,
    ) -> Transaction:
        def last() -> Transaction | None:
            selected = [transaction for transaction in self.transactions if selects(transaction)]
            return selected[-1] if selected and holds(selected[-1]) else None

        return await self.wait_until(last, timeout_s)

    async def _live(self) -> None:
        async with self._tasks:
            self._tasks.create_task(self._link.run())
            self._tasks.create_task(self._let_time_pass())
            self._tasks.create_task(self._watch_the_line())

    async def _let_time_pass(self) -> None:
        """Look at the hardware whenever something may have happened by itself."""
        while True:
            self._station.advance()
            self._progressed.fire()
            await self._station.touched.wait(self._until_due_s())

    async def _watch_the_line(self) -> None:
        while True:
            await self._link.changed.wait()
            self._progressed.fire()

    async def _is_authorized(self, id_tag: str) -> bool:
        if session := self._link.session:
            return await session.authorize(id_tag)
        keys = ("LocalAuthorizeOffline", "AllowOfflineTxForUnknownId")
        return all(self.configuration.flag(key) for key in keys)

    def _now(self) -> datetime:
        """Return virtual time in whole milliseconds, as it is sent."""
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _until_due_s(self) -> float | None:
        due = self._station.due
        if due is None:
            return None
        return max(0.0, (due - self._clock.now()).total_seconds() / self._clock.speed) + 0.001

    def _on_event(self, event: Event) -> None:
        self._report(describe(event))
        if isinstance(event, StatusChanged):
            self._outbox.put_status(event)
        else:
            for message in self._messages(event):
                if isinstance(event, Stopped) and self.misbehaviour.forget_stops:
                    self._forgotten.append((message, event.transaction))
                else:
                    self._outbox.put_message(message, event.transaction)
        if self._driver:
            self._driver.notice(event)
        self._station.touched.fire()
        self._link.changed.fire()

    def _messages(self, event: Started | Sampled | Stopped) -> Iterator[Any]:
        short_wh = self.misbehaviour.stop_short_wh
        message = transaction_message(event, self.configuration, short_wh=short_wh)
        if self.meter is None:
            yield message
            return
        badly = self.misbehaviour.sign_badly
        match event:
            case Started(transaction):
                yield message
                context = ReadingContext.transaction_begin
                begin = self.meter.sign(transaction, transaction.begin, context, badly=badly)
                yield signed_begin(transaction, begin)
            case Stopped(transaction):
                context = ReadingContext.transaction_end
                reading = transaction.end or transaction.begin
                end = self.meter.sign(transaction, reading, context, badly=badly)
                yield with_signed_end(message, transaction, end)
            case _:
                yield message

    def _on_reset(self, kind: ResetType) -> None:
        self._tasks.create_task(self._restart(kind))

    async def _restart(self, kind: ResetType) -> None:
        """Stop and start again; a soft reset first says goodbye to its transactions (§5.14)."""
        soft = kind == ResetType.soft
        self._station.stop_all(Reason.soft_reset if soft else Reason.hard_reset)
        if soft:
            with contextlib.suppress(TimeoutError):  # what is left is told after the boot
                await self.wait_until(self._said_what_it_can)
            await self._link.hang_up()
        self._link.reboot()

    def _said_what_it_can(self) -> bool:
        return self._outbox.is_empty or self._outbox.retry_at is not None or not self.is_online

    def _report(self, line: str) -> None:
        at = self._clock.now().strftime("%H:%M:%S")
        self._write(f"{at} {self.id}{'' if line.startswith('/') else ' '}{line}")


def _random(seed: int | None, name: str) -> Random:
    return Random(seed if seed is None else name)
