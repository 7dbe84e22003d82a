from datetime import UTC, datetime, timedelta
from typing import NoReturn


class ManualClock:
    """One time for the bridge and the simulated Stripe; it passes only when a story says so."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC, in whole seconds."""
        return self._now

    def timestamp(self) -> float:
        """Return the present moment in Unix seconds."""
        return self._now.timestamp()

    def advance(self, duration_s: int) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=duration_s)

    async def sleep(self, delay: timedelta) -> NoReturn:
        """Nothing of a story waits: it is told to go on."""
        raise AssertionError(f"somebody sleeps for {delay}")
