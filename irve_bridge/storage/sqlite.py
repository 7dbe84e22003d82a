"""SQLite, embedded: one writer thread, a few readers that never wait for it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from irve_bridge.service.ports import StaleSession, TakenReading, Tx
from irve_bridge.storage.outcome import Outcome
from irve_bridge.storage.tx import SqlTx
from irve_bridge.storage.writer import Writer

T = TypeVar("T")
READERS = 4
RERUNS = 3
BUSY_TIMEOUT_MS = 10_000
CACHE_KIB, CHECKPOINT_PAGES = 32_768, 4_000
"""Readings of many charges lie far apart: their pages stay in memory, and are seldom copied."""


class SqliteStorage:
    """Implements `ports.Storage` on one database file whose schema is up to date.

    Made on a running event loop, and used there.
    """

    def __init__(self, url: str) -> None:
        self._writer_engine = writing_engine(url)
        self._reader_engine = _engine(url, READERS, "PRAGMA query_only = ON")
        self._writer = Writer(partial(writing, self._writer_engine))
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="storage-reader")

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit of work and return its result once it is committed.

        Raises whatever the unit raised, or the commit; nothing is changed then. A unit that met a
        StaleSession is run again a few times.
        """
        for _ in range(RERUNS):
            with suppress(StaleSession):
                return await self._writer.write(unit)
        return await self._writer.write(unit)

    async def transact_now(self, unit: Callable[[Tx], T]) -> T:
        """Run a short unit of work, which waits for the batch being written and for no other."""
        return await self._writer.write(unit, urgent=True)

    async def read(self, query: Callable[[Tx], T]) -> T:
        """Run a query on a snapshot, without waiting for writers. It must not write."""
        loop = asyncio.get_running_loop()
        outcome = await loop.run_in_executor(
            self._readers, Outcome.of, lambda: self._snapshot(query)
        )
        return outcome.get()

    async def add_readings(self, readings: Sequence[TakenReading]) -> None:
        """Record readings, batched with others; return once they are committed."""
        await self._writer.write(readings)

    async def close(self) -> None:
        """Finish what is queued and let go."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        self._reader_engine.dispose()
        self._writer_engine.dispose()

    def _snapshot(self, query: Callable[[Tx], T]) -> T:
        with self._reader_engine.begin() as connection:
            connection.exec_driver_sql("BEGIN")
            return query(SqlTx(connection))


def writing_engine(url: str, *, references: bool = True) -> Engine:
    """Return the engine of a process's one writing connection.

    Without `references` no foreign key is looked at: a table that others name can be rebuilt.
    """
    return _engine(
        url,
        1,
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if references else 'OFF'}",
    )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Return a transaction that holds the write lock from its first moment; commit it at the end.

    The lock is waited for when another process, such as the command line, writes.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def _engine(url: str, connections: int, *pragmas: str) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0)

    def connect(connection: Any, _record: object) -> None:
        # The sqlite3 module begins transactions where it thinks fit, and not before SAVEPOINT:
        # here every BEGIN is written out.
        connection.isolation_level = None
        for pragma in (f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}", *pragmas):
            connection.execute(pragma).close()

    event.listen(engine, "connect", connect)
    return engine
