"""A whole copy of an embedded database, while the bridge writes to it; and the way back."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from irve_bridge.domain.errors import BridgeError
from irve_bridge.storage.alone import alone
from irve_bridge.storage.urls import is_file, parsed


class BackupRefused(BridgeError):
    """No copy is made; the sentence says why, and what to do instead."""


def back_up(url: str, target: Path) -> int:
    """Copy the database of one instant to a new file, and return the file's size in bytes.

    It is readable by its owner alone, checked, on disk, and under its name only once it is whole.

    Raises:
        BackupRefused: There is such a file already, no such database, the copy is not sound, or the
            database is PostgreSQL's, which has tools of its own.
    """
    if not is_file(url):
        raise BackupRefused("PostgreSQL is backed up by pg_dump: see docs/operating.md, Backups.")
    source = Path(str(parsed(url).database))
    if target.exists():
        raise BackupRefused(f"{target} is there already: name another file.")
    if not source.exists():
        raise BackupRefused(f"There is no database {source}.")
    partial = target.with_name(f"{target.name}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
    try:
        _copy(source, partial)
        os.fsync(descriptor)
        # Unlike a rename, this does not overwrite what came into being meanwhile.
        os.link(partial, target)
    finally:
        os.close(descriptor)
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def put_back(url: str, source: Path) -> None:
    """Make the database what a copy of it says; what it said before is gone.

    Raises:
        AlreadyServed: A bridge runs on the database.
        BackupRefused: There is no such copy, it is none of a bridge's database or not sound, or the
            database is PostgreSQL's, which has tools of its own.
    """
    if not is_file(url):
        raise BackupRefused("PostgreSQL is put back by pg_restore: see docs/operating.md, Backups.")
    if not source.is_file():
        raise BackupRefused(f"There is no copy {source}.")
    with (
        alone(url),
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as copy,
    ):
        try:
            copy.execute("SELECT 1 FROM alembic_version, charge_points LIMIT 1")
            _prove(copy, source)
        except sqlite3.DatabaseError as error:
            raise BackupRefused(f"{source} is no copy of a bridge's database: {error}.") from error
        with closing(sqlite3.connect(str(parsed(url).database))) as ours:
            copy.backup(ours)  # a file moved into place would meet the log of the old one


def _prove(copy: sqlite3.Connection, name: Path) -> None:
    (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise BackupRefused(f"The copy {name} is not sound: {found}.")


def _copy(source: Path, partial: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as ours,
        closing(sqlite3.connect(partial)) as copy,
    ):
        ours.backup(copy)  # in one step: no page of it is newer than another
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        _prove(copy, partial)
