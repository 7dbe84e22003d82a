"""What the bridge remembers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from irve_bridge.service.ports import Storage
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.sqlite import SqliteStorage
from irve_bridge.storage.urls import is_file, parsed


@asynccontextmanager
async def open_storage(url: str, node_id: str = "") -> AsyncIterator[Storage]:
    """Return the storage a URL names, its schema brought up to date; it is closed at the end.

    On PostgreSQL, others who bury the node of this id end its connections.

    Raises:
        ValueError: Neither a SQLite file nor a PostgreSQL database.
        DatabaseRefused: It cannot be reached, or is not for this release.
    """
    await asyncio.to_thread(migrate, url)
    storage: Storage = SqliteStorage(url) if is_file(url) else _on_server(url, node_id)
    try:
        yield storage
    finally:
        await storage.close()


def _on_server(url: str, node_id: str) -> Storage:
    from irve_bridge.storage.postgres import PostgresStorage  # noqa: PLC0415 - slow to load

    return PostgresStorage(parsed(url), node_id)
