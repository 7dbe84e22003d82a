"""How the power went while a car charged: a few points, however long it took."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from irve_bridge.domain.metering import POWER_SLACK

POINTS_MOST = 60
"""An even number: two by two they become half as many."""


class Sample(NamedTuple):
    """What a stretch of readings told: its last moment, its mean power, its highest register."""

    at: datetime
    power_w: int | None
    register_wh: int | None


class Point(NamedTuple):
    """The power at a moment, in W."""

    at: datetime
    power_w: int


Curve = tuple[Point, ...]
"""Points by time, `POINTS_MOST` at most."""


def curve_of(samples: Sequence[Sample], rated_w: int) -> Curve:
    """Return the curve through samples by time, of a connector of this power; 0 W for unknown.

    Where no power was told, the register's growth since the sample before stands for it.
    """
    before = (None, *samples)
    powers = [_power_w(sample, last) for sample, last in zip(samples, before, strict=False)]
    most_w = round(rated_w * POWER_SLACK) or max((p for p in powers if p), default=0)
    return tuple(
        Point(sample.at, min(max(power_w, 0), most_w))
        for sample, power_w in zip(samples, powers, strict=True)
        if power_w is not None
    )


def gone_on(curve: Curve, point: Point) -> Curve:
    """Return the curve with one more point; where it has enough, two become one."""
    if curve and point.at <= curve[-1].at:
        return curve
    if len(curve) >= POINTS_MOST:
        curve = tuple(map(_mean, curve[::2], curve[1::2]))
    return (*curve, point)


def _power_w(sample: Sample, before: Sample | None) -> int | None:
    if sample.power_w is not None:
        return sample.power_w
    if before is None or sample.register_wh is None or before.register_wh is None:
        return None
    hours = (sample.at - before.at).total_seconds() / 3600
    return round((sample.register_wh - before.register_wh) / hours) if hours > 0 else None


def _mean(first: Point, second: Point) -> Point:
    return Point(second.at, (first.power_w + second.power_w) // 2)
