"""What is read from the storage for a scrape: the same on every node, so take the `max` of them."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from irve_bridge.domain.intents import Kind, Lane
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import State
from irve_bridge.service.ports import Clock, LaneTally, SessionsTally, Storage, Tx
from irve_bridge.telemetry import metrics

WITHIN_S = 5.0
"""A scrape waits this long for the storage; by default Prometheus waits ten."""
FRESH_S = 2.0
"""However many scrape, the storage is not asked more often."""
_OPEN = [state for state in State if state not in DONE]
Read = tuple[list[SessionsTally], list[LaneTally], int]

log = structlog.get_logger()


class Gauges:
    """Reads the gauges anew before a scrape; `folders` are those whose room is watched."""

    def __init__(self, storage: Storage, clock: Clock, folders: Mapping[str, Path]) -> None:
        self._storage = storage
        self._clock = clock
        self._folders = folders
        self._turn = asyncio.Lock()
        self._read_at_s = -FRESH_S

    async def refresh(self) -> None:
        """Read them; where the storage does not answer they are gone, and it counts as down."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            if loop.time() < self._read_at_s + FRESH_S:
                return
            self._measure_disks()
            try:
                async with asyncio.timeout(WITHIN_S):
                    tallies, lanes, given_up = await self._storage.read(self._query)
            except Exception:
                log.warning("gauges_unread", exc_info=True)
                _forget()
                return
            self._read_at_s = loop.time()
            _set_sessions(tallies)
            self._set_lanes(lanes)
            metrics.CALLBACKS_GIVEN_UP.set(given_up)
            metrics.STORAGE_UP.set(1)

    def _query(self, tx: Tx) -> Read:
        tallies = tx.tallies
        return (
            tallies.sessions(),
            tallies.lanes(self._clock.now()),
            tallies.given_up(Kind.CALLBACK),
        )

    def _set_lanes(self, lanes: Iterable[LaneTally]) -> None:
        now, none = self._clock.now(), dict.fromkeys(Lane, 0)
        known = {tally.lane: tally for tally in lanes}
        ages_s = {
            lane: max(0.0, (now - tally.oldest_at).total_seconds()) for lane, tally in known.items()
        }
        metrics.set_all(metrics.PENDING, none | {lane: t.pending for lane, t in known.items()})
        metrics.set_all(metrics.OLDEST_SECONDS, none | ages_s)
        metrics.set_all(metrics.UNKNOWN, none | {lane: t.unknown for lane, t in known.items()})

    def _measure_disks(self) -> None:
        for name, folder in self._folders.items():
            usage = shutil.disk_usage(folder)
            metrics.DISK_FREE_BYTES.labels(name).set(usage.free)
            metrics.DISK_SIZE_BYTES.labels(name).set(usage.total)


def _set_sessions(tallies: Iterable[SessionsTally]) -> None:
    states: Counter[str] = Counter(dict.fromkeys(_OPEN, 0))
    secured: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for tally in tallies:
        is_due = tally.state == State.DUE
        states[tally.state] += tally.sessions
        due[tally.currency] += tally.owed_minor if is_due else 0
        secured[tally.currency] += 0 if is_due else tally.secured_minor
    metrics.set_all(metrics.SESSIONS, states)
    metrics.set_all(metrics.SECURED_MINOR, secured)
    metrics.set_all(metrics.DUE_MINOR, due)


def _forget() -> None:
    metrics.STORAGE_UP.set(0)
    for gauge in (
        metrics.SESSIONS,
        metrics.SECURED_MINOR,
        metrics.DUE_MINOR,
        metrics.PENDING,
        metrics.OLDEST_SECONDS,
        metrics.UNKNOWN,
    ):
        gauge.clear()
