"""The prices on a label: a column for each language, as large as they fit."""

from collections.abc import Iterator
from datetime import date

from irve_bridge.domain.tariff import Tariff
from irve_bridge.i18n import N_, Language
from irve_bridge.price_list import PriceLine, price_list
from irve_bridge.web.labels.letters import face, wrapped
from irve_bridge.web.labels.shapes import Box, Words

INK, QUIET, RULE = "#0f172a", "#475569", "#cbd5e1"
_SIZES = (3.2, 3.0, 2.8, 2.6, 2.4, 2.2, 2.0)
_LEADING, _BETWEEN, _BELOW, _SMALLER = 1.22, 0.18, 0.25, 0.8
_GAP = 6.0
_BEFORE_AMOUNT = 2.0


def block(
    tariff: Tariff | None, day: date, languages: tuple[Language, ...], frame: Box
) -> Iterator[Words | Box]:
    """Yield the columns within a frame; prices that are too many to be read are on the page."""
    width = (frame.width - _GAP * (len(languages) - 1)) / len(languages)
    columns = [list(_elsewhere(each, width)) for each in languages]
    if tariff is not None:
        for size in _SIZES:
            written = [list(_column(tariff, day, each, size, width)) for each in languages]
            if all(column[-1].y + size * _BELOW <= frame.height for column in written):
                columns = written
                break
    for place, column in enumerate(columns):
        left = frame.x + place * (width + _GAP)
        if place:
            yield Box(left - _GAP / 2 - 0.1, frame.y + 1, 0.2, frame.height - 2, RULE)
        for words in column:
            yield _moved(words, left, frame.y)


def _column(
    tariff: Tariff, day: date, language: Language, size: float, width: float
) -> Iterator[Words]:
    y = size
    for line in price_list(tariff, language):
        for words in _line(line, size, width, y):
            yield words
            y = max(y, words.y)
        y += size * (_LEADING + _BETWEEN)
    note = language.text(N_("Prices of %(day)s, VAT included.")) % {"day": language.day(day)}
    for part in wrapped(note, size * _SMALLER, width):
        yield Words(0, y, part, size * _SMALLER, QUIET)
        y += size * _SMALLER * _LEADING


def _line(line: PriceLine, size: float, width: float, y: float) -> Iterator[Words]:
    """Yield a price: what for on the left, and beside it, bold, how much."""
    amount = line.amount + line.unit
    amount_width = face(bold=True).width(amount, size)
    yield Words(width - amount_width, y, amount, size, INK, bold=True)
    left = f"{line.label} ({line.note})" if line.note else line.label
    for words in wrapped(left, size, width - amount_width - _BEFORE_AMOUNT):
        yield Words(0, y, words, size, INK)
        y += size * _LEADING


def _elsewhere(language: Language, width: float) -> Iterator[Words]:
    size = _SIZES[0]
    sentence = language.text(N_("The prices are on the page, before you pay."))
    for place, line in enumerate(wrapped(sentence, size, width)):
        yield Words(0, size + place * size * _LEADING, line, size, INK)


def _moved(words: Words, x: float, y: float) -> Words:
    return Words(x + words.x, y + words.y, words.text, words.size, words.color, words.bold)
