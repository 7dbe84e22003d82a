"""A car's battery: how much power it takes, and for how long.

Energy is counted in whole watt-milliseconds and power is held for a second at a time, so that
nothing is lost to rounding and nothing depends on how often one looks.
"""

from dataclasses import dataclass, field

W_MS_PER_WH = 3_600_000
STEP_MS = 1_000
RAMP_MS = 10_000
TAPER_FROM_PERCENT = 80
TAPER_FLOOR_PERCENT = 10


@dataclass(slots=True)
class Car:
    """A car as it arrives; ``draw`` charges it."""

    capacity_wh: int = 52_000
    arrival_soc_percent: int = 30
    max_power_w: int = 22_000
    charge_w_ms: int = field(init=False)
    _drawing_ms: int = field(init=False, default=0)
    _held_w: int = field(init=False, default=0)
    _held_ms: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.charge_w_ms = self.capacity_wh * W_MS_PER_WH * self.arrival_soc_percent // 100

    @property
    def capacity_w_ms(self) -> int:
        """Return the capacity in watt-milliseconds."""
        return self.capacity_wh * W_MS_PER_WH

    @property
    def soc_percent(self) -> float:
        """Return the state of charge, 0 to 100."""
        return 100 * self.charge_w_ms / self.capacity_w_ms

    @property
    def is_full(self) -> bool:
        """Return whether the battery takes nothing more."""
        return self.charge_w_ms >= self.capacity_w_ms

    def power_w(self, offered_w: int) -> int:
        """Return the power taken now: a ramp at first, a taper above 80 %, nothing when full."""
        if self.is_full:
            return 0
        return self._held_w if self._held_ms else self._wanted_w(offered_w)

    def hold_ms(self, offered_w: int) -> int:
        """Return for how long the car, which is not full, keeps its present power."""
        if not self._held_ms:
            self._held_w = self._wanted_w(offered_w)
            self._held_ms = min(STEP_MS, -(-self._missing_w_ms // self._held_w))
        return self._held_ms

    def draw(self, offered_w: int, duration_ms: int) -> int:
        """Charge for at most ``hold_ms``; return the watt-milliseconds taken."""
        self.hold_ms(offered_w)
        taken_w_ms = min(self._held_w * duration_ms, self._missing_w_ms)
        self.charge_w_ms += taken_w_ms
        self._drawing_ms += duration_ms
        self._held_ms -= duration_ms
        return taken_w_ms

    def rest(self) -> None:
        """Stop drawing: the next charge ramps up again."""
        self._drawing_ms = self._held_ms = 0

    @property
    def _missing_w_ms(self) -> int:
        return self.capacity_w_ms - self.charge_w_ms

    def _wanted_w(self, offered_w: int) -> int:
        limit_w = min(offered_w, self.max_power_w)
        ramped_w = limit_w * min(self._drawing_ms + STEP_MS, RAMP_MS) // RAMP_MS
        return max(1, min(ramped_w, int(limit_w * self._taper_percent() / 100)))

    def _taper_percent(self) -> float:
        span_percent = 100 - TAPER_FROM_PERCENT
        left_percent = 100 * (100 - self.soc_percent) / span_percent
        return min(100, max(TAPER_FLOOR_PERCENT, left_percent))
