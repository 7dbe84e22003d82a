from datetime import datetime, timedelta

from simulators.clock import ManualClock

BEGINS_S = 1_795_435_200.0
"""Each story begins at the same moment, so that it can be told again."""


class BridgeClock:
    """The clock of a story as the bridge reads it."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self._clock.now()

    async def sleep(self, delay: timedelta) -> None:
        """Return when the story let that much time pass."""
        await self._clock.sleep(delay.total_seconds())
