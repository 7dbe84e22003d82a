"""The running meters: in memory, changed only after commit, rebuilt from storage.

MeterValues are the hot path: they are stored in batches and folded into one small object; only
crossing a limit becomes a fact about the session. Each reading also says when the limit would be
crossed at this power, so that a charge point that falls silent is stopped too.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work, topic
from irve_bridge.service.ports import ALONE, Bus, Clock, Storage, TakenReading, Tx
from irve_bridge.service.presume import goes_on
from irve_bridge.service.running import Figures, Live, Metering, Running, running_from
from irve_bridge.service.transactions import NO_IDS

Key = tuple[str, str]
READING = b"reading"
"""What is published of a session of which nothing but its figures changed."""
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
        node_id: str = ALONE,
    ) -> None:
        self._lead = lead
        self._node_id = node_id
        self._storage = storage
        self._bus = bus
        self._clock = clock
        self._limit_moved = limit_moved
        self._running: dict[Key, Running] = {}
        self._of_session: dict[str, Key] = {}
        self._plain: dict[Key, Metering] = {}
        self._at_connector: dict[tuple[str, int], Key] = {}
        self._taken: list[Callable[[Session], None]] = []

    def after_rebuild(self, listener: Callable[[Session], None]) -> None:
        """Call this with the session of each meter that was read back, be it another node's."""
        self._taken.append(listener)

    async def rebuild(
        self,
        charge_point_ids: Collection[str] | None = None,
        *,
        but: Collection[Key] = frozenset(),
    ) -> None:
        """Read running transactions back from storage: all, or those of some charge points."""
        of = None if charge_point_ids is None else frozenset(charge_point_ids)
        for metering in await self._storage.read(lambda tx: _running(tx, of)):
            if (metering.transaction.charge_point_id, metering.transaction.id) in but:
                continue
            if isinstance(metering, Running):
                metering.lead = self._lead
                metering.project()
                self._keep(metering)
                for listener in self._taken:
                    listener(metering.session)
            else:
                self._keep_plain(metering)

    async def agree(self) -> None:
        """Have the meters that this node's charge points need, and no others, as it is stored.

        Whatever this node was not told, or could not do when it was, ends with that.
        """
        known = {*self._running, *self._plain}
        needed = await self._storage.read(lambda tx: tx.transactions.running_of(self._node_id))
        for key in known - needed:
            self._drop(key)
        if missing := needed - known:
            await self.rebuild({charge_point_id for charge_point_id, _ in missing}, but=known)

    def leave(self, charge_point_ids: Collection[str]) -> None:
        """Forget the meters of charge points that another node has by now, or had meanwhile."""
        of = frozenset(charge_point_ids)
        for key in [key for key in (*self._running, *self._plain) if key[0] in of]:
            self._drop(key)

    def clear(self) -> None:
        """Forget all meters: other nodes may have them by now."""
        for kept in (self._running, self._of_session, self._plain, self._at_connector):
            kept.clear()

    async def refresh(self, session_id: str) -> None:
        """Take a session whose meter runs here as it is stored, or leave it to its node."""
        key = self._of_session.get(session_id)
        if key is None:
            return
        session, holder = await self._storage.read(lambda tx: _stored(tx, session_id, key[0]))
        if holder not in {None, self._node_id}:
            self.leave([key[0]])
        elif session is not None:
            self._follow(session)

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
                self._drop(_key(transaction))
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
        await self._bus.publish(topic(running.session.id), READING)

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
                if known.running:  # it was told to another node while this one took over
                    await self.rebuild([charge_point_id])
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
        key = self._placed(running.transaction)
        self._running[key] = running
        self._of_session[running.session.id] = key
        self._limit_moved()

    def _keep_plain(self, metering: Metering) -> None:
        self._plain[self._placed(metering.transaction)] = metering

    def _placed(self, transaction: Transaction) -> Key:
        """Return its key; of several at a connector the one that began last is there."""
        key = _key(transaction)
        place = (transaction.charge_point_id, transaction.connector_number)
        there = self._metering(self._at_connector.get(place, key))
        if there is None or there.transaction.start_at <= transaction.start_at:
            self._at_connector[place] = key
        return key

    def _drop(self, key: Key) -> None:
        metering = self._running.pop(key, None) or self._plain.pop(key, None)
        if metering is None:
            return
        if isinstance(metering, Running) and self._of_session.get(metering.session.id) == key:
            del self._of_session[metering.session.id]
        place = (key[0], metering.transaction.connector_number)
        if self._at_connector.get(place) == key:
            del self._at_connector[place]


def _acknowledge(tx: Tx, transaction: Transaction) -> None:
    stored = tx.transactions.get(transaction.charge_point_id, transaction.id)
    if stored is not None and stored.running:
        tx.transactions.save(replace(stored, acknowledged=True))


def _stored(tx: Tx, session_id: str, charge_point_id: str) -> tuple[Session | None, str | None]:
    return tx.sessions.get(session_id), tx.nodes.holder(charge_point_id)


def _running(tx: Tx, of: frozenset[str] | None) -> list[Metering]:
    only = next(iter(of)) if of and len(of) == 1 else None
    return [
        _rebuilt(tx, transaction)
        for transaction in tx.transactions.running(only)
        if of is None or transaction.charge_point_id in of
    ]


def _rebuilt(tx: Tx, transaction: Transaction) -> Metering:
    session = tx.sessions.get(transaction.session_id) if transaction.session_id else None
    if session is not None:
        return running_from(tx, transaction, session)
    place = (transaction.charge_point_id, transaction.connector_number)
    outlet = tx.stations.connector(*place)
    return Metering.of(transaction, outlet.power_w if outlet else 0)


def _key(transaction: Transaction) -> Key:
    return transaction.charge_point_id, transaction.id
