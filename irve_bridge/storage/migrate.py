"""The schema, brought up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from irve_bridge.storage.sqlite import writing, writing_engine

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Bring the database to the newest schema, in one transaction; nothing to do is nothing done.

    Two processes that start at once take turns: the write lock is held before looking.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    engine = writing_engine(url)
    try:
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
