"""The letters of all that is drawn: receipts and labels carry them inside."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
"""By whether they are bold."""


@contextmanager
def font_file(*, bold: bool = False) -> Iterator[Path]:
    """Lend the file of a font."""
    with as_file(files("irve_bridge.web") / "fonts" / FILES[bold]) as path:
        yield path
