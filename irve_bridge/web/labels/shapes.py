"""What a drawing is made of: lengths in millimetres, from the upper left corner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Modules: TypeAlias = tuple[tuple[bool, ...], ...]
"""Rows of a QR code without its quiet zone; True is dark."""

WIDTH, HEIGHT = 105.0, 148.0
"""A6, upright (ISO 216)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    color: str
    radius: float = 0


@dataclass(frozen=True, slots=True)
class Words:
    """One line; `y` is where its letters stand, `size` the font's."""

    x: float
    y: float
    text: str
    size: float
    color: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code, black, `size` wide without its quiet zone."""

    x: float
    y: float
    size: float
    modules: Modules


Shape: TypeAlias = Box | Words | Code


@dataclass(frozen=True, slots=True)
class Drawing:
    """A label; `title` says what it is, `text` all of its words to who cannot see it."""

    title: str
    language: str
    shapes: tuple[Shape, ...]

    @property
    def text(self) -> str:
        """Return its words, a line each."""
        return "\n".join(shape.text for shape in self.shapes if isinstance(shape, Words))


def runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules in a row begin, and how many there are."""
    start = None
    for place, dark in enumerate((*row, False)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None
