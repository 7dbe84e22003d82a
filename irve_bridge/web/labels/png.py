"""A label → PNG, for who prints pictures: each module of the code is a whole number of dots."""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from irve_bridge.web.fonts import font_file
from irve_bridge.web.labels.shapes import HEIGHT, WIDTH, Box, Code, Drawing, Words

DPI = 300
_DOTS = DPI / 25.4
"""To the millimetre."""
_FINER = 4
_LEAST = 1.0
"""Dots of a letter: a name that is far too long to be read keeps nobody from a label."""


def png(drawing: Drawing) -> bytes:
    """Return the picture."""
    picture = Image.new("RGB", (_dots(WIDTH), _dots(HEIGHT)), "white")
    canvas = ImageDraw.Draw(picture)
    for shape in drawing.shapes:
        match shape:
            case Box():
                _box(picture, shape)
            case Words():
                canvas.text(
                    (shape.x * _DOTS, shape.y * _DOTS),
                    shape.text,
                    shape.color,
                    _font(max(_LEAST, round(shape.size * _DOTS, 1)), bold=shape.bold),
                    anchor="ls",
                )
            case Code():
                _code(picture, shape)
    file = io.BytesIO()
    picture.save(file, "PNG", dpi=(DPI, DPI))
    return file.getvalue()


def _box(picture: Image.Image, box: Box) -> None:
    """Draw it larger and shrink it: Pillow's own corners are steps."""
    size = (_dots(box.width) or 1, _dots(box.height) or 1)
    mask = Image.new("L", (size[0] * _FINER, size[1] * _FINER))
    edge = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(edge, _dots(box.radius) * _FINER, 255)
    picture.paste(box.color, (_dots(box.x), _dots(box.y)), mask.reduce(_FINER))


def _code(picture: Image.Image, code: Code) -> None:
    count = len(code.modules)
    module = round(code.size * _DOTS / count)
    bits = Image.new("1", (count, count))
    bits.putdata([0 if dark else 1 for row in code.modules for dark in row])
    drawn = bits.resize((count * module, count * module))
    spare = _dots(code.size) - count * module
    picture.paste(drawn, (_dots(code.x) + spare // 2, _dots(code.y) + spare // 2))


@cache
def _font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    with font_file(bold=bold) as path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _dots(length_mm: float) -> int:
    return round(length_mm * _DOTS)
