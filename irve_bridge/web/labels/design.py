"""Where everything stands on a label.

The code is five centimetres wide, for phones at arm's length, and keeps its quiet zone of four
modules (ISO/IEC 18004). Nothing is printed within five millimetres of the edge, where printers
cannot, and where scissors slip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

import segno

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.tariff import Tariff
from irve_bridge.i18n import N_, Language
from irve_bridge.web.labels.letters import balanced, face, fitting
from irve_bridge.web.labels.prices import INK, QUIET, block
from irve_bridge.web.labels.shapes import HEIGHT, WIDTH, Box, Code, Drawing, Modules, Shape, Words

CALL = N_("Scan to pay without an account")
_BRAND, _BRAND_PALE, _PALE, _WHITE = "#047857", "#d1fae5", "#f1f5f9", "#ffffff"
_EDGE, _INNER, _RADIUS = 5.0, 4.0, 3.0
_FULL = WIDTH - 2 * _EDGE
_HEAD = Box(_EDGE, _EDGE, _FULL, 19.5, _BRAND, _RADIUS)
_FOOT = Box(_EDGE, HEIGHT - _EDGE - 10, _FULL, 10, _PALE, _RADIUS)
_PRICES = Box(_EDGE, 112.7, _FULL, _FOOT.y - 113.2, _WHITE)
_NAME_SIZES, _NAME_LINES = (3.3, 2.9, 2.5, 2.1), 2
_CODE, _CODE_MIDDLE = 50.0, 56.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a label tells; without a tariff it has no prices, whose day is `day`."""

    charge_point: ChargePoint
    connector: Connector
    tariff: Tariff | None
    url: str
    day: date


def draw(label: Label, languages: tuple[Language, ...]) -> Drawing:
    """Return the drawing; the first language stands out, the second one follows it."""
    prices = block(label.tariff, label.day, languages, _PRICES)
    parts = (_call(languages), _code(label.url, languages), _place(label, languages))
    return Drawing(
        title=f"{label.charge_point.name} · {label.connector.evse_id}",
        language=languages[0].code,
        shapes=tuple(chain(*parts, prices, _operator(label.charge_point, languages))),
    )


def _call(languages: tuple[Language, ...]) -> Iterator[Shape]:
    """What to do with it, in no more than three lines."""
    yield _HEAD
    width = _FULL - 2 * _INNER
    first, *others = [language.text(CALL) for language in languages]
    lines = [(line, 5.4, True) for line in balanced(first, 5.4, width, bold=True)]
    lines += [(line, 3.4, False) for line in others]
    heights = [size * 1.18 for _, size, _ in lines]
    y = _HEAD.y + (_HEAD.height - sum(heights)) / 2
    for (line, size, bold), height in zip(lines, heights, strict=True):
        y += height
        fits, color = fitting(line, width, size, bold=bold), _WHITE if bold else _BRAND_PALE
        yield _centred(line, y - height * 0.24, fits, color, bold=bold)


def _code(url: str, languages: tuple[Language, ...]) -> Iterator[Shape]:
    """The code and the address that it leads to: a sticker over it leads somewhere else."""
    yield Code((WIDTH - _CODE) / 2, _CODE_MIDDLE - _CODE / 2, _CODE, _modules(url))
    look = N_("Check this address on your phone")
    words = " · ".join(language.text(look) for language in languages)
    yield _centred(words, 88.6, fitting(words, _FULL, 2.3), QUIET)
    address = url.removeprefix("https://")
    yield _centred(address, 92.4, fitting(address, _FULL, 3.3, bold=True), INK, bold=True)


def _modules(url: str) -> Modules:
    """Error correction Q, or H where it takes no more room: a quarter may be scratched."""
    code = segno.make(url, error="q", micro=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def _place(label: Label, languages: tuple[Language, ...]) -> Iterator[Shape]:
    evse_id, name = label.connector.evse_id, label.charge_point.name
    yield _centred(evse_id, 101.6, fitting(evse_id, _FULL, 7.6, bold=True), INK, bold=True)
    yield _centred(name, 106.3, fitting(name, _FULL, 3.9, bold=True), INK, bold=True)
    number = {"number": label.connector.number}
    told = [language.text(N_("Connector %(number)s")) % number for language in languages]
    power = languages[0].kw(label.connector.power_w)
    words = " · ".join((*dict.fromkeys(told), power))
    yield _centred(words, 110.4, fitting(words, _FULL, 3.1), QUIET)


def _operator(point: ChargePoint, languages: tuple[Language, ...]) -> Iterator[Shape]:
    """Who sells the charge, and whom to call: on the left and on the right."""
    yield _FOOT
    left, right = _FOOT.x + _INNER, _FOOT.x + _FOOT.width - _INNER
    width, middle = right - left, _FOOT.y + _FOOT.height / 2
    if phone := point.operator_phone:
        width *= 0.48
        asked = " · ".join(language.text(N_("Need help?")) for language in languages)
        size = fitting(asked, width, 2.3)
        yield Words(right - face().width(asked, size), middle - 1.3, asked, size, QUIET)
        size = fitting(phone, width, 4, bold=True)
        x = right - face(bold=True).width(phone, size)
        yield Words(x, middle + 3.2, phone, size, INK, bold=True)
    size, lines = _fitting_lines(point.operator_name, width)
    y = middle + size * (0.36 - 0.6 * (len(lines) - 1))
    for line in lines:
        yield Words(left, y, line, fitting(line, width, size, bold=True), INK, bold=True)
        y += size * 1.2


def _fitting_lines(name: str, width: float) -> tuple[float, list[str]]:
    size, *smaller = _NAME_SIZES
    lines = balanced(name, size, width, bold=True)
    while len(lines) > _NAME_LINES and smaller:
        size, *smaller = smaller
        lines = balanced(name, size, width, bold=True)
    return size, lines


def _centred(text: str, y: float, size: float, color: str, *, bold: bool = False) -> Words:
    x = (WIDTH - face(bold=bold).width(text, size)) / 2
    return Words(x, y, text, size, color, bold)
