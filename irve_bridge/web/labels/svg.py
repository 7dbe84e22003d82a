"""A label → SVG; letters are outlines, so that it looks the same at every printer's."""

import re
from html import escape

from irve_bridge.web.labels.letters import face, outline
from irve_bridge.web.labels.shapes import HEIGHT, WIDTH, Box, Code, Drawing, Words, runs

_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What has no place in XML (https://www.w3.org/TR/xml/#charsets)."""


def svg(drawing: Drawing) -> bytes:
    """Return the document, UTF-8."""
    letters: dict[tuple[bool, str], str] = {}
    body: list[str] = []
    for shape in drawing.shapes:
        match shape:
            case Box():
                body.append(
                    f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" '
                    f'height="{shape.height:g}" rx="{shape.radius:g}" fill="{shape.color}"/>'
                )
            case Code():
                body.append(_code(shape))
            case Words():
                body.append(_words(shape, letters))
    outlines = "".join(
        f'<path id="{name}" d="{outline(letter, bold=bold)}"/>'
        for (bold, letter), name in letters.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" xml:lang="{drawing.language}">'
        f"<title>{_escaped(drawing.title)}</title><desc>{_escaped(drawing.text)}</desc>"
        f"<defs>{outlines}</defs>"
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>'
        f"{''.join(body)}</svg>\n"
    ).encode()


def _escaped(text: str) -> str:
    return escape(_UNWRITABLE.sub("", text))


def _words(words: Words, letters: dict[tuple[bool, str], str]) -> str:
    """Return a line whose letters are drawn once each, wherever they stand."""
    font, x, used = face(bold=words.bold), 0, []
    for letter in words.text:
        if not letter.isspace():
            name = letters.setdefault((words.bold, letter), f"l{len(letters)}")
            used.append(f'<use href="#{name}" x="{x}"/>')
        x += font.advance(letter)
    scale = f"{words.size / font.units:.6f}"
    place = f"translate({words.x:.3f} {words.y:.3f}) scale({scale} -{scale})"
    return f'<g fill="{words.color}" transform="{place}">{"".join(used)}</g>'


def _code(code: Code) -> str:
    path = "".join(
        f"M{x} {y}h{count}v1h-{count}z"
        for y, row in enumerate(code.modules)
        for x, count in runs(row)
    )
    module = code.size / len(code.modules)
    place = f"translate({code.x:.3f} {code.y:.3f}) scale({module:.6f})"
    return f'<path transform="{place}" shape-rendering="crispEdges" d="{path}"/>'
