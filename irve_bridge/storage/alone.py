"""One running bridge per embedded database."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from irve_bridge.domain.errors import BridgeError


class AlreadyServed(BridgeError):
    """Another bridge runs on this database: both would act on the same charge points."""


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold the database for this process while the context is open; a kill lets go of it too.

    Raises:
        AlreadyServed: Another process holds it.
    """
    path = Path(f"{make_url(url).database}.lock")
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyServed(f"Another bridge runs on this database ({path}).") from error
        yield
