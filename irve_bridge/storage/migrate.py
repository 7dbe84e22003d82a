"""The schema, brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from irve_bridge.domain.errors import BridgeError, Bug
from irve_bridge.storage.sqlite import writing, writing_engine
from irve_bridge.storage.urls import is_file, parsed

_SCRIPTS = Path(__file__).parent / "migrations"
_TURN = 0x1257E
"""Of the advisory lock under which one process at a time looks and migrates."""


class DatabaseRefused(BridgeError):
    """The database cannot be reached, or is not for this release."""


class Versions(NamedTuple):
    """The schema's version before and after; None for an empty database."""

    before: str | None
    after: str


def migrate(url: str, to: str = "head") -> Versions:
    """Bring the database to a schema, the newest one unless another is named, in one transaction.

    Nothing to do is nothing done. Processes that start at once take turns: what they lock is
    locked before they look.

    Raises:
        ValueError: The URL names no database that the bridge can use.
        DatabaseRefused: It cannot be reached, or a newer release has changed it.
    """
    with _alone_on_file(url) if is_file(url) else _alone_on_server(url) as connection:
        before = _version(connection)
        _refuse_newer(before)
        if before != (_known()[-1] if to == "head" else to):
            _upgrade(connection, to)
        return Versions(before, str(_version(connection)))


def _upgrade(connection: Connection, to: str) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and few starts migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@cache
def _known() -> tuple[str, ...]:
    """Return the schemas in their order: each is made by the file whose name begins with it."""
    files = (_SCRIPTS / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


@contextmanager
def _alone_on_file(url: str) -> Iterator[Connection]:
    """Hold the write lock; nothing is committed where a row names one that does not exist."""
    Path(str(parsed(url).database)).parent.mkdir(parents=True, exist_ok=True)
    file = writing_engine(url, references=False)
    try:
        with writing(file) as connection:
            yield connection
            if dangling := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise Bug(
                    f"the migration left a row of {dangling[0]} that names none of {dangling[2]}"
                )
    finally:
        file.dispose()


@contextmanager
def _alone_on_server(url: str) -> Iterator[Connection]:
    """Hold the advisory lock until the commit, however long another process migrates."""
    from irve_bridge.storage.postgres import engine  # noqa: PLC0415 - slow to load

    server = engine(parsed(url), 1)
    try:
        with _reach(server) as connection, connection.begin():
            _refuse_other_encodings(connection)
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
            yield connection
    finally:
        server.dispose()


def _reach(server: Engine) -> Connection:
    try:
        return server.connect()
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise DatabaseRefused(f"The database cannot be reached (DATABASE_URL): {why}") from None


def _refuse_other_encodings(connection: Connection) -> None:
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise DatabaseRefused(
            f"The database has the encoding {encoding}, which cannot hold every text: create one "
            "with ENCODING 'UTF8' TEMPLATE template0."
        )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _refuse_newer(version: str | None) -> None:
    if version is not None and version not in _known():
        raise DatabaseRefused(
            f"The database has schema {version}, which this release does not know: a newer one "
            "has changed it. Run that release, or restore the backup made before it."
        )
