"""Virtual time: the demo's, one epoch and one speed for every process of it; and the tests' own."""

import asyncio
import heapq
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Virtual time: ``epoch_s + (real time - epoch_s) * speed``."""

    epoch_s: float = 0.0
    speed: float = 1.0

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("CLOCK_SPEED must be above 0")

    @classmethod
    def from_environment(cls) -> "Clock":
        """Return the clock that CLOCK_EPOCH (Unix seconds) and CLOCK_SPEED describe.

        Raises:
            ValueError: if one of them is no number, or the speed is not above 0.
        """
        epoch_s = float(os.environ.get("CLOCK_EPOCH") or time.time())
        return cls(epoch_s, float(os.environ.get("CLOCK_SPEED") or 1))

    def timestamp(self) -> float:
        """Return virtual Unix time in seconds."""
        return self.epoch_s + (time.time() - self.epoch_s) * self.speed

    def now(self) -> datetime:
        """Return virtual time as an aware UTC datetime."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    async def sleep(self, duration_s: float) -> None:
        """Sleep for ``duration_s`` virtual seconds."""
        await asyncio.sleep(duration_s / self.speed)


@dataclass(eq=False, slots=True)
class ManualClock:
    """Time that passes only when it is told to; it starts at the present second."""

    time_s: float = field(default_factory=lambda: float(int(time.time())))
    _sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)

    def timestamp(self) -> float:
        """Return Unix time in seconds."""
        return self.time_s

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time_s, UTC)

    def advance(self, duration_s: float) -> None:
        """Let time pass and wake whoever slept until then.

        Raises:
            ValueError: if time were to run backwards.
        """
        if duration_s < 0:
            raise ValueError("time does not run backwards")
        self.time_s += duration_s
        while self._sleepers and self._sleepers[0][0] <= self.time_s:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)

    async def sleep(self, duration_s: float) -> None:
        """Sleep until ``duration_s`` seconds have been let pass."""
        if duration_s <= 0:
            await asyncio.sleep(0)
            return
        sleeper = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time_s + duration_s, next(self._count), sleeper))
        await sleeper


_shared: Clock | None = None


def shared() -> Clock:
    """Return this process's clock, read from the environment at first use."""
    global _shared  # noqa: PLW0603 - one process, one clock
    _shared = _shared or Clock.from_environment()
    return _shared


def now() -> datetime:
    """Return the shared clock's time as an aware UTC datetime."""
    return shared().now()


async def sleep(duration_s: float) -> None:
    """Sleep for ``duration_s`` seconds of the shared clock."""
    await shared().sleep(duration_s)
