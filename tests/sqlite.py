"""SQLite files with nothing in them but the schema: quicker to copy than to migrate."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from irve_bridge.storage.migrate import migrate


def made(path: Path) -> str:
    """Return the URL of the database in this file, which is made unless it is there."""
    if not path.exists():
        path.write_bytes(_empty())
    return f"sqlite:///{path}"


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()
