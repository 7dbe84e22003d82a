"""Figures over time as a line that a browser draws from the page itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 1000, 240
POINTS_MOST = 240
"""So many are drawn and told: a long charge has thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A line within `WIDTH` and `HEIGHT`; its texts stand beside it, so that they keep their size.

    `line` and `area` are SVG's `points`. `told` are the same points in words, for a table.
    """

    title: str
    line: str
    area: str
    top: str
    middle: str
    bottom: str
    begin: str
    end: str
    told: Sequence[tuple[str, str]]


def chart(
    title: str,
    points: Sequence[tuple[datetime, int]],
    figure: Callable[[int], str],
    moment: Callable[[datetime], str],
) -> Chart | None:
    """Return a chart of figures from zero up, by moment; None of fewer than two."""
    drawn = thinned(points)
    if len(drawn) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    (first, _), (last, _) = drawn[0], drawn[-1]
    span_s = max((last - first).total_seconds(), 1.0)
    highest = max(*(value for _, value in drawn), 1)
    places = [
        (
            round((at - first).total_seconds() / span_s * WIDTH, 1),
            round(HEIGHT - max(value, 0) / highest * HEIGHT, 1),
        )
        for at, value in drawn
    ]
    line = " ".join(f"{x:g},{y:g}" for x, y in places)
    return Chart(
        title=title,
        line=line,
        area=f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}",
        top=figure(highest),
        middle=figure(highest // 2),
        bottom=figure(0),
        begin=moment(first),
        end=moment(last),
        told=[(moment(at), figure(value)) for at, value in drawn],
    )


def thinned(points: Sequence[tuple[datetime, int]]) -> Sequence[tuple[datetime, int]]:
    """Return at most `POINTS_MOST` of the points, evenly, the first and the last among them."""
    if len(points) <= POINTS_MOST:
        return points
    step = (len(points) - 1) / (POINTS_MOST - 1)
    return [points[round(index * step)] for index in range(POINTS_MOST)]
