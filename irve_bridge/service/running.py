"""One running transaction: its meter, what it costs so far, and when its limit is reached.

The limit is projected from the last trusted register at the highest power seen, so that a charge
point that falls silent is stopped too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import reduce

import msgspec

from irve_bridge.domain.metering import MOST_W, POWER_SLACK, Meter, Reading
from irve_bridge.domain.moments import SLACK
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer, Tally
from irve_bridge.domain.projection import HORIZON, at_most, time_until
from irve_bridge.domain.rules import Use
from irve_bridge.domain.session import Session
from irve_bridge.domain.spans import Activity
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Tx
from irve_bridge.service.prices import pricer


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a live page shows. Amounts in minor units, energy in Wh, power in W."""

    session_id: str
    state: str
    energy_wh: int
    power_w: int
    soc_percent: int | None
    cost_minor: int
    currency: str
    elapsed_s: int
    paused: bool
    activity: Activity
    at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What a running charge comes to: for the energy up to a register, in Wh, at `live.at`.

    `prices` are those in force then, with VAT: per kWh, per hour, per session.
    """

    live: Live
    register_wh: int
    prices: Mapping[Use, Fraction]


@dataclass(slots=True, kw_only=True)
class Metering:
    """One running transaction and its meter, whoever it is of.

    `named_at` is when its charge point last named it, be nothing it said of it readable; a restart
    forgets that, and with it that the charge point is online.
    """

    transaction: Transaction
    meter: Meter
    named_at: datetime | None = None

    @classmethod
    def of(cls, transaction: Transaction, rated_w: int) -> "Metering":
        """Return a transaction that has just started, with nothing read."""
        meter = Meter.begin(transaction.start_at, transaction.meter_start_wh, rated_w)
        return cls(transaction=transaction, meter=meter)

    def dated(self, readings: Iterable[Reading], heard_at: datetime) -> list[Reading]:
        """Return readings just heard, by moment, with none that would stop the meter."""
        ahead = self.transaction.clock_ahead
        dated = (self.meter.dated(reading, heard_at, ahead) for reading in readings)
        return sorted(dated, key=lambda reading: reading.order)

    def its_own(self, readings: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
        """Part readings that name no transaction: what was read before the start is another's."""
        began_at = self.transaction.clock_start_at - SLACK
        earlier = [reading for reading in readings if reading.at < began_at]
        return [reading for reading in readings if reading.at >= began_at], earlier

    def read(self, readings: Iterable[Reading], now: datetime) -> None:  # noqa: ARG002 - a session's price goes on
        """Fold in readings heard just now."""
        for reading in readings:
            self.meter = self.meter.read(reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Until when the limit is not reached, by the clock of the meter, and what that presumed.

    `reached` says that it is then. So much energy as `power_w` gives since `from_at` was presumed;
    `by_time` that the tariff charges less for less, whenever and however fast it flowed.
    """

    at: datetime
    reached: bool
    power_w: int
    from_at: datetime
    from_wh: int
    by_time: bool

    def bounds(self, meter: Meter, power_w: int) -> bool:
        """Return whether no more has flowed, and none can flow faster, than was presumed."""
        if not self.by_time or power_w > self.power_w:
            return False
        flowed_wh = self._flowed_wh(meter.at)
        open_wh = power_w * (meter.at - meter.cut_at).total_seconds() / 3600
        return max(meter.energy_wh, meter.cut_wh + open_wh) <= self.from_wh + flowed_wh

    def _flowed_wh(self, at: datetime) -> float:
        return self.power_w * (at - self.from_at).total_seconds() / 3600


@dataclass(slots=True, kw_only=True)
class Running(Metering):
    """A running transaction of a session: what the periods that its meter closed have cost.

    `limit_at` is when its stop must be asked for, on our clock, which is `late` after the moment of
    the last reading. Until the next reading the power may rise to what it was already, or, before
    anything was read, to what the connector can give; `lead` is what a stop takes to arrive. Where
    the limit lies beyond `horizon`, it is looked for again then.

    What is read usually puts the limit off, which is found out only when it would be reached:
    `eased` says that the limit may be later than was projected, never that it may be earlier.
    """

    session: Session
    pricer: Pricer
    tally: Tally
    rated_w: int = 0
    lead: timedelta = timedelta()
    peak_w: int = 0
    late: timedelta = timedelta()
    horizon: timedelta = HORIZON
    projection: "Projection | None" = None
    eased: bool = False
    recounted_at: datetime | None = None
    heard: int = 0

    @classmethod
    def begin(
        cls, transaction: Transaction, session: Session, rated_w: int, lead: timedelta = timedelta()
    ) -> "Running":
        """Return a transaction that has just started, with nothing read."""
        start_at, priced = transaction.start_at, pricer(session.tariff, session.time_zone)
        meter = Meter.begin(start_at, transaction.meter_start_wh, rated_w)
        return cls(
            transaction=transaction,
            session=session,
            pricer=priced,
            meter=meter,
            tally=priced.start(start_at),
            rated_w=rated_w,
            lead=lead,
        )

    def fold(self, readings: Iterable[Reading]) -> None:
        """Fold readings in."""
        for reading in readings:
            self.heard += 1
            self.meter = self.meter.read(reading)
            self.tally = self._with(self.meter.closed)
            self.peak_w = max(self.peak_w, min(self.meter.power_w, self._most_w))

    def read(self, readings: Iterable[Reading], now: datetime) -> None:
        """Fold in readings heard just now; the limit is projected anew where it may be earlier.

        Their moments are told by a clock that may be a little wrong; when they were heard is not.
        """
        activity = self.meter.activity
        self.fold(readings)
        late = now - self.meter.at
        self.late = late if abs(late) <= SLACK else timedelta()
        presumed = self.projection
        if (
            presumed
            and activity is self.meter.activity
            and presumed.bounds(self.meter, self._may_w)
        ):
            self.eased = True
        else:
            self._project(HORIZON)

    def project(self, late: timedelta = timedelta()) -> None:
        """Find the limit anew; `late` is how much later on our clock the last reading was."""
        self.late = late
        self._project(HORIZON)

    def recounted(self, again: "Running") -> None:
        """Take what was folded from all readings in their order."""
        self.meter, self.tally = again.meter, again.tally
        self._project(HORIZON)

    def reaches_limit(self, now: datetime) -> bool:
        """Return whether its stop is to be asked for; what is silent is looked at ever further."""
        while self.next_at is not None and self.next_at <= now:
            if self.eased:
                self._project(HORIZON)
            elif self.limit_at is None:
                self._project(2 * self.horizon)
            else:
                return True
        return False

    @property
    def limit_at(self) -> datetime | None:
        """When its limit is reached; None for never, or not within the horizon."""
        if self.eased:
            self._project(HORIZON)
        return self.next_at if self.projection and self.projection.reached else None

    @property
    def next_at(self) -> datetime | None:
        """When its limit is reached, or to be looked for, at the earliest."""
        return self.projection.at + self.late - self.lead if self.projection else None

    @property
    def _may_w(self) -> int:
        """What may flow from now on."""
        return self.peak_w or self.rated_w

    @property
    def _most_w(self) -> int:
        """What is believed of the connector, whatever power it reports."""
        return round((self.rated_w or MOST_W) * POWER_SLACK)

    def follow(self, session: Session) -> None:
        """Take the session as it became; what is secured may be more or less by now."""
        moved = session.secured_minor != self.session.secured_minor
        self.session = session
        if moved:
            self._project(HORIZON)

    def _project(self, horizon: timedelta) -> None:
        """Since the last register that is trusted energy may have flowed as fast as it can."""
        limit_minor, meter, power_w = self.session.secured_minor, self.meter, self._may_w
        self.eased = False
        if limit_minor is None:
            self.projection = None
            return
        left = time_until(
            self.pricer,
            self._with(at_most(period, power_w) for period in meter.open),
            meter.at,
            limit_minor,
            power_w,
            parking=meter.activity.parking,
            horizon=horizon,
        )
        self.horizon = horizon
        self.projection = Projection(
            at=meter.at + (horizon if left is None else left),
            reached=left is not None,
            power_w=power_w,
            from_at=meter.cut_at,
            from_wh=meter.cut_wh,
            by_time=self.pricer.by_time,
        )

    def _with(self, periods: Iterable[Period]) -> Tally:
        return reduce(self.pricer.add, periods, self.tally)

    def live(self, now: datetime) -> Live:
        """Return what the driver sees now."""
        meter = self.meter.until(now)
        cost_minor = self.pricer.gross_minor(self._with(meter.open))
        return Live(
            session_id=self.session.id,
            state=self.session.state.value,
            energy_wh=meter.energy_wh,
            power_w=meter.power_w,
            soc_percent=meter.soc_percent,
            cost_minor=min(cost_minor, self.session.secured_minor or cost_minor),
            currency=self.session.currency,
            elapsed_s=int((meter.at - meter.start_at).total_seconds()),
            paused=meter.activity.parking,
            activity=meter.activity,
            at=now,
        )

    def figures(self, now: datetime) -> Figures:
        """Return what a display needs, too: the register, and the prices of now."""
        meter = self.meter.until(now)
        rules = self._with(meter.open).rules
        prices = {rule.use: rule.component.gross for rule in rules}
        return Figures(self.live(now), meter.register_wh, prices)


def running_from(tx: Tx, transaction: Transaction, session: Session) -> Running:
    """Return a transaction's meter folded from everything stored."""
    outlet = tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    rated_w = outlet.power_w if outlet else 0
    running = Running.begin(transaction, session, rated_w)
    readings = tx.transactions.readings(transaction.charge_point_id, transaction.id)
    running.fold(sorted(readings, key=lambda reading: reading.order))
    return running
