"""This process among others on the same database: who lives, and who has which charge point.

A node that was not seen for a while is taken for dead: another one takes its charge points, their
running meters and what it was performing. A node that cannot tell the database that it lives lets
its charge points go before that, so that they connect to one that can.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from irve_bridge.service.meters import Meters
from irve_bridge.service.news import NEWS, News, decode, encode
from irve_bridge.service.ports import NODE_ID_LENGTH, Bus, Storage, Tx
from irve_bridge.telemetry.metrics import CLOCK_AHEAD_SECONDS

BEATS = 5
"""How often a node tells that it lives before it is taken for dead."""
LATE = 3
"""After so many beats' time for one, this process was too busy to hear an answer."""
LISTEN_S = 60.0

log = structlog.get_logger()


def new_node_id() -> str:
    """Return an id that no other process has or had."""
    return secrets.token_hex(NODE_ID_LENGTH // 2)


class Node:
    """Joins the others, takes over from the dead, and hears what others did to its sessions.

    `hears` says that they reach one another by the bus; several that do not are told of.
    """

    def __init__(
        self,
        node_id: str,
        storage: Storage,
        bus: Bus,
        meters: Meters,
        lease: timedelta,
        *,
        hears: bool,
    ) -> None:
        self._id = node_id
        self._storage = storage
        self._bus = bus
        self._meters = meters
        self._lease = lease
        self._hears = hears
        self._lost: list[Callable[[str | None], None]] = []
        self._cut_off = False
        self._behind = asyncio.Event()
        self._living: frozenset[str] = frozenset()

    def after_loss(self, listener: Callable[[str | None], None]) -> None:
        """Call this with a charge point that is another node's by now, None for all."""
        self._lost.append(listener)

    async def join(self, *, alone: bool) -> None:
        """Begin; `alone` where no other process can be on this database."""
        await self._enter(alone=alone)
        await self._meters.agree()

    async def _enter(self, *, alone: bool) -> None:
        silent_for = timedelta() if alone else self._lease

        def unit(tx: Tx) -> frozenset[str]:
            tx.nodes.leave(self._id)  # what it had before it was cut off it inherits, too
            tx.nodes.bury(silent_for)
            _inherit(tx, self._id)
            tx.nodes.join(self._id)
            return tx.nodes.living()

        self._living = await self._storage.transact_now(unit)
        self._cut_off = False

    async def eldest(self) -> bool:
        """Return whether what one node does for all is this one's to do."""
        return await self._storage.read(lambda tx: tx.nodes.eldest()) == self._id

    def is_open(self) -> bool:
        """Return whether charge points may come: not to who cannot write down that it lives."""
        return not self._cut_off

    async def leave(self) -> None:
        """Hand over to whoever is left."""
        await self._storage.transact(lambda tx: tx.nodes.leave(self._id))

    async def run(self) -> None:
        """Tell that this node lives, and bury those that do not, until cancelled."""
        every_s = self._lease.total_seconds() / BEATS
        unseen_s = 0.0
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(every_s)
            try:
                if not self._cut_off:
                    async with asyncio.timeout(every_s):
                        await self._beat()
                if self._cut_off:
                    await self._come_back()  # however long: what it inherits may be much
                unseen_s = 0.0
            except Exception as error:  # noqa: BLE001 - whatever it is, others take over
                log.warning("node_unseen", error=repr(error))
                self._behind.set()  # what it inherited meanwhile, nobody told it
                took_s = time.monotonic() - began_s
                if took_s < every_s * LATE:  # else it says nothing of the database
                    unseen_s += took_s
                if unseen_s > every_s * (BEATS - 2):
                    self._fence()

    async def _beat(self) -> None:
        living = await self._storage.transact_now(self._seen)
        if self._id not in living:
            self._fence()
            return
        if living - self._living and not self._hears:
            log.error("nodes_without_nats", nodes=len(living))
        if self._living - living:
            self._behind.set()
        self._living = living

    async def _come_back(self) -> None:
        """Join anew; who connected meanwhile counts as disconnected, and must connect anew."""
        await self._enter(alone=False)
        self._behind.set()
        self._tell_loss(None)

    async def keep_meters(self) -> None:
        """Take what nobody has any more, and have the meters that are to be here, until cancelled.

        Now and again, since a takeover may fail and news may be lost; and however long it takes,
        meanwhile this node goes on to tell that it lives.
        """
        while True:
            self._behind.clear()
            if not self._cut_off:
                await self._take_over()
                await self._meters.agree()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._lease.total_seconds()):
                    await self._behind.wait()

    async def _take_over(self) -> None:
        inherited = await self._storage.transact(lambda tx: _inherit(tx, self._id))
        if inherited:
            log.warning("took_over", charge_points=len(inherited))
            self._meters.leave(inherited)  # what is here of them is of when they were here before

    def _seen(self, tx: Tx) -> frozenset[str]:
        """Return who lives; none where this node was taken for dead."""
        if not tx.nodes.seen(self._id):
            return frozenset()
        CLOCK_AHEAD_SECONDS.set(time.time() - tx.nodes.now().timestamp())
        gone = tx.nodes.bury(self._lease)
        self._living |= gone  # it may have come and gone between two looks
        return tx.nodes.living()

    def _fence(self) -> None:
        """Let go of what others have by now, or soon take."""
        if self._cut_off:
            return
        log.error("cut_off")
        self._cut_off = True
        self._tell_loss(None)
        self._meters.clear()

    def _tell_loss(self, charge_point_id: str | None) -> None:
        for listener in self._lost:
            listener(charge_point_id)

    async def came_over(self, charge_point_id: str) -> None:
        """Take the meters of a charge point that connected here and was another node's."""
        try:
            await self._meters.rebuild([charge_point_id])
        except Exception:
            self._behind.set()  # it counts as this node's by now, though it hangs up
            raise
        news = News(self._id, charge_point_id=charge_point_id)
        await self._bus.publish(NEWS, encode(news))

    async def listen(self) -> None:
        """Hear what others did to sessions and charge points of this node, until cancelled."""
        async with self._bus.subscribe(NEWS) as told:
            while True:
                message = await told.next(LISTEN_S)
                news = decode(message) if message else None
                if news is not None and news.node_id != self._id:
                    await self._hear(news)

    async def _hear(self, news: News) -> None:
        self._living |= {news.node_id}  # it may join and leave between two looks
        if news.session_id is not None:
            await self._meters.refresh(news.session_id)
        if (gone := news.charge_point_id) is not None and await self._is_gone(gone):
            self._tell_loss(gone)
            self._meters.leave([gone])
            self._behind.set()  # it may have come back since

    async def _is_gone(self, charge_point_id: str) -> bool:
        """News overtake each other: who has a charge point is what is stored."""
        holder = await self._storage.read(lambda tx: tx.nodes.holder(charge_point_id))
        return holder != self._id


def _inherit(tx: Tx, node_id: str) -> list[str]:
    tx.intents.void_leases()
    return tx.nodes.inherit(node_id)
