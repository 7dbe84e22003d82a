"""The running meters: in memory, changed only after commit, rebuilt from storage.

MeterValues are the hot path: they are stored in batches and folded into one small object; only
crossing a limit becomes a fact about the session. Each reading also says when the limit would be
crossed at this power, so that a charge point that falls silent is stopped too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work, topic
from irve_bridge.service.ports import Bus, Clock, Storage, TakenReading, Tx
from irve_bridge.service.presume import goes_on
from irve_bridge.service.prices import pricer
from irve_bridge.service.transactions import NO_IDS


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
            at=now,
        )

    def figures(self, now: datetime) -> Figures:
        """Return what a display needs, too: the register, and the prices of now."""
        meter = self.meter.until(now)
        rules = self._with(meter.open).rules
        prices = {rule.use: rule.component.gross for rule in rules}
        return Figures(self.live(now), meter.register_wh, prices)


Key = tuple[str, str]
RECOUNT_EVERY = timedelta(seconds=5)
"""A queue of thousands that comes late is not counted thousands of times."""
JITTER = timedelta(seconds=1)
"""What a message takes longer than another moves no limit, of which a stop leads by more."""


class Meters:
    """The meters of all running transactions, those of no session among them."""

    def __init__(
        self,
        storage: Storage,
        bus: Bus,
        clock: Clock,
        limit_moved: Callable[[], None],
        lead: timedelta = timedelta(),
    ) -> None:
        self._lead = lead
        self._storage = storage
        self._bus = bus
        self._clock = clock
        self._limit_moved = limit_moved
        self._running: dict[Key, Running] = {}
        self._plain: dict[Key, Metering] = {}
        self._at_connector: dict[tuple[str, int], Key] = {}

    async def rebuild(self) -> None:
        """Read every running transaction back from storage, as after a restart."""
        for metering in await self._storage.read(_running):
            if isinstance(metering, Running):
                metering.lead = self._lead
                metering.project()
                self._keep(metering)
            else:
                self._keep_plain(metering)

    def heard(self, work: Work) -> None:
        """Follow committed work: transactions that began or ended, and what they reported."""
        for transaction, session, rated_w in work.began:
            begun = Running.begin(transaction, session, rated_w, self._lead)
            begun.read((), self._clock.now())
            self._keep(begun)
        for transaction, rated_w in work.plain:
            if transaction.running:
                self._keep_plain(Metering.of(transaction, rated_w))
            else:
                self._drop((transaction.charge_point_id, transaction.id))
        for session in work.changed:
            self._follow(session)
        for taken in work.readings:
            running = self._running.get((taken.charge_point_id, taken.transaction_id))
            if running is not None:
                self._read(running, [taken.reading], self._clock.now())

    def named(self, charge_point_id: str, transaction_id: str, now: datetime) -> None:
        """Note that meter values name a running transaction, whatever they say."""
        if metering := self._metering((charge_point_id, transaction_id)):
            metering.named_at = now

    def named_since(self, transaction: Transaction, since: datetime) -> bool:
        """Return whether meter values have named a running transaction since a moment."""
        metering = self._metering((transaction.charge_point_id, transaction.id))
        named_at = metering.named_at if metering else None
        return named_at is not None and named_at > since

    async def take(
        self,
        charge_point_id: str,
        connector_number: int,
        transaction_id: str | None,
        readings: Sequence[Reading],
        now: datetime,
    ) -> bool:
        """Store one MeterValues' readings, then move the meter they belong to.

        Readings that name no transaction of ours belong to the one running at the connector. Return
        whether they are news of one that goes on after its end was presumed.
        """
        key = await self.key(charge_point_id, connector_number, transaction_id)
        metering = self._metering(key)
        if metering is None:
            await self._storage.add_readings([TakenReading(*key, reading) for reading in readings])
            return await self._storage.read(lambda tx: goes_on(tx, *key, readings))
        if key[1] != transaction_id:
            readings, earlier = metering.its_own(readings)
            named = (charge_point_id, transaction_id or "")
            await self._storage.add_readings([TakenReading(*named, each) for each in earlier])
        readings = metering.dated(readings, now)
        await self._storage.add_readings([TakenReading(*key, reading) for reading in readings])
        self._read(metering, readings, now)
        if isinstance(metering, Running):
            await self._follow_readings(metering, now)
        return False

    async def _follow_readings(self, running: Running, now: datetime) -> None:
        """Follow a session's meter: its readings' order, and who watches."""
        if running.meter.recount:
            await self._recount(running, now)
        await self._bus.publish(topic(running.session.id), b"")

    def _read(self, metering: Metering, readings: Sequence[Reading], now: datetime) -> None:
        """Move a meter; tell where its limit has come nearer than who waits for it knows."""
        if not isinstance(metering, Running):
            metering.read(readings, now)
            return
        before = metering.next_at
        metering.read(readings, now)
        after = metering.next_at
        if after is not None and (before is None or after < before - JITTER):
            self._limit_moved()

    async def _recount(self, running: Running, now: datetime) -> None:
        """Fold all readings anew, in their order; seldom, however many come late."""
        if running.recounted_at is not None and now < running.recounted_at + RECOUNT_EVERY:
            return
        running.recounted_at, heard = now, running.heard
        again = await self._storage.read(
            lambda tx: running_from(tx, running.transaction, running.session)
        )
        if running.heard == heard:
            running.recounted(again)

    async def key(
        self, charge_point_id: str, connector_number: int, transaction_id: str | None
    ) -> Key:
        """Return the charge point and the transaction that meter values belong to."""
        named = (charge_point_id, transaction_id or "")
        if metering := self._metering(named):
            if not metering.transaction.acknowledged:
                await self._acknowledge(metering)
            return named
        if transaction_id not in {None, *NO_IDS}:
            known = await self._storage.read(lambda tx: tx.transactions.get(*named))
            if known is not None:
                return named
        return self._at_connector.get((charge_point_id, connector_number), named)

    async def _acknowledge(self, metering: Metering) -> None:
        """Write down, once, that the charge point knows this transaction's id."""
        metering.transaction = replace(metering.transaction, acknowledged=True)
        await self._storage.transact(lambda tx: _acknowledge(tx, metering.transaction))

    def _metering(self, key: Key) -> Metering | None:
        return self._running.get(key) or self._plain.get(key)

    def live(self, session: Session, now: datetime) -> Live | None:
        """Return a running session's live figures; None when its meter does not run here."""
        running = self._running.get((session.charge_point_id, session.transaction_id or ""))
        return running.live(now) if running else None

    def figures(self, session: Session, now: datetime) -> Figures | None:
        """Return what a running session comes to; None when its meter does not run here."""
        running = self._running.get((session.charge_point_id, session.transaction_id or ""))
        return running.figures(now) if running else None

    def crossed(self, now: datetime) -> list[str]:
        """Return the sessions whose limit is reached and whose stop nobody has asked yet."""
        return [
            r.session.id
            for r in self._running.values()
            if r.session.state is State.CHARGING and r.reaches_limit(now)
        ]

    def next_limit(self) -> datetime | None:
        """Return when the next limit would be reached, or must be looked for."""
        charging = (r for r in self._running.values() if r.session.state is State.CHARGING)
        return min((r.next_at for r in charging if r.next_at is not None), default=None)

    def _follow(self, session: Session) -> None:
        if session.transaction_id is None or session.started_at is None:
            return
        key = (session.charge_point_id, session.transaction_id)
        running = self._running.get(key)
        if session.state not in (State.CHARGING, State.STOPPING):
            if running is not None:
                self._drop(key)
        elif running is not None:
            running.follow(session)
            self._limit_moved()

    def _keep(self, running: Running) -> None:
        self._running[self._placed(running.transaction)] = running
        self._limit_moved()

    def _keep_plain(self, metering: Metering) -> None:
        self._plain[self._placed(metering.transaction)] = metering

    def _placed(self, transaction: Transaction) -> Key:
        """Return its key; of several at a connector the one that began last is there."""
        key = (transaction.charge_point_id, transaction.id)
        place = (transaction.charge_point_id, transaction.connector_number)
        there = self._metering(self._at_connector.get(place, key))
        if there is None or there.transaction.start_at <= transaction.start_at:
            self._at_connector[place] = key
        return key

    def _drop(self, key: Key) -> None:
        metering = self._running.pop(key, None) or self._plain.pop(key, None)
        if metering is None:
            return
        place = (key[0], metering.transaction.connector_number)
        if self._at_connector.get(place) == key:
            del self._at_connector[place]


def running_from(tx: Tx, transaction: Transaction, session: Session) -> Running:
    """Return a transaction's meter folded from everything stored."""
    outlet = tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    rated_w = outlet.power_w if outlet else 0
    running = Running.begin(transaction, session, rated_w)
    readings = tx.transactions.readings(transaction.charge_point_id, transaction.id)
    running.fold(sorted(readings, key=lambda reading: reading.order))
    return running


def _acknowledge(tx: Tx, transaction: Transaction) -> None:
    stored = tx.transactions.get(transaction.charge_point_id, transaction.id)
    if stored is not None and stored.running:
        tx.transactions.save(replace(stored, acknowledged=True))


def _running(tx: Tx) -> list[Metering]:
    found: list[Metering] = []
    for transaction in tx.transactions.running():
        session = tx.sessions.get(transaction.session_id) if transaction.session_id else None
        if session is not None:
            found.append(running_from(tx, transaction, session))
        else:
            place = (transaction.charge_point_id, transaction.connector_number)
            outlet = tx.stations.connector(*place)
            found.append(Metering.of(transaction, outlet.power_w if outlet else 0))
    return found
