"""How far a command is, told on a terminal alone: what programs read stays as it is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

aside = Console(stderr=True)
"""For sentences that are not the answer."""


@contextmanager
def counted(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar; what is lent adds so many things that are done."""
    with _progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda count: progress.advance(task, count)


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show that something goes on whose end nobody knows."""
    with _progress(SpinnerColumn()) as progress:
        progress.add_task(doing, total=None)
        yield


def _progress(*columns: ProgressColumn) -> Progress:
    """What is printed meanwhile goes above it, unless it goes elsewhere."""
    return Progress(
        TextColumn("{task.description}"),
        *columns,
        console=aside,
        disable=not aside.is_terminal,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )
