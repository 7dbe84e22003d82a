from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The time the world runs on; a demo may run it fast."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""

    async def sleep(self, delay: timedelta) -> None:
        """Return when that much of this clock's time has passed."""
