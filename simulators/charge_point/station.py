"""A charge point's hardware: its connectors, and the rules by which they are used."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from ocpp.v16.enums import AvailabilityStatus, ChargePointStatus, Reason, ReservationStatus

from .car import Car
from .configuration import Configuration
from .connector import Connector, Reservation
from .display import Display
from .events import Event, Started, StatusChanged, Transaction
from .signals import Signal


@dataclass(slots=True)
class Misbehaviour:
    """What this charge point does wrong; all of it is seen in the field."""

    refuse_remote_start: bool = False
    accept_without_starting: bool = False
    ignore_calls: bool = False
    duplicate_start: bool = False
    stop_short_wh: int = 0
    sign_badly: bool = False
    forget_stops: bool = False


class Station:
    """Connectors under one clock. Every look and every touch first lets time pass until now."""

    def __init__(
        self,
        connectors: int,
        configuration: Configuration,
        now: Callable[[], datetime],
        on_event: Callable[[Event], None],
        *,
        power_w: int = 22_000,
        random: Random,
    ) -> None:
        self.configuration = configuration
        self.misbehaviour = Misbehaviour()
        self.display = Display(configuration)
        self.touched = Signal()
        self.transactions: list[Transaction] = []
        self._now, self._on_event, self._random = now, on_event, random
        self._operative = True
        self._notice = StatusChanged(now(), 0, ChargePointStatus.available)
        configuration.put("NumberOfConnectors", connectors)
        self._connectors = {
            number: Connector(
                number,
                configuration,
                now(),
                power_w=power_w,
                register_wh=random.randrange(100_000, 9_000_000),
            )
            for number in range(1, connectors + 1)
        }

    @property
    def connectors(self) -> list[Connector]:
        """Return the connectors as they are now."""
        self.advance()
        return list(self._connectors.values())

    @property
    def notices(self) -> list[StatusChanged]:
        """Return the last status of the charge point itself and of each connector."""
        return [self._notice, *(connector.notice for connector in self.connectors)]

    @property
    def due(self) -> datetime | None:
        """Return when something may happen by itself."""
        instants = [due for c in self._connectors.values() if (due := c.due)]
        return min(instants, default=None)

    def connector(self, connector_id: int) -> Connector:
        """Return one connector as it is now.

        Raises:
            KeyError: if there is none of this number.
        """
        self.advance()
        return self._connectors[connector_id]

    def advance(self) -> None:
        """Let time pass until now, and tell what happened."""
        for connector in self._connectors.values():
            connector.advance(self._now())
        self._tell_events()

    def tell(self) -> None:
        """Tell what a touch led to, and that other things may happen by themselves now."""
        self._tell_events()
        self.touched.fire()

    def plug(self, connector_id: int, car: Car | None = None) -> None:
        """Connect a car, by default any plausible one."""
        self.connector(connector_id).plug(car or self._any_car())
        self.tell()

    def unplug(self, connector_id: int) -> None:
        """Disconnect the car."""
        self.connector(connector_id).unplug()
        self.tell()

    def connector_for(self, id_tag: str, connector_id: int | None) -> Connector | None:
        """Return where a remote start would begin: with a car first; None if nowhere."""
        if self.misbehaviour.refuse_remote_start:
            return None
        able = [
            connector
            for connector in self.connectors
            if connector_id in {None, connector.connector_id} and connector.can_start(id_tag)
        ]
        return min(able, key=lambda connector: connector.car is None, default=None)

    def running(self, transaction_id: int) -> Connector | None:
        """Return the connector on which this transaction runs."""
        return next(
            (
                connector
                for connector in self.connectors
                if connector.transaction and connector.transaction.transaction_id == transaction_id
            ),
            None,
        )

    def now(self) -> datetime:
        """Return the time at the charge point."""
        return self._now()

    def reserve(
        self, connector_id: int, id_tag: str, reservation_id: int, until: datetime
    ) -> ReservationStatus:
        """Keep a connector for a tag (§5.13); one that is kept under this id is kept anew."""
        connector = self.find(connector_id)
        if connector is None:
            return ReservationStatus.rejected
        self.cancel_reservation(reservation_id)
        status = connector.reserve(Reservation(reservation_id, id_tag, until))
        self.tell()
        return status

    def cancel_reservation(self, reservation_id: int) -> bool:
        """Keep it no more; return whether it was kept (§5.1)."""
        cancelled = [connector.cancel(reservation_id) for connector in self.connectors]
        self.tell()
        return any(cancelled)

    def find(self, connector_id: int) -> Connector | None:
        """Return one connector as it is now, if there is one of this number."""
        self.advance()
        return self._connectors.get(connector_id)

    def authorize(self, connector: Connector, id_tag: str) -> None:
        """Start for this tag now or when a car comes, if the connector is still free for it."""
        self.advance()
        if connector.can_start(id_tag):
            connector.authorize(id_tag)
        self.tell()

    def stop(self, connector: Connector, reason: Reason) -> None:
        """End the transaction of a connector, if one runs."""
        self.advance()
        connector.stop(reason)
        self.tell()

    def stop_all(self, reason: Reason) -> None:
        """End every transaction."""
        for connector in self.connectors:
            self.stop(connector, reason)

    def start_refused(self, transaction: Transaction) -> None:
        """Obey a StartTransaction.conf that does not accept the tag (§3.5.4)."""
        connector = self.connector(transaction.connector_id)
        if connector.transaction is not transaction:
            return
        if self.configuration.flag("StopTransactionOnInvalidId"):
            connector.stop(Reason.de_authorized)
        else:
            connector.withhold_energy()
        self.tell()

    def set_operative(self, connector_id: int, *, operative: bool) -> AvailabilityStatus:
        """Change the availability of one connector, or of all with 0 (§5.2)."""
        if connector_id not in {0, *self._connectors}:
            return AvailabilityStatus.rejected
        chosen = [c for c in self.connectors if connector_id in {0, c.connector_id}]
        done = [connector.set_operative(operative=operative) for connector in chosen]
        if connector_id == 0 and operative != self._operative:
            self._operative = operative
            status = ChargePointStatus.available if operative else ChargePointStatus.unavailable
            self._notice = StatusChanged(self._now(), 0, status)
            self._on_event(self._notice)
        self.tell()
        return AvailabilityStatus.accepted if all(done) else AvailabilityStatus.scheduled

    def as_json(self) -> dict[str, Any]:
        """Return what a person standing there would see, and every transaction."""
        return {
            "connectors": {
                str(connector.connector_id): {
                    "status": connector.status,
                    "plugged": connector.car is not None,
                    "power_w": connector.power_w,
                    "register_wh": connector.register_wh,
                    "soc": round(connector.car.soc_percent, 1) if connector.car else None,
                }
                for connector in self.connectors
            },
            "transactions": [transaction.as_json() for transaction in self.transactions],
        }

    def _any_car(self) -> Car:
        return Car(
            capacity_wh=self._random.randrange(40_000, 80_000, 1_000),
            arrival_soc_percent=self._random.randrange(15, 50),
        )

    def _tell_events(self) -> None:
        for connector in self._connectors.values():
            while connector.events:
                event = connector.events.popleft()
                if isinstance(event, Started):
                    self.transactions.append(event.transaction)
                self._on_event(event)
