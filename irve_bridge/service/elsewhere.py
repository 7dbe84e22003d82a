"""Meters that run at other nodes, read on for whoever watches them here.

A page is told of every reading, and a long charge has thousands: only new ones are read for it.
What comes late, and belongs before them, is counted when all are read anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Tx
from irve_bridge.service.running import Live, Running, running_from

ANEW_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A meter as it was read; `since` is when all its readings were."""

    running: Running
    since: datetime


class Elsewhere:
    """The meters watched here; it is asked on the storage's threads."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def live(self, tx: Tx, session: Session, now: datetime) -> Live | None:
        """Return a running session's live figures; None when it has no transaction."""
        kept = self._kept.get(session.id)
        if kept is not None and kept.since <= now < kept.since + ANEW_AFTER:
            kept = _read_on(tx, kept, session)
        elif anew := _read_anew(tx, session):
            kept = _Kept(anew, now)
        else:
            return None
        self._keep(session.id, kept, now)
        return kept.running.live(now)

    def _keep(self, session_id: str, kept: _Kept, now: datetime) -> None:
        with self._lock:
            self._kept[session_id] = kept
            for id_, other in list(self._kept.items()) if kept.since == now else ():
                if other.since + ANEW_AFTER <= now:
                    del self._kept[id_]


def _read_anew(tx: Tx, session: Session) -> Running | None:
    transaction = tx.transactions.get(session.charge_point_id, session.transaction_id or "")
    return running_from(tx, transaction, session) if transaction else None


def _read_on(tx: Tx, kept: _Kept, session: Session) -> _Kept:
    """Return a copy that is as far as the storage: another thread may read on, too."""
    running, of = replace(kept.running, session=session), kept.running.transaction
    news = tx.transactions.readings(of.charge_point_id, of.id, after=running.meter.at)
    running.fold(sorted(news, key=lambda reading: reading.order))
    return replace(kept, running=running)
