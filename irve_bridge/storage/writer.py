"""One thread that writes: whatever is queued when it looks goes into one commit.

Nothing waits for a timer: while one batch is written and synced, the next one gathers. What is not
to wait for its turn goes into the next commit, alone.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection

from irve_bridge.service.ports import TakenReading, Tx
from irve_bridge.storage.outcome import Outcome
from irve_bridge.storage.tx import SqlTx
from irve_bridge.telemetry.metrics import COMMIT_SECONDS, READINGS_STORED

T = TypeVar("T")
BATCH_MAX = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A unit of work, or readings to record; and who waits for its commit."""

    work: Callable[[Tx], Any] | Sequence[TakenReading]
    done: "asyncio.Future[Outcome[Any]]"
    urgent: bool


class Writer:
    """The only writer of this process; made and used on one event loop.

    `begin` opens a transaction that is committed at its end, rolled back for an exception.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._urgent: deque[_Job] = deque()
        self._thread = Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()
        self._closed = False

    async def write(
        self, work: Callable[[Tx], T] | Sequence[TakenReading], *, urgent: bool = False
    ) -> T:
        """Return what a unit returned once it is committed, or raise what it or the commit did.

        Readings return nothing. What is `urgent` waits for the batch that is written and no other.
        """
        if self._closed:
            raise RuntimeError("the storage is closed")
        job = _Job(work, self._loop.create_future(), urgent)
        if urgent:
            self._urgent.append(job)
        self._queue.put(job)  # an urgent one stands there only so that the thread wakes up
        outcome: Outcome[T] = await job.done
        return outcome.get()

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        last = False
        while not last:
            batch = list(self._queued())
            last = batch[-1] is None
            self._finish([self._urgent.popleft() for _ in range(len(self._urgent))])
            self._finish([job for job in batch if job is not None and not job.urgent])

    def _finish(self, jobs: Sequence[_Job]) -> None:
        """Commit the jobs and tell who waits; what is never committed is never confirmed."""
        if not jobs:
            return
        outcomes = self._commit(jobs)
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(_tell, jobs, outcomes)

    def _queued(self) -> Iterator[_Job | None]:
        yield self._queue.get()
        with suppress(Empty):
            for _ in range(BATCH_MAX - 1):
                yield self._queue.get_nowait()

    def _commit(self, jobs: Sequence[_Job]) -> list[Outcome[Any]]:
        """Return each job's outcome, all of them the same where the commit failed."""

        def batch() -> list[Outcome[Any]]:
            with self._begin() as connection:
                return _perform(connection, jobs)

        began_s = time.perf_counter()
        committed = Outcome.of(batch)
        if committed.error is not None:
            return [Outcome(error=committed.error)] * len(jobs)
        COMMIT_SECONDS.observe(time.perf_counter() - began_s)
        READINGS_STORED.inc(sum(len(job.work) for job in jobs if not callable(job.work)))
        return committed.get()


def _perform(connection: Connection, jobs: Sequence[_Job]) -> list[Outcome[Any]]:
    """Run the units in the order they came, after one statement for the readings of all jobs.

    So a unit finds every reading that was queued before it.
    """
    tx = SqlTx(connection)
    driver = connection.connection.driver_connection
    taken = [job.work for job in jobs if not callable(job.work)]
    together = _savepoint(driver, lambda: tx.transactions.add_readings(chain(*taken)))

    def one(work: Callable[[Tx], Any] | Sequence[TakenReading]) -> Outcome[Any]:
        if callable(work):
            return _savepoint(driver, lambda: work(tx))
        if together.error is None:
            return together
        # One of them cannot be stored: it must not cost the others.
        return _savepoint(driver, lambda: tx.transactions.add_readings(work))

    return [one(job.work) for job in jobs]


def _savepoint(driver: Any, run: Callable[[], T]) -> Outcome[T]:
    """Return what came of it; where it raised, nothing it wrote is left.

    An error of the savepoint itself is raised: the database has given up the whole transaction.
    """
    driver.execute("SAVEPOINT unit")
    outcome = Outcome.of(run)
    if outcome.error is not None:
        driver.execute("ROLLBACK TO unit")
    driver.execute("RELEASE unit")
    return outcome


def _tell(jobs: Sequence[_Job], outcomes: Sequence[Outcome[Any]]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if not job.done.done():  # whoever waited may have been cancelled
            job.done.set_result(outcome)
