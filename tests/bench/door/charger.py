"""One charge point of the load generator: it says one thing at a time and checks each answer."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, cycle
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from tests.bench.door import frames
from tests.bench.door.configuration import told
from tests.bench.door.frames import Frame, Kind

POWER_W, REGISTER_WH = 11_040, 1_000_000
NUMBERS = count(1)
ASKED = b"[2,"


class Meter:
    """The moment and the register that everybody tells: one meter is as good as a thousand."""

    def __init__(self) -> None:
        self._began_s = time.time()
        self._ms = 0
        self.now = self.energy = self.register = self.risen = b""
        self.tick()

    def tick(self) -> None:
        """Take the time anew; texts are made once in a millisecond."""
        now_s = time.time()
        if (now_ms := int(now_s * 1000)) == self._ms:
            return
        self._ms = now_ms
        moment = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds")
        self.now = moment.replace("+00:00", "Z").encode()
        energy_wh = REGISTER_WH + (now_s - self._began_s) * POWER_W / 3600
        self.energy = b"%.4f" % energy_wh
        self.register = b"%d" % energy_wh
        self.risen = b"%d" % (energy_wh + 1)  # a charge of no energy is not charged for


def tag_of(charge_point_id: str) -> str:
    """Return the id tag of the customer who charges there."""
    return f"RFID{charge_point_id[-8:]}"


class Tally:
    """What all chargers lived through."""

    def __init__(self) -> None:
        self.answered = self.wrong = self.lost = 0
        self.latencies_s: list[float] | None = None
        self.first_wrong = ""

    def misheard(self, said: bytes) -> None:
        """Note an answer that is none."""
        self.wrong += 1
        self.first_wrong = self.first_wrong or said[:200].decode(errors="replace")


class Charger(WSListener):  # type: ignore[misc]  # the library's class is not typed
    """Says what it is told to, in the order it is told; what is due while it waits, waits."""

    def __init__(self, id_: str, meter: Meter, tally: Tally) -> None:
        self.id = id_
        self.transport: WSTransport | None = None
        self.guest_tag = b""
        self.stopped_at_s = 0.0
        self._meter, self._tally = meter, tally
        self._tag = tag_of(id_).encode()
        self._transactions = {1: b"0", 2: b"0"}
        self._cycle: Iterator[Frame] = cycle(frames.cycle(self._tag))
        self._due: deque[tuple[Frame | None, float]] = deque()
        self._said: Frame | None = None
        self._since_s = 0.0
        self._expected = b""
        self._busy = False
        self._quiet: asyncio.Future[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is to be said and no answer is awaited."""
        return self._said is None and not self._due

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the connection."""
        self.transport = transport

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """Note the loss."""
        self._tally.lost += 1
        self._fail("it was hung up on")

    async def begin(self) -> None:
        """Boot and tell the statuses."""
        available = (frames.status(number, "Available") for number in (0, 1, 2))
        await self._converse(frames.BOOT, *available)

    async def start(self) -> None:
        """Begin the transaction that goes on: a guest's where one has paid."""
        begun = frames.start(1), frames.status(1, "Charging")
        await self._converse(frames.status(1, "Preparing"), *begun)

    async def _converse(self, *told: Frame) -> None:
        self._quiet = asyncio.get_running_loop().create_future()
        self.say(*told)
        await self._quiet

    def stop(self) -> None:
        """End it."""
        self.stopped_at_s = time.monotonic()
        self.say(frames.stop(1))

    def say(self, *told: Frame | None) -> None:
        """Say these one after the other, None for the next of the mix."""
        now_s = time.perf_counter()
        self._due.extend((frame, now_s) for frame in told)
        if self._said is None:
            self._go_on()

    def keep_on(self, *, busy: bool) -> None:
        """Say the next of the mix whenever nothing is awaited, or no longer."""
        self._busy = busy
        if busy:
            self.say(None)

    def _go_on(self) -> None:
        if self._due:
            frame, self._since_s = self._due.popleft()
            self._send(frame or next(self._cycle))
        elif self._busy:
            self._send(next(self._cycle))
        elif self._quiet is not None and not self._quiet.done():
            self._quiet.set_result(None)

    def _send(self, frame: Frame) -> None:
        number = b"%d" % next(NUMBERS)
        self._said, self._expected = frame, b'[3,"%b",{' % number
        text = frame.template % (number, *self._filled(frame))
        self.transport.send(WSMsgType.TEXT, text)

    def _filled(self, frame: Frame) -> tuple[bytes, ...]:
        meter, connector = self._meter, frame.connector
        meter.tick()
        match frame.kind:
            case Kind.READINGS:
                place = b"%d" % connector
                return place, self._transactions[connector], meter.now, meter.energy
            case Kind.STATUS:
                return (meter.now,)
            case Kind.START:
                return self._tag_at(connector), meter.register, meter.now
            case Kind.STOP:
                charge = self._transactions[connector], meter.risen, meter.now
                return *charge, self._tag_at(connector)
            case _:
                return ()

    def _tag_at(self, connector: int) -> bytes:
        return self.guest_tag if connector == 1 and self.guest_tag else self._tag

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        """Check an answer and go on, or answer a call."""
        if frame.msg_type is not WSMsgType.TEXT:
            return
        said = frame.get_payload_as_bytes()
        if self._said is not None and said.startswith(self._expected):
            self._answered(self._said, said)
        elif said.startswith(ASKED):
            self._asked(json.loads(said))
        else:
            self._tally.misheard(said)
            self._fail(f"it heard {said[:200]!r}")

    def _fail(self, why: str) -> None:
        """End the conversation that somebody waits for: the answer it needs will not come."""
        if self._quiet is not None and not self._quiet.done():
            self._quiet.set_exception(RuntimeError(f"{self.id}: {why}"))

    def _answered(self, asked: Frame, said: bytes) -> None:
        tally, self._said = self._tally, None
        tally.answered += 1
        if tally.latencies_s is not None:
            tally.latencies_s.append(time.perf_counter() - self._since_s)
        if asked.kind is Kind.START:
            self._transactions[asked.connector] = b"%d" % json.loads(said)[2]["transactionId"]
        self._go_on()

    def _asked(self, call: list[Any]) -> None:
        _, id_, action, payload = call
        answer = {"status": "Accepted"}
        if action == "GetConfiguration":
            answer = told(payload.get("key", []))
        self.transport.send(WSMsgType.TEXT, json.dumps([3, id_, answer]).encode())
        if action == "RemoteStartTransaction" and payload.get("connectorId", 1) == 1:
            self.guest_tag = payload["idTag"].encode()
