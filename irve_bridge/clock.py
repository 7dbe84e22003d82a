"""The clock the world runs on."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class SharedClock:
    """Wall time, or in a demo wall time that runs `speed` times as fast since `epoch_s`.

    The bridge and the simulators share an epoch and a speed, so that they agree on the time.
    """

    epoch_s: float = 0.0
    speed: float = 1.0

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        real_s = time.time()
        if self.speed == 1.0:
            return datetime.fromtimestamp(real_s, UTC)
        return datetime.fromtimestamp(self.epoch_s + (real_s - self.epoch_s) * self.speed, UTC)

    async def sleep(self, delay: timedelta) -> None:
        """Return when that much of this clock's time has passed."""
        await asyncio.sleep(delay.total_seconds() / self.speed)
