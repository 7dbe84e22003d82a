"""Labels → PDF: one on a page of A6, or four on a page of A4, with marks where to cut."""

from collections.abc import Sequence
from datetime import datetime

from fpdf import FPDF

from irve_bridge.web.labels.shapes import HEIGHT, WIDTH, Box, Code, Drawing, Words, runs
from irve_bridge.web.pdf import FONT, blank

A4_WIDTH, A4_HEIGHT = 210.0, 297.0
PER_A4 = 4
_POINTS = 72 / 25.4
_MARK = 4.0


def a6(drawing: Drawing, at: datetime) -> bytes:
    """Return a page with one label; equal labels make equal documents."""
    paper = _paper((WIDTH, HEIGHT), drawing, at)
    paper.add_page()
    _draw(paper, drawing, 0, 0)
    return bytes(paper.output())


def a4(drawings: Sequence[Drawing], at: datetime) -> bytes:
    """Return pages with four labels each; at least one label."""
    paper = _paper((A4_WIDTH, A4_HEIGHT), drawings[0], at)
    top = A4_HEIGHT / 2 - HEIGHT
    for place, drawing in enumerate(drawings):
        row, column = divmod(place % PER_A4, 2)
        if (row, column) == (0, 0):
            paper.add_page()
            _marks(paper)
        _draw(paper, drawing, column * WIDTH, top + row * HEIGHT)
    return bytes(paper.output())


def _paper(size: tuple[float, float], first: Drawing, at: datetime) -> FPDF:
    paper = blank(size)
    paper.set_title(first.title)
    paper.set_lang(first.language)
    paper.set_creation_date(at)
    return paper


def _marks(paper: FPDF) -> None:
    """Where the paper is cut, at its edges and where four labels meet."""
    paper.set_draw_color(150)
    paper.set_line_width(0.15)
    middle_x, middle_y = A4_WIDTH / 2, A4_HEIGHT / 2
    for y in (0.0, middle_y - _MARK / 2, A4_HEIGHT - _MARK):
        paper.line(middle_x, y, middle_x, y + _MARK)
    for x in (0.0, middle_x - _MARK / 2, A4_WIDTH - _MARK):
        paper.line(x, middle_y, x + _MARK, middle_y)


def _draw(paper: FPDF, drawing: Drawing, left: float, top: float) -> None:
    for shape in drawing.shapes:
        match shape:
            case Box():
                paper.set_fill_color(shape.color)
                paper.rect(
                    left + shape.x,
                    top + shape.y,
                    shape.width,
                    shape.height,
                    style="F",
                    round_corners=shape.radius > 0,
                    corner_radius=shape.radius,
                )
            case Words():
                paper.set_font(FONT, "B" if shape.bold else "", shape.size * _POINTS)
                paper.set_text_color(shape.color)
                paper.text(left + shape.x, top + shape.y, shape.text)
            case Code():
                _code(paper, shape, left + shape.x, top + shape.y)


def _code(paper: FPDF, code: Code, left: float, top: float) -> None:
    """Fill rows, then columns: no viewer shows a seam where dark modules meet."""
    paper.set_fill_color(0)
    module = code.size / len(code.modules)
    for y, row in enumerate(code.modules):
        for x, count in runs(row):
            paper.rect(left + x * module, top + y * module, count * module, module, style="F")
    for x, column in enumerate(zip(*code.modules, strict=True)):
        for y, count in runs(column):
            if count > 1:
                paper.rect(left + x * module, top + y * module, module, count * module, style="F")
