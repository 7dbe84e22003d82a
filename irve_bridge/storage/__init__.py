"""What the bridge remembers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from irve_bridge.service.ports import Storage
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.sqlite import SqliteStorage


@asynccontextmanager
async def open_storage(url: str) -> AsyncIterator[Storage]:
    """Return the storage a URL names, its schema brought up to date; it is closed at the end.

    Raises:
        ValueError: Not `sqlite:///` and the path of a file.
    """
    path = _path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate, url)
    storage = SqliteStorage(url)
    try:
        yield storage
    finally:
        await storage.close()


def _path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"}:
        raise ValueError("The database URL must be sqlite:/// and the path of a file.")
    return Path(str(parsed.database))
