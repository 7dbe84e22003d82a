"""A power curve as an SVG path, with the words that stand beside it and for it."""

from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from irve_bridge.domain.curve import Curve
from irve_bridge.i18n import N_, Language

WIDTH, HEIGHT = 320, 100
HEADROOM = 1.1
"""The line of the highest power is seen whole below the upper edge."""
_STORY = N_("Power from %(begin)s to %(end)s: %(most)s at most, %(now)s now.")


class Drawing(TypedDict):
    """`line` is a path in a box of `WIDTH` by `HEIGHT`; `label` says the same in a sentence."""

    line: str
    label: str
    most: str
    begin: str
    end: str


def drawn(curve: Curve, language: Language, time_zone: str) -> Drawing | None:
    """Return the drawing of a curve; None for less than two points."""
    if len(curve) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    most_w = max(point.power_w for point in curve)
    drawing = Drawing(
        line=_path(curve, most_w),
        label="",
        most=language.kw(most_w),
        begin=_clock(curve[0].at, language, time_zone),
        end=_clock(curve[-1].at, language, time_zone),
    )
    now = language.kw(curve[-1].power_w)
    drawing["label"] = language.text(_STORY) % {**drawing, "now": now}
    return drawing


def _path(curve: Curve, most_w: int) -> str:
    first_at, length_s = curve[0].at, (curve[-1].at - curve[0].at).total_seconds()
    across, up = WIDTH / length_s, HEIGHT / (HEADROOM * (most_w or 1))
    steps = (
        f"{(point.at - first_at).total_seconds() * across:.1f} {HEIGHT - point.power_w * up:.1f}"
        for point in curve
    )
    return "M" + "L".join(steps)


def _clock(at: datetime, language: Language, time_zone: str) -> str:
    return language.clock(at.astimezone(ZoneInfo(time_zone)).timetz())
