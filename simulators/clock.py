"""The demo's virtual clock: one epoch and one speed shared by every process of it."""

import asyncio
import os
import time
from dataclasses import dataclass
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
