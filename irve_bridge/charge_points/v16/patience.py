import time


class Patience:
    """How many useless messages a charge point may send: a burst, refilled over time."""

    def __init__(self, burst: int, per_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._left = float(burst)
        self._at_s = time.monotonic()

    def ends(self) -> bool:
        """Count one useless message and return whether there were too many."""
        now_s = time.monotonic()
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s) - 1
        self._at_s = now_s
        return self._left < 0
