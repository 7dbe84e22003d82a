"""One running bridge per embedded database."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from irve_bridge.domain.errors import BridgeError
from irve_bridge.storage.urls import is_file, parsed


class AlreadyServed(BridgeError):
    """Another bridge runs on this database: both would act on the same charge points."""


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold a file for this process while the context is open; a kill lets go of it too.

    A PostgreSQL database serves several.

    Raises:
        AlreadyServed: Another process holds it.
    """
    if not is_file(url):
        yield
        return
    path = Path(f"{parsed(url).database}.lock")
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyServed(f"Another bridge runs on this database ({path}).") from error
        yield
