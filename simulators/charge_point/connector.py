"""One connector: cable, car, meter and transaction, moved through time by hand.

Nothing here waits. ``advance`` computes what happened until an instant, each event with the
instant at which it happened, however late and however often it is called.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp.v16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    ReadingContext,
    Reason,
    ReservationStatus,
)

from .car import W_MS_PER_WH, Car
from .configuration import Configuration
from .events import Event, Reading, Sampled, Started, StatusChanged, Stopped, Transaction

LOOK_AGAIN = timedelta(seconds=5)
FINISHING = timedelta(seconds=2)
MILLISECOND = timedelta(milliseconds=1)


REFUSALS = {
    ChargePointStatus.faulted: ReservationStatus.faulted,
    ChargePointStatus.unavailable: ReservationStatus.unavailable,
}


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whom a connector is kept for, and how long."""

    reservation_id: int
    id_tag: str
    until: datetime


class Connector:
    """The state of one connector; its status follows from the other facts (§4.9)."""

    def __init__(
        self,
        connector_id: int,
        configuration: Configuration,
        at: datetime,
        *,
        power_w: int = 22_000,
        register_wh: int = 0,
    ) -> None:
        self.connector_id = connector_id
        self.power_w_max = power_w
        self.at = at
        self.car: Car | None = None
        self.transaction: Transaction | None = None
        self.operative = True
        self.pending_tag: str | None = None
        self.reservation: Reservation | None = None
        self.events: deque[Event] = deque()
        self._configuration = configuration
        self._register_w_ms = register_wh * W_MS_PER_WH
        self._error = ChargePointErrorCode.no_error
        self._energy_allowed = True
        self._pending_until = self._finishing_until = at
        self._finishing = self._unavailable_next = False
        self._sampled_at = at
        self.notice = StatusChanged(at, connector_id, ChargePointStatus.available)

    @property
    def register_wh(self) -> int:
        """Return the lifetime register in whole Wh."""
        return self._register_w_ms // W_MS_PER_WH

    @property
    def power_w(self) -> int:
        """Return the power flowing now."""
        return self.car.power_w(self.power_w_max) if self.car and self._flows() else 0

    @property
    def reading(self) -> Reading:
        """Return the meter and the car as they are now."""
        soc_percent = self.car.soc_percent if self.car else None
        return Reading(self.at, self.register_wh, self.power_w, soc_percent)

    @property
    def status(self) -> ChargePointStatus:
        """Return the status that the facts amount to."""
        if self._error != ChargePointErrorCode.no_error:
            return ChargePointStatus.faulted
        if self.transaction:
            return self._status_in_transaction()
        if not self.operative:
            return ChargePointStatus.unavailable
        if self._finishing:
            return ChargePointStatus.finishing
        if self.car or self.pending_tag:
            return ChargePointStatus.preparing
        if self.reservation:
            return ChargePointStatus.reserved
        return ChargePointStatus.available

    @property
    def due(self) -> datetime | None:
        """Return when something may happen by itself; None while nothing can."""
        instants = [
            *([self._sample_due()] if self.transaction and self._sample_interval else []),
            *([self.at + LOOK_AGAIN] if self._flows() else []),
            *([self._pending_until] if self.pending_tag else []),
            *([self.reservation.until] if self.reservation else []),
            *([self._finishing_until] if self._finishing and not self.car else []),
        ]
        return min(instants, default=None)

    def can_start(self, id_tag: str) -> bool:
        """Return whether a remote start for this tag would be taken."""
        if self.reservation and self.reservation.id_tag.casefold() != id_tag.casefold():
            return False
        free = self.status in {
            ChargePointStatus.available,
            ChargePointStatus.preparing,
            ChargePointStatus.reserved,
        }
        return free and self.pending_tag in {None, id_tag}

    def reserve(self, reservation: Reservation) -> ReservationStatus:
        """Keep it for a tag, if nobody has it."""
        if self.status != ChargePointStatus.available:
            return REFUSALS.get(self.status, ReservationStatus.occupied)
        self.reservation = reservation
        self._settle()
        return ReservationStatus.accepted

    def cancel(self, reservation_id: int) -> bool:
        """Keep it no more, if it is kept under this id; return whether it was."""
        if self.reservation is None or self.reservation.reservation_id != reservation_id:
            return False
        self.reservation = None
        self._settle()
        return True

    def advance(self, at: datetime) -> None:
        """Let time pass until an instant; an instant in the past changes nothing."""
        while self.at < at:
            self._step(self._next_instant(at))

    def plug(self, car: Car) -> None:
        """Connect a car; a start that waits for it begins. A second car is refused.

        Raises:
            ValueError: if a car is connected already.
        """
        if self.car:
            raise ValueError(f"connector {self.connector_id} has a car already")
        self.car, self._finishing = car, False
        if self.pending_tag and self.operative:
            self.start(self.pending_tag)
        self._settle()

    def unplug(self) -> None:
        """Disconnect the car; the transaction ends if the charge point is set so (§4.10)."""
        if self._configuration.flag("StopTransactionOnEVSideDisconnect"):
            self.stop(Reason.ev_disconnected, "EV side disconnected")
        self.car, self._finishing_until = None, self.at + FINISHING
        self._settle("EV side disconnected" if self.transaction else None)

    def authorize(self, id_tag: str) -> None:
        """Start for this tag: at once with a car, else when one comes before ConnectionTimeOut."""
        if self.car:
            self.start(id_tag)
            return
        self.pending_tag = id_tag
        timeout_s = self._configuration.count("ConnectionTimeOut")
        self._pending_until = self.at + timedelta(seconds=timeout_s)
        self._settle()

    def start(self, id_tag: str) -> None:
        """Begin a transaction."""
        self.pending_tag, self._energy_allowed, self._sampled_at = None, True, self.at
        begin = self.reading
        self.transaction = Transaction(self.connector_id, id_tag, begin, begin.register_wh)
        if self.reservation and self.reservation.id_tag.casefold() == id_tag.casefold():
            self.transaction.reservation_id = self.reservation.reservation_id
            self.reservation = None
        self.events.append(Started(self.transaction))
        self._settle()

    def stop(self, reason: Reason, info: str | None = None) -> None:
        """End the transaction, if there is one; ``info`` goes with the status."""
        if self.transaction is None:
            return
        transaction, self.transaction = self.transaction, None
        if self.car:
            self.car.rest()
        transaction.end, transaction.reason = self.reading, reason
        self.events.append(Stopped(transaction))
        self._finishing, self._finishing_until = True, self.at + FINISHING
        if self._unavailable_next:
            self.operative, self._unavailable_next = False, False
        self._settle(info)

    def withhold_energy(self) -> None:
        """Keep the transaction open, but give no energy (CE 3.17)."""
        self._energy_allowed = False
        if self.car:
            self.car.rest()
        self._settle()

    def sample(self, context: ReadingContext) -> None:
        """Read the meter now."""
        self.events.append(Sampled(self.connector_id, self.transaction, self.reading, context))

    def fail(self, error_code: ChargePointErrorCode) -> None:
        """Break down: a running transaction ends."""
        self._error = error_code
        self.pending_tag = None
        self.stop(Reason.other)
        self._settle()

    def repair(self) -> None:
        """Work again."""
        self._error = ChargePointErrorCode.no_error
        self._settle()

    def set_operative(self, *, operative: bool) -> bool:
        """Change the availability; return False if it waits for the transaction's end (§5.2)."""
        waits = self.transaction is not None and not operative
        self._unavailable_next = waits
        if not waits:
            self.operative = operative
        self._settle()
        return not waits

    def _status_in_transaction(self) -> ChargePointStatus:
        if not self._energy_allowed:
            return ChargePointStatus.suspended_evse
        if self.car is None or self.car.is_full:
            return ChargePointStatus.suspended_ev
        return ChargePointStatus.charging

    def _flows(self) -> bool:
        return bool(self.status == ChargePointStatus.charging)

    @property
    def _sample_interval(self) -> timedelta:
        return timedelta(seconds=self._configuration.count("MeterValueSampleInterval"))

    def _sample_due(self) -> datetime:
        return max(self._sampled_at + self._sample_interval, self.at)

    def _next_instant(self, at: datetime) -> datetime:
        """Return the end of the step that begins now: before it, nothing changes."""
        instants = [at, *([self.due] if self.due else [])]
        if self.car and self._flows():
            instants.append(self.at + self.car.hold_ms(self.power_w_max) * MILLISECOND)
        return max(min(instants), self.at + MILLISECOND)

    def _step(self, until: datetime) -> None:
        self._meter((until - self.at) // MILLISECOND)
        self.at = until
        if self.transaction and self._sample_interval and self._sample_due() <= until:
            self._sampled_at = until
            self.sample(ReadingContext.sample_periodic)
        if self.pending_tag and self._pending_until <= until:
            self.pending_tag = None
        if self.reservation and self.reservation.until <= until:
            self.reservation = None
        if self._finishing and not self.car and self._finishing_until <= until:
            self._finishing = False
        self._settle()

    def _meter(self, duration_ms: int) -> None:
        if (transaction := self.transaction) is None:
            return
        status = self.status
        if status == ChargePointStatus.charging and self.car:
            self._register_w_ms += self.car.draw(self.power_w_max, duration_ms)
            transaction.meter_wh = self.register_wh
            transaction.charging_ms += duration_ms
        elif status == ChargePointStatus.suspended_ev:
            transaction.suspended_ev_ms += duration_ms

    def _settle(self, info: str | None = None) -> None:
        """Tell the status if it is another than the one told last."""
        if self.status != self.notice.status:
            self.notice = StatusChanged(self.at, self.connector_id, self.status, self._error, info)
            self.events.append(self.notice)
