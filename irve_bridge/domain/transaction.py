"""A charge point's transaction: it exists with or without a payment.

Its key is the charge point and a text id, so that protocols whose charge points choose their own
ids fit the same tables.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from irve_bridge.domain.moments import Moment, during
from irve_bridge.domain.tariff import Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What a charge point metered, from its start to its stop.

    `accepted` is what the start was answered; `session_id` names the payment it belongs to, if any.
    `acknowledged` says that the charge point has used the id: it will name it at the stop.
    `heard_at` is when its start was heard. `presumed`: its stop was never heard of, so that it was
    ended at its last trusted reading; one that comes after all takes that end's place. Its moments
    are on our clock; `start_said_at` is what the charge point's showed at the start, where that
    cannot be, and `stop_doubted` says that its stop may have been at another moment. `ran_on_at`
    is when it was heard that it used more than was billed when its end was presumed. `tariff` is
    what an own customer's is priced by, as it was at the start; a guest's stands in the session.
    """

    charge_point_id: str
    id: str
    connector_number: int
    id_tag: str
    start_at: datetime
    meter_start_wh: int
    accepted: bool
    start_said_at: datetime | None = None
    session_id: str | None = None
    acknowledged: bool = False
    stop_at: datetime | None = None
    meter_stop_wh: int | None = None
    stop_reason: str | None = None
    heard_at: datetime | None = None
    presumed: bool = False
    stop_doubted: bool = False
    ran_on_at: datetime | None = None
    reservation_id: int | None = None
    tariff: Tariff | None = None

    @property
    def clock_start_at(self) -> datetime:
        """When it started, by the charge point's own clock."""
        return self.start_said_at or self.start_at

    @property
    def clock_ahead(self) -> timedelta:
        """How far the charge point's clock was ahead of ours at the start."""
        return self.clock_start_at - self.start_at

    def moment(self, said_at: datetime, heard_at: datetime, *, dated: bool = True) -> Moment:
        """Return when something happened in it; not `dated`, nobody said a moment that can be."""
        if not dated:
            return Moment(max(heard_at, self.start_at), believed=False)
        return during(said_at, self.clock_ahead, self.start_at, heard_at)

    @property
    def running(self) -> bool:
        """Whether it has not ended, be it only presumably."""
        return self.stop_at is None
