"""The bus of many nodes, over NATS.

What is on this node is reached without NATS, by an in-process bus inside: NATS joins the nodes.

Of each charge point one node must answer. Its commands go to a queue group, so that NATS gives
each of them to one member: none is performed twice, whoever serves the charge point. Who serves it
anew joins the group, and then *takes* it: it asks the other members, one after the other, to give
way, each with its stamp, until none is left or one is later. A member with an earlier stamp leaves
the group, closes its socket and says so; one with a later stamp says that, and who asked gives way
itself. Everybody joins before it takes, so of two that come at the same time one hears the other,
and stamps are never equal: the later one remains. NATS gives back no message to its own sender
(`no_echo`), so a lone member hears that there is none.

A command that comes in the moment of the handover is performed by one of them: by the old one as
long as it has not given way, over its own socket, which answers or is closed, and the command is
then unanswered; or it finds the old one gone, and then was not sent. Who dies without leaving stays
a member until its NATS server misses its pings: meanwhile commands may be unanswered.

Stamps are wall clock, pushed beyond every stamp seen: where clocks differ, a charge point that
moves to the slower node within the difference is refused there once, and not when it comes again.
In a cluster two that come within the time that interest takes to spread may both remain, until the
older socket is found dead.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from nats.aio.msg import Msg

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.bus.link import (
    OFFLINE,
    REFUSED,
    UNANSWERED,
    Away,
    Broken,
    Deserted,
    Hearing,
    Link,
    Silent,
    TooLarge,
)
from irve_bridge.bus.subjects import commands_to, updates_of
from irve_bridge.service.ports import Answer, Offline, Subscription, Taken, Unanswered, ignore

HOLDERS = "holders"
"""The queue group: one member gets each message."""
PEER_TIMEOUT_S = 2.0
"""How long another node, or NATS, is waited for before it counts as hung."""
TAKEN_AT_ONCE = 100

TIMEOUT_S, STAMP = "Timeout-S", "Stamp"
"""Headers: of a command, and of a taking and its refusal."""

Stamp = tuple[int, str]
"""When a charge point's socket came, in microseconds, and at which node: a total order."""

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Serving:
    stamp: Stamp
    hearing: Hearing


@dataclass(eq=False, slots=True)
class _Topic:
    hearing: Hearing
    listeners: int = 0


@asynccontextmanager
async def open_nats_bus(servers: str) -> AsyncIterator["NatsBus"]:
    """Give the bus once one of the servers is there; `nats://` or `tls://`, comma-separated."""
    bus = NatsBus(servers)
    async with bus.joined():
        yield bus


class NatsBus:
    """Implements `ports.Bus` for nodes that share NATS."""

    def __init__(self, servers: str) -> None:
        self._here = InProcessBus()
        self._link = Link(servers, self._take_all)
        self._node = secrets.token_hex(8)
        self._latest_us = 0
        self._serving: dict[str, _Serving] = {}
        self._topics: dict[str, _Topic] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Be one of the nodes while the context is open; waits for NATS."""
        async with self._link.kept():
            try:
                yield
            finally:
                if self._tasks:
                    await asyncio.wait(self._tasks, timeout=PEER_TIMEOUT_S)

    @asynccontextmanager
    async def serve(
        self, charge_point_id: str, answer: Answer, taken: Taken = ignore
    ) -> AsyncIterator[None]:
        """Answer this charge point's commands while the context is open; the newest one wins."""
        async with self._here.serve(charge_point_id, answer, taken):
            serving = self._begin(charge_point_id)
            try:
                await self._link.hear(serving.hearing)
                await self._take(charge_point_id, serving)
                yield
            finally:
                if self._serving.get(charge_point_id) is serving:
                    del self._serving[charge_point_id]
                    self._spawn(self._link.stop(serving.hearing, PEER_TIMEOUT_S))

    async def request(self, charge_point_id: str, command: bytes, timeout_s: float) -> bytes:
        """Return the answer to a command.

        Raises:
            Offline: Nobody serves this charge point; or not on this node, and NATS is away.
            Unanswered: No answer in time, or whoever served it failed or left.
        """
        if charge_point_id in self._serving:
            return await self._here.request(charge_point_id, command, timeout_s)
        headers = {TIMEOUT_S: str(timeout_s)}
        try:
            reply = await self._link.ask(commands_to(charge_point_id), command, headers, timeout_s)
        except (Away, Deserted) as error:
            raise Offline(charge_point_id) from error
        except Broken as error:
            raise Unanswered(charge_point_id) from error
        match (reply.headers or {}).get(REFUSED):
            case None:
                return reply.data
            case refused if refused == OFFLINE:
                raise Offline(charge_point_id)
        raise Unanswered(charge_point_id)

    async def publish(self, topic: str, message: bytes) -> None:
        """Tell everybody who listens now; other nodes hear nothing while NATS is away."""
        await self._here.publish(topic, message)
        self._link.tell(updates_of(topic), message)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Subscription]:
        """Listen from now on, to all nodes once NATS has taken it; until then to this one.

        A slow listener loses the oldest messages, never blocks.
        """
        async with self._here.subscribe(topic) as listener:
            known = self._topics.get(topic) or self._about(topic)
            known.listeners += 1
            try:
                await self._link.hear(known.hearing)
                await self._link.settle(PEER_TIMEOUT_S)
                yield listener
            finally:
                self._listen_no_more(topic)

    def _begin(self, charge_point_id: str) -> _Serving:
        """Be the newest one, at least on this node."""
        old = self._serving.get(charge_point_id)
        hearing = old.hearing if old else self._hearing(charge_point_id)
        serving = self._serving[charge_point_id] = _Serving(self._new_stamp(), hearing)
        return serving

    def _hearing(self, charge_point_id: str) -> Hearing:
        heard = partial(self._commanded, charge_point_id)
        return Hearing(commands_to(charge_point_id), HOLDERS, heard)

    def _new_stamp(self) -> Stamp:
        self._latest_us = max(time.time_ns() // 1000, self._latest_us + 1)
        return self._latest_us, self._node

    async def _take_all(self) -> None:
        """Take again what is served here: meanwhile another node may have been told nothing."""
        served = list(self._serving.items())
        for first in range(0, len(served), TAKEN_AT_ONCE):
            some = served[first : first + TAKEN_AT_ONCE]
            await asyncio.gather(*(self._take(id_, serving) for id_, serving in some))

    async def _take(self, charge_point_id: str, serving: _Serving) -> None:
        """Have every other node give way, or give way to a later one."""
        subject, headers = serving.hearing.subject, {STAMP: _written(serving.stamp)}
        while self._serving.get(charge_point_id) is serving:
            try:
                reply = await self._link.ask(subject, b"", headers, PEER_TIMEOUT_S)
            except Silent:
                log.warning("node_hangs", charge_point_id=charge_point_id)
                return
            except (Away, Deserted, Broken):  # all gave way, or it is done again afterwards
                return
            if later := (reply.headers or {}).get(STAMP):
                self._latest_us = max(self._latest_us, _read(later)[0])
                await self._give_way(charge_point_id, serving)

    async def _give_way(self, charge_point_id: str, serving: _Serving) -> None:
        """Leave the charge point to another node; who served it here closes its socket."""
        if self._serving.get(charge_point_id) is not serving:
            return
        del self._serving[charge_point_id]
        log.info("taken_by_another_node", charge_point_id=charge_point_id)
        self._here.take_away(charge_point_id)
        await self._link.stop(serving.hearing, PEER_TIMEOUT_S)

    async def _commanded(self, charge_point_id: str, asked: Msg) -> None:
        """Take a message to the group; none waits for the one before."""
        headers = asked.headers or {}
        if STAMP in headers:
            self._spawn(self._asked_to_give_way(charge_point_id, asked, _read(headers[STAMP])))
        else:
            timeout_s = float(headers.get(TIMEOUT_S, PEER_TIMEOUT_S))
            self._spawn(self._perform(charge_point_id, asked, timeout_s))

    async def _asked_to_give_way(self, charge_point_id: str, asked: Msg, stamp: Stamp) -> None:
        self._latest_us = max(self._latest_us, stamp[0])
        serving = self._serving.get(charge_point_id)
        if serving is not None and serving.stamp > stamp:
            await self._link.answer(asked, b"", {STAMP: _written(serving.stamp)})
            return
        if serving is not None:
            await self._give_way(charge_point_id, serving)
        await self._link.answer(asked, b"", {})

    async def _perform(self, charge_point_id: str, asked: Msg, timeout_s: float) -> None:
        try:
            answer = await self._here.request(charge_point_id, asked.data, timeout_s)
            await self._link.answer(asked, answer, {})
        except Offline:
            await self._link.answer(asked, b"", {REFUSED: OFFLINE})
        except (Unanswered, TooLarge):
            await self._link.answer(asked, b"", {REFUSED: UNANSWERED})

    def _about(self, topic: str) -> _Topic:
        hearing = Hearing(updates_of(topic), "", partial(self._updated, topic))
        self._topics[topic] = _Topic(hearing)
        return self._topics[topic]

    def _listen_no_more(self, topic: str) -> None:
        known = self._topics[topic]
        known.listeners -= 1
        if not known.listeners:
            del self._topics[topic]
            self._spawn(self._link.stop(known.hearing, PEER_TIMEOUT_S))

    async def _updated(self, topic: str, update: Msg) -> None:
        await self._here.publish(topic, update.data)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _written(stamp: Stamp) -> str:
    return f"{stamp[0]} {stamp[1]}"


def _read(text: str) -> Stamp:
    moment_us, _, node = text.partition(" ")
    return int(moment_us), node
