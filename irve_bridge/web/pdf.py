"""A sheet → a PDF of one page, with its letters inside it."""

from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from irve_bridge.web.fonts import font_file
from irve_bridge.web.papers import Row, Sheet

FONT = "DejaVu"
_MARGIN_MM, _LINE_MM, _GAP_MM = 20, 6, 4
_RIGHT_MM, _RIGHT_MOST_MM = 60, 110


def pdf(sheet: Sheet, language: str, issued_at: datetime) -> bytes:
    """Return the document; equal sheets make equal documents."""
    paper = _page()
    paper.set_title(sheet.title)
    paper.set_author(sheet.issuer[0])
    paper.set_lang(language)
    paper.set_creation_date(issued_at)
    _lines(paper, sheet.issuer)
    paper.ln(_GAP_MM)
    paper.set_font(style="B", size=16)
    paper.cell(0, 10, sheet.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for section in sheet.sections:
        paper.ln(_GAP_MM)
        if section.title:
            paper.set_font(style="B", size=10)
            paper.cell(0, _LINE_MM, section.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        for row in section.rows:
            _row(paper, row)
    paper.ln(_GAP_MM)
    _row(paper, sheet.total, style="B", border="T")
    paper.ln(_GAP_MM)
    paper.set_font(size=8)
    for note in sheet.notes:
        paper.multi_cell(0, 4, note, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(paper.output())


def blank(size: str | tuple[float, float] = "A4") -> FPDF:
    """Return a document of no page yet with our letters; pages of a name or millimetres."""
    paper = FPDF(format=size)
    for style, bold in (("", False), ("B", True)):
        with font_file(bold=bold) as path:
            paper.add_font(FONT, style=style, fname=path)
    return paper


def _page() -> FPDF:
    paper = blank()
    paper.set_margin(_MARGIN_MM)
    paper.add_page()
    paper.set_font(FONT, size=9)
    return paper


def _lines(paper: FPDF, lines: tuple[str, ...]) -> None:
    for number, line in enumerate(lines):
        paper.set_font(style="" if number else "B", size=9 if number else 11)
        paper.multi_cell(0, 5, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _row(paper: FPDF, row: Row, *, style: str = "", border: str = "") -> None:
    """The label and how it came about on the left, the figure on the right."""
    paper.set_font(style=style, size=9)
    left = f"{row.label} ({row.note})" if row.note else row.label
    value_mm = min(max(_RIGHT_MM, paper.get_string_width(row.value) + 2), _RIGHT_MOST_MM)
    label_mm = paper.epw - value_mm
    top = paper.get_y()
    paper.multi_cell(label_mm, _LINE_MM, left, border=border, new_x=XPos.RIGHT, new_y=YPos.TOP)
    paper.set_xy(paper.l_margin + label_mm, top)
    paper.multi_cell(
        value_mm,
        _LINE_MM,
        row.value,
        border=border,
        align="R",
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )
