"""Amounts of days as bars that a browser draws from the page itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

STEP, HEIGHT = 10, 200
_WIDTH = 8
"""Of a bar within its step: the rest is air."""


class Bar(NamedTuple):
    """One rectangle, from the line of zero up or down, and what it says."""

    x: int
    y: int
    height: int
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars within `width` and `HEIGHT`; `zero_y` is where nothing is.

    `top` and `bottom` are the highest and the lowest amount that fits, in minor units.
    """

    width: int
    bar_width: int
    zero_y: int
    bars: Sequence[Bar]
    top: int
    bottom: int


def bars(amounts: Sequence[tuple[int, str]]) -> Bars:
    """Return bars of amounts, each with what it says; one that is 0 has no height."""
    top = max(0, *(amount for amount, _ in amounts))
    bottom = min(0, *(amount for amount, _ in amounts))
    span = (top - bottom) or 1
    zero_y = HEIGHT * top // span if top > bottom else HEIGHT
    drawn = []
    for place, (amount, told) in enumerate(amounts):
        # What is not nothing is seen.
        height = max(1, HEIGHT * abs(amount) // span) if amount else 0
        y = max(0, zero_y - height) if amount > 0 else min(zero_y, HEIGHT - height)
        drawn.append(Bar(place * STEP + (STEP - _WIDTH) // 2, y, height, told))
    return Bars(
        width=len(amounts) * STEP,
        bar_width=_WIDTH,
        zero_y=zero_y,
        bars=drawn,
        top=top,
        bottom=bottom,
    )
