"""PostgreSQL: units on a few connections at once, in turns; readings share commits."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from psycopg import errors
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from irve_bridge.domain.errors import BridgeError
from irve_bridge.service.ports import StaleSession, TakenReading, Tx
from irve_bridge.storage.columns import without_nul
from irve_bridge.storage.nodes import APPLICATION, session_name
from irve_bridge.storage.outcome import Outcome
from irve_bridge.storage.turns import OPTION
from irve_bridge.storage.tx import SqlTx
from irve_bridge.storage.writer import Writer
from irve_bridge.telemetry.metrics import COMMIT_SECONDS

T = TypeVar("T")
# What failed within a pipeline is raised; that the pipeline ended for it is no news.
logging.getLogger("psycopg").setLevel(logging.ERROR)
UNITS, READERS = 8, 4
RERUNS = 3
PAUSE_S = 0.05
# PostgreSQL asks to run these again (its manual, §13.5): two who waited for each other, and an
# equal key of somebody who was quicker.
_LOST_RACES = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
_CONNECTION = {
    "connect_timeout": 5,
    # A server that is gone without a word is found out in seconds, not in the system's hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "client_encoding": "utf8",
}
# What is acknowledged is on the disk; and what this process leaves behind when it is cut off must
# not keep others waiting for good.
_ON_CONNECT = (
    "SET TIME ZONE 'UTC'; "
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'; "
    "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'"
)


class _Text(StrDumperUnknown):
    """Texts may be from anybody: what cannot be stored in one must not cost what stands around."""

    def dump(self, obj: str) -> bytes:
        return without_nul(obj).encode()


class CommitUnknown(BridgeError):
    """The connection was lost during a commit: it may or may not have taken place."""


class PostgresStorage:
    """Implements `ports.Storage` on one PostgreSQL database whose schema is up to date.

    Made on a running event loop, and used there.
    """

    def __init__(self, url: URL, node_id: str = "") -> None:
        as_node = partial(engine, url, name=session_name(node_id))
        units = as_node(UNITS).execution_options(**{OPTION: True})
        self._units = _Connections(units, UNITS, "storage-unit", COMMIT_SECONDS.observe)
        urgent = as_node(1).execution_options(**{OPTION: True})
        self._urgent = _Connections(urgent, 1, "storage-urgent")
        self._readers = _Connections(as_node(READERS, read_only=True), READERS, "storage-reader")
        self._readings_engine = as_node(1)
        self._readings = Writer(self._readings_engine.begin)

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit of work and return its result once it is committed.

        Raises whatever the unit raised, or the commit. A unit that met another one, a StaleSession
        or a connection that was lost before its commit is run again, a few times.

        Raises:
            CommitUnknown: The connection was lost during the commit.
        """
        return await self._units.run(unit)

    async def transact_now(self, unit: Callable[[Tx], T]) -> T:
        """Run a short unit of work on a connection of its own: it waits for none of `transact`."""
        return await self._urgent.run(unit)

    async def read(self, query: Callable[[Tx], T]) -> T:
        """Run a query on a snapshot, without waiting for writers. It must not write."""
        return await self._readers.run(query)

    async def add_readings(self, readings: Sequence[TakenReading]) -> None:
        """Record readings, batched with others; return once they are committed.

        One is kept once: whatever became of a lost connection's commit, they are written again.
        """
        try:
            await self._readings.write(readings)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            await self._readings.write(readings)

    async def close(self) -> None:
        """Finish what is queued and let go."""
        await self._units.close()
        await self._urgent.close()
        await self._readings.close()
        await self._readers.close()
        self._readings_engine.dispose()


class _Connections:
    """As many threads as connections: what is run waits for a thread, never for a connection."""

    def __init__(
        self,
        engine: Engine,
        most: int,
        name: str,
        took: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._engine = engine
        self._took = took
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._closed = False

    async def run(self, unit: Callable[[Tx], T]) -> T:
        """Return what a unit returned once it is committed, or raise what it or the commit did."""
        if self._closed:
            raise RuntimeError("the storage is closed")
        run = partial(Outcome.of, lambda: self._persistently(unit))
        outcome = await asyncio.get_running_loop().run_in_executor(self._threads, run)
        return outcome.get()

    async def close(self) -> None:
        """Finish what is queued and end the threads."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _persistently(self, unit: Callable[[Tx], T]) -> T:
        for _ in range(RERUNS):
            try:
                return self._once(unit)
            except (StaleSession, DBAPIError) as error:
                if not _in_vain(error):
                    raise
            time.sleep(PAUSE_S * random.random())  # noqa: S311 - jitter
        return self._once(unit)

    def _once(self, unit: Callable[[Tx], T]) -> T:
        began_s = time.perf_counter()
        with self._engine.connect() as connection:
            result = unit(SqlTx(connection))
            try:
                connection.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise CommitUnknown("the connection was lost during a commit") from error
                raise
            self._took(time.perf_counter() - began_s)
            return result


def _in_vain(error: StaleSession | DBAPIError) -> bool:
    """Return whether nothing was changed because of another unit, or of a lost connection."""
    if isinstance(error, StaleSession):
        return True
    return error.connection_invalidated or isinstance(error.orig, _LOST_RACES)


def engine(
    url: URL, connections: int, *, read_only: bool = False, name: str = APPLICATION
) -> Engine:
    """Return an engine whose connections open when needed; to only read is to see one snapshot."""
    made = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        connect_args={"application_name": name}
        | {option: of for option, of in _CONNECTION.items() if option not in url.query},
        execution_options={"postgresql_readonly": read_only},
        use_native_hstore=False,
    )

    def connect(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, _Text)
        connection.execute(_ON_CONNECT)
        connection.commit()

    event.listen(made, "connect", connect)
    return made
