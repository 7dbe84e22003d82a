"""The schema, brought up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from irve_bridge.domain.errors import Bug
from irve_bridge.storage.sqlite import writing, writing_engine

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Bring the database to the newest schema, in one transaction; nothing to do is nothing done.

    Two processes that start at once take turns: the write lock is held before looking.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    engine = writing_engine(url, references=False)
    try:
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _refuse_dangling(connection)
    finally:
        engine.dispose()


def _refuse_dangling(connection: Connection) -> None:
    """Nothing is committed where a row names one that does not exist."""
    if dangling := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise Bug(f"the migration left a row of {dangling[0]} that names none of {dangling[2]}")
