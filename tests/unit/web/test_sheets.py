"""A CSV file says what it was given, to programs and to spreadsheets, and never is a formula."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.i18n import language
from irve_bridge.web.operator.sheets import Sheet

AT = datetime(2026, 7, 14, 22, 30, 15, tzinfo=UTC)
ROW = ("a,b;c", None, 7, Decimal("-12.50"), AT, 'say "no"\r\nor yes')


def read(lines: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(lines.decode(), newline=""), delimiter=delimiter))


def test_a_program_gets_points_commas_and_utc() -> None:
    sheet = Sheet()
    assert sheet.head(("one", "two")) == b"one,two\r\n"
    told = ["a,b;c", "", "7", "-12.50", "2026-07-14T22:30:15Z", 'say "no"\r\nor yes']
    assert read(sheet.lines([ROW])) == [told]


@pytest.mark.parametrize(
    ("code", "delimiter", "amount"), [("fr", ";", "-12,50"), ("en", ",", "-12.50")]
)
def test_a_spreadsheet_gets_what_its_language_writes(
    code: str, delimiter: str, amount: str
) -> None:
    sheet = Sheet.for_spreadsheets(language(code), "Europe/Paris")
    assert sheet.head(("one", "two")) == f"\ufeffone{delimiter}two\r\n".encode()
    ((*_, number, moment, _text),) = read(sheet.lines([ROW]), delimiter)
    assert (number, moment) == (amount, "2026-07-15 00:30:15")


@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), max_size=5))
def test_whatever_a_text_is_it_comes_back_and_is_no_formula(rows: list[list[str]]) -> None:
    for cells, kept in zip(rows, read(Sheet().lines(rows)), strict=True):
        for cell, found in zip(cells, kept, strict=True):
            assert found in (cell, f"'{cell}")
            assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
