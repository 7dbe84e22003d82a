"""How wide words are, and what their letters look like, in every format the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont

from irve_bridge.web.fonts import font_file

_NONE = ".notdef"
"""The glyph of letters that a font does not have."""


@dataclass(frozen=True, eq=False)
class Face:
    """One font; lengths are in its own units, `units` of them to its size."""

    font: TTFont
    units: int
    names: Mapping[int, str]
    advances: Mapping[str, int]

    def width(self, text: str, size: float) -> float:
        """Return how wide a text is, in what its size is in."""
        return sum(map(self.advance, text)) * size / self.units

    def advance(self, letter: str) -> int:
        """Return how far it is to the next letter, in units."""
        return self.advances[self.glyph(letter)]

    def glyph(self, letter: str) -> str:
        """Return what the font calls a letter."""
        return self.names.get(ord(letter), _NONE)


@cache
def face(*, bold: bool = False) -> Face:
    """Return one of the two fonts."""
    with font_file(bold=bold) as path:
        font = TTFont(path, lazy=False)
    advances = {name: advance for name, (advance, _) in font["hmtx"].metrics.items()}
    return Face(font, font["head"].unitsPerEm, font.getBestCmap(), advances)


@cache
def outline(letter: str, *, bold: bool = False) -> str:
    """Return a letter as the path of an SVG, upwards, in the font's units."""
    glyphs = face(bold=bold).font.getGlyphSet()
    pen = SVGPathPen(glyphs)
    glyphs[face(bold=bold).glyph(letter)].draw(pen)
    return str(pen.getCommands())


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> Iterator[str]:
    """Yield the lines of a text that may be so wide; a longer word keeps a line of its own."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and face(bold=bold).width(longer, size) > width:
            yield line
            longer = word
        line = longer
    yield line


def balanced(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Return the lines of a text that may be so wide, as few as can be and about equally long."""
    count = len(list(wrapped(text, size, width, bold=bold)))
    narrow = face(bold=bold).width(text, size) / count
    while len(lines := list(wrapped(text, size, min(narrow, width), bold=bold))) > count:
        narrow *= 1.02
    return lines


def fitting(text: str, width: float, most: float, *, bold: bool = False) -> float:
    """Return the size at which a text is no wider than that, and no larger than `most`."""
    needed = face(bold=bold).width(text, 1)
    return min(most, width / needed) if needed else most
