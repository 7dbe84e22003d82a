"""What every command needs: a terminal, the settings, the database."""

import argparse
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from rich.console import Console

from irve_bridge import telemetry
from irve_bridge.service.configuration import connectors_said
from irve_bridge.settings import Settings, load
from irve_bridge.storage import open_storage

if TYPE_CHECKING:
    from irve_bridge.service.ports import Storage, Tx

Command = Callable[[argparse.Namespace], Coroutine[None, None, int]]
Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name
P = TypeVar("P")
T = TypeVar("T")
console = Console()
DAYS_MOST = 3650
PAGE = 1000
"""How much of a list is read at once."""


def add(actions: Actions, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    """Add a command, and return its parser for what it takes."""
    parser = actions.add_parser(name, help=text)
    parser.set_defaults(command=command)
    return parser


def group(commands: Actions, name: str, text: str) -> Actions:
    """Add a command that has actions of its own, and return them."""
    parser = commands.add_parser(name, help=text)
    return parser.add_subparsers(required=True, metavar="ACTION")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings.

    Raises:
        SettingsRefused: With one sentence for each that is missing or malformed.
    """
    return load(arguments.env_file)


def days_back(text: str) -> float:
    """Return a number of days to look back.

    Raises:
        argparse.ArgumentTypeError: None, or more than ten years.
    """
    days = float(text)
    if not 0 < days <= DAYS_MOST:
        raise argparse.ArgumentTypeError(f"between 0 and {DAYS_MOST} days")
    return days


@asynccontextmanager
async def open_database(arguments: argparse.Namespace) -> "AsyncIterator[Storage]":
    """Open the database that the settings name, which a running bridge may have open too."""
    telemetry.configure("WARNING")
    async with open_storage(settings_of(arguments).database_url.get_secret_value()) as storage:
        yield storage


async def every(
    storage: "Storage",
    page: "Callable[[P, Tx], Sequence[T]]",
    after: P,
    place: Callable[[T], P],
) -> list[T]:
    """Return all that a list holds behind a place; `page` reads on, `place` says where it got."""
    found: list[T] = []
    while listed := await storage.read(partial(page, after)):
        found += listed
        after = place(listed[-1])
    return found


def refusals(tx: "Tx") -> list[str]:
    """Return what charge points are not set to, cannot tell or say otherwise, a sentence each."""
    sentences = []
    for point in tx.stations.charge_points():
        known = tx.configuration.of(point.id)
        said, registered = connectors_said(tx, point.id), len(tx.stations.connectors(point.id))
        if said not in (None, registered):
            sentences.append(
                f"{point.id} says that it has {said} connectors: {registered} registered."
            )
        if missing := [measurand for key in known for measurand in key.missing]:
            sentences.append(f"{point.id} does not tell while it charges: {', '.join(missing)}")
        if refused := [key for key in known if key.refused]:
            keys = ", ".join(f"{key.key}={key.value or ''} ({key.refused})" for key in refused)
            sentences.append(f"{point.id} refuses what payment needs: {keys}")
    return sentences
