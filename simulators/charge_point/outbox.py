"""What waits to be sent: statuses, and the queue of transaction messages (§3.7)."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from ocpp.v16.enums import ChargePointStatus

from .events import StatusChanged, Transaction


@dataclass(slots=True, eq=False)
class QueuedStatus:
    """A status to be told once; a failure is not repeated."""

    change: StatusChanged
    order: int


@dataclass(slots=True, eq=False)
class QueuedMessage:
    """A transaction message, kept until it is confirmed or given up."""

    payload: Any
    transaction: Transaction | None
    order: int
    failures: int = 0
    not_before: datetime | None = None


class Outbox:
    """Everything in the order in which it happened; a message that waits lets statuses pass."""

    def __init__(self) -> None:
        self.messages: deque[QueuedMessage] = deque()
        self._statuses: deque[QueuedStatus] = deque()
        self._reported: dict[int, ChargePointStatus] = {}
        self._order = count()

    @property
    def is_empty(self) -> bool:
        """Return whether the central system knows everything."""
        return not self.messages and not self._statuses

    def put_status(self, change: StatusChanged) -> None:
        """Queue a status."""
        self._statuses.append(QueuedStatus(change, next(self._order)))

    def put_message(self, payload: Any, transaction: Transaction | None) -> None:
        """Queue a transaction message."""
        self.messages.append(QueuedMessage(payload, transaction, next(self._order)))

    def resume(self, notices: Iterable[StatusChanged], *, after_boot: bool) -> None:
        """Drop past statuses and queue the present ones: all after a boot, else the changed."""
        if after_boot:
            self._reported.clear()
        self._statuses = deque(
            # Ahead of the queue: a driver should not wait for a backlog (§3.7).
            QueuedStatus(notice, order=-1)
            for notice in notices
            if self._reported.get(notice.connector_id) != notice.status
        )

    def next(self, now: datetime) -> QueuedStatus | QueuedMessage | None:
        """Return what is to be sent now; None if there is nothing, or it waits for a retry."""
        heads: list[QueuedStatus | QueuedMessage] = [*self._first_status(), *self._due_message(now)]
        return min(heads, key=lambda item: item.order, default=None)

    @property
    def retry_at(self) -> datetime | None:
        """Return when the first message may be sent again."""
        return self.messages[0].not_before if self.messages else None

    def told(self, status: QueuedStatus, *, confirmed: bool) -> None:
        """Remove a status that was sent."""
        if status in self._statuses:
            self._statuses.remove(status)
        if confirmed:
            self._reported[status.change.connector_id] = status.change.status

    def done(self, message: QueuedMessage) -> None:
        """Remove a message that was confirmed or given up."""
        self.messages.remove(message)

    def _first_status(self) -> list[QueuedStatus]:
        return [self._statuses[0]] if self._statuses else []

    def _due_message(self, now: datetime) -> list[QueuedMessage]:
        waits = self.retry_at is not None and self.retry_at > now
        return [self.messages[0]] if self.messages and not waits else []
