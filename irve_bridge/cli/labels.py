"""The labels that are printed and stuck beside connectors."""

import argparse
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from irve_bridge.cli.common import PAGE, Actions, add, console, every, open_database, settings_of
from irve_bridge.cli.progress import aside, counted
from irve_bridge.clock import SharedClock
from irve_bridge.domain.errors import Refusal, UnknownThing
from irve_bridge.i18n import DEFAULT, REGIONS, SOURCE
from irve_bridge.service.codes import Codes
from irve_bridge.service.places import tariff_in_force

if TYPE_CHECKING:
    from irve_bridge.service.ports import Storage, Tx
    from irve_bridge.web.labels.design import Label

BATCH = 100
"""Charge points whose labels are in memory at once, and in one file of A4 pages."""
MANY = 500
"""Charge points from which on it is worth it to start processes."""
LANGUAGES_MOST = 2
FORMATS = ("pdf", "svg", "png", "a4")
Files: TypeAlias = list[tuple[Path, str]]
"""What was written, and what is in it."""
Task: TypeAlias = Callable[[], Files]


def add_to(commands: Actions) -> None:
    """Add this command."""
    qr = add(commands, "qr", draw_labels, "draw a label with QR code and prices for each connector")
    qr.add_argument("--out", type=Path, required=True, help="folder for the files")
    qr.add_argument(
        "--charge-point",
        "--station",
        action="append",
        default=[],
        metavar="ID",
        help="only of this one; may be repeated",
    )
    qr.add_argument(
        "--format",
        type=_formats,
        default=FORMATS,
        metavar="FORMATS",
        help="some of pdf, svg, png (A6) and a4 (PDF, four a page), with commas; default: all",
    )
    qr.add_argument(
        "--language",
        type=_languages,
        default=(DEFAULT, SOURCE),
        metavar="LANGUAGES",
        help=f"one of {', '.join(REGIONS)}, or two with a comma; default: {DEFAULT},{SOURCE}",
    )
    qr.add_argument("--without-prices", action="store_true", help="say that the page has them")


def _formats(text: str) -> tuple[str, ...]:
    return _chosen(text, FORMATS, len(FORMATS))


def _languages(text: str) -> tuple[str, ...]:
    return _chosen(text, tuple(REGIONS), LANGUAGES_MOST)


def _chosen(text: str, known: Sequence[str], most: int) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if len(chosen) > most or not set(chosen) <= set(known):
        raise argparse.ArgumentTypeError(f"at most {most} of {', '.join(known)}, with commas")
    return chosen


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what labels tell."""

    codes: Codes
    public_url: str
    now: datetime
    priced: bool

    def labels(self, charge_point_id: str, tx: "Tx") -> "Iterator[Label | str]":
        """Yield a charge point's labels, and a sentence where there is none, or without prices."""
        from irve_bridge.web.labels.design import Label  # noqa: PLC0415 - it brings all pages along

        point = tx.stations.charge_point(charge_point_id)
        if point is None:
            return
        if point.display is not None and point.display.only and self.codes.window:
            yield f"{point.id} has no label: its code is on its display alone, and changes."
            return
        day = self.now.astimezone(ZoneInfo(point.time_zone)).date()
        for outlet in tx.stations.connectors(point.id):
            tariff = tariff_in_force(tx, outlet, self.now) if self.priced else None
            if self.priced and tariff is None:
                yield f"{point.id}/{outlet.number} has no prices on it: no tariff is in force."
            url = self.public_url + self.codes.path(point.id, outlet.number)
            yield Label(charge_point=point, connector=outlet, tariff=tariff, url=url, day=day)


async def draw_labels(arguments: argparse.Namespace) -> int:
    """Draw them, and print each file with the address in its code."""
    from irve_bridge.bootstrap.from_settings import codes_of  # noqa: PLC0415 - it brings rooms along
    from irve_bridge.web.labels.files import Writer  # noqa: PLC0415 - likewise

    settings = settings_of(arguments)
    _refuse_unwritable(arguments.out)
    now = SharedClock(settings.clock_epoch, settings.clock_speed).now()
    priced = not arguments.without_prices
    reader = _Reader(codes_of(settings), settings.public_url, now, priced)
    writer = Writer(arguments.out, arguments.language, arguments.format)
    async with open_database(arguments) as storage:
        ids = await _ids(storage, arguments.charge_point)
        batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
        with (
            counted("Drawing labels", len(ids) + len(batches)) as advance,
            _processes(len(ids)) as drawn,
        ):
            for number, some in enumerate(batches, 1):
                points = [await _labels(storage, reader, each) for each in some]
                together = [label for labels in points for label in labels]
                tasks = [partial(writer.each, labels) for labels in points]
                for files in drawn([*tasks, partial(writer.pages, together, number)]):
                    for file, told in files:
                        console.print(f"{file}  {told}", soft_wrap=True, highlight=False)
                    advance(1)
    return 0


def _refuse_unwritable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Refusal(f"Nothing can be written to {folder}: {error.strerror}.") from error


async def _ids(storage: "Storage", named: list[str]) -> list[str]:
    """Return the charge points that are named, all if none is.

    Raises:
        UnknownThing: One of them is not registered, or none is.
    """

    def page(after: str, tx: "Tx") -> list[str]:
        return [point.id for point in tx.listings.charge_points(PAGE, after)]

    registered = await every(storage, page, "", str)
    if not registered:
        raise UnknownThing("No charge point is registered: irve-bridge stations apply FILE")
    if unknown := sorted(set(named) - set(registered)):
        raise UnknownThing(f"There is no charge point {', '.join(unknown)}.")
    return [each for each in registered if each in named] if named else registered


async def _labels(storage: "Storage", reader: _Reader, charge_point_id: str) -> "list[Label]":
    labels = []
    for each in await storage.read(lambda tx: list(reader.labels(charge_point_id, tx))):
        if isinstance(each, str):
            aside.print(each, soft_wrap=True, highlight=False, markup=False)
        else:
            labels.append(each)
    return labels


@contextmanager
def _processes(count: int) -> Iterator[Callable[[Iterable[Task]], Iterable[Files]]]:
    """Lend what performs tasks and returns what they do, in order: many by every processor."""
    if count < MANY:
        yield partial(map, _perform)
        return
    with get_context("spawn").Pool(
        initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    ) as pool:
        yield partial(pool.imap, _perform)


def _perform(task: Task) -> Files:
    return task()
