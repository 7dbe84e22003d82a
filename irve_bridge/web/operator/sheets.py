"""CSV files (RFC 4180), for programs or for a person's spreadsheet.

A text that begins as a formula does would be one in a spreadsheet, whoever wrote it: it gets an
apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from irve_bridge.i18n import Language

Cell = str | int | Decimal | datetime | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """How a file is written: for programs, unless it is told otherwise.

    Where the decimal sign is a comma, spreadsheets look for a semicolon between two cells. Without
    a `time_zone` moments are written in UTC with their offset (RFC 3339).
    """

    begin: str = ""
    decimal: str = "."
    time_zone: str | None = None

    @classmethod
    def for_spreadsheets(cls, language: Language, time_zone: str) -> "Sheet":
        """Return how the spreadsheet of a language's readers wants it."""
        decimal = language.decimal_sign
        return cls(begin=_BOM, decimal=decimal, time_zone=time_zone)

    def head(self, names: Sequence[str]) -> bytes:
        """Return how the file begins."""
        return self.begin.encode() + self.lines([names])

    def lines(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Return rows as lines."""
        written = io.StringIO()
        delimiter = ";" if self.decimal == "," else ","
        rows_of = csv.writer(written, delimiter=delimiter, lineterminator="\r\n")
        rows_of.writerows([self._cell(cell) for cell in row] for row in rows)
        return written.getvalue().encode()

    def _cell(self, cell: Cell) -> str:
        match cell:
            case None:
                return ""
            case str():
                return f"'{cell}" if cell.startswith(_FORMULA) else cell
            case Decimal():
                return f"{cell:f}".replace(".", self.decimal)
            case datetime():
                return self._moment(cell)
        return str(cell)

    def _moment(self, at: datetime) -> str:
        if self.time_zone is None:
            return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"{at.astimezone(ZoneInfo(self.time_zone)):%Y-%m-%d %H:%M:%S}"
