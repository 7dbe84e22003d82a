"""Which database is meant."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRES = "postgresql+psycopg"
_POSTGRES_NAMES = ("postgres", "postgresql", POSTGRES)
EXPECTED = (
    "The database URL must be sqlite:/// and the path of a file, or "
    "postgresql://user:password@host/database."
)


def parsed(url: str) -> URL:
    """Return the URL of a SQLite file, or of a PostgreSQL database with its driver.

    Raises:
        ValueError: Neither; the sentence repeats nothing of what may hold a password.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(EXPECTED) from None
    if found.drivername == "sqlite" and found.database not in {None, "", ":memory:"}:
        return found
    if found.drivername in _POSTGRES_NAMES and found.database:
        return found.set(drivername=POSTGRES)
    raise ValueError(EXPECTED)


def is_file(url: str) -> bool:
    """Return whether a URL names a file of this machine: one process at a time may serve it."""
    return parsed(url).drivername == "sqlite"
