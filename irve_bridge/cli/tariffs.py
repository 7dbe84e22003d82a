"""OCPI tariffs: whether they can be used, what drivers read, and what a charge comes to."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.table import Table

from irve_bridge.cli.common import Actions, add, console, group
from irve_bridge.domain import tariff_loading
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.local_time import time_zones
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.stay import Stay
from irve_bridge.domain.tariff import Tariff
from irve_bridge.i18n import DEFAULT, REGIONS, Language, language
from irve_bridge.price_list import bill, price_list, remark

_MINUTE_US = 60_000_000
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def add_to(commands: Actions) -> None:
    """Add these commands."""
    tariff = group(commands, "tariff", "OCPI tariffs")
    checking = add(tariff, "check", check, "say whether a tariff can be used, and how it is shown")
    pricing = add(tariff, "price", price, "say what a charge costs")
    for command in (checking, pricing):
        command.add_argument("file", type=Path)
        command.add_argument("--power-kw", type=_number(10_000), help="of the connector there")
        command.add_argument("--language", choices=REGIONS, default=DEFAULT)
    minutes = _number(100_000)
    pricing.add_argument("--energy", type=_number(100_000), metavar="KWH", help="what is charged")
    pricing.add_argument("--minutes", type=minutes, help="how long it charges")
    pricing.add_argument("--parked-minutes", type=minutes, default=0, help="plugged in, after that")
    pricing.add_argument(
        "--at", type=_moment, help="when it starts, 2026-07-14T18:00 for example; default: now"
    )
    pricing.add_argument("--time-zone", type=_zone, default="Europe/Paris", help="of the station")


def _number(most: int) -> Callable[[str], Decimal]:
    """Return what reads a number from 0 to `most`."""

    def read(text: str) -> Decimal:
        try:
            number = Decimal(text)
        except ArithmeticError:
            number = Decimal("NaN")
        if not (number.is_finite() and 0 <= number <= most):
            raise argparse.ArgumentTypeError(f"{text} is no number from 0 to {most}, as 12.5 is")
        return number

    return read


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if _FIRST_YEAR <= at.year <= _LAST_YEAR:
            return at
    raise argparse.ArgumentTypeError(f"{text} is no moment of these days, as 2026-07-14T18:00")


def _zone(text: str) -> ZoneInfo:
    if text not in time_zones():
        raise argparse.ArgumentTypeError(f"{text} is no IANA time zone, such as Europe/Paris")
    return ZoneInfo(text)


async def check(arguments: argparse.Namespace) -> int:
    """Show the prices as drivers read them, or why the tariff is refused."""
    tariff, words = _tariff(arguments), language(arguments.language)
    for line in price_list(tariff, words):
        note = f" ({line.note})" if line.note else ""
        console.print(f"{line.label}{note}: {line.amount}{line.unit}", highlight=False)
    if said := remark(tariff, words):
        console.print(said, highlight=False)
    return 0


async def price(arguments: argparse.Namespace) -> int:
    """Show what a charge comes to, line by line."""
    tariff, words = _tariff(arguments), language(arguments.language)
    console.print(_bill(_cost(tariff, arguments), words))
    return 0


def _tariff(arguments: argparse.Namespace) -> Tariff:
    kw = arguments.power_kw
    return tariff_loading.load(arguments.file.read_bytes(), None if kw is None else int(kw * 1000))


def _cost(tariff: Tariff, arguments: argparse.Namespace) -> Breakdown:
    """Return what is asked for; of energy and minutes the one left out follows from the power.

    Raises:
        ValueError: Neither was given, or there is no power to tell the other one from.
    """
    zone: ZoneInfo = arguments.time_zone
    at: datetime = arguments.at or datetime.now(UTC)
    energy, minutes = arguments.energy, arguments.minutes
    if energy is None and minutes is None:
        raise ValueError("Give --energy, --minutes, or both.")
    stay = Stay(
        at=(at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC),
        energy_wh=None if energy is None else int(energy * 1000),
        charging=None if minutes is None else _minutes(minutes),
        parked=_minutes(arguments.parked_minutes),
        power_w=int((arguments.power_kw or 0) * 1000),
    )
    if not stay.is_told:
        raise ValueError("Give --power-kw as well, or both --energy and --minutes.")
    return stay.cost(Pricer(tariff, zone))


def _minutes(minutes: Decimal) -> timedelta:
    return timedelta(microseconds=int(minutes * _MINUTE_US))


def _bill(cost: Breakdown, words: Language) -> Table:
    table = Table("", "quantity", "price with VAT", "net", "gross")
    for line in bill(cost, words):
        table.add_row(*line)
    table.add_section()
    total = (words.money(amount, cost.currency) for amount in (cost.net_minor, cost.gross_minor))
    table.add_row("total", "", "", *total)
    for vat in cost.vat:
        table.add_row(
            f"of which VAT {words.percent(vat.percent)}",
            "",
            "",
            "",
            words.money(vat.amount_minor, cost.currency),
        )
    return table
