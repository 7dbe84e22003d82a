"""When the energy between two registers flowed, by what the connector reported meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from irve_bridge.domain.period import Period

_MICROSECOND = timedelta(microseconds=1)


class Activity(StrEnum):
    """What the connector reports while a transaction runs."""

    CHARGING = "charging"
    SUSPENDED_EVSE = "suspended_evse"
    SUSPENDED_EV = "suspended_ev"

    @property
    def parking(self) -> bool:
        """Whether this is PARKING_TIME: the vehicle asks for no power (OCPI 2.2.1 mod_cdrs)."""
        return self is Activity.SUSPENDED_EV


class Span(NamedTuple):
    """A time of one activity, and the last current that was told in it, if any was.

    One figure, so that of two prices that a bound of current parts exactly one holds.
    """

    start_at: datetime
    end_at: datetime
    activity: Activity
    current_ma: int | None = None

    @property
    def elapsed(self) -> timedelta:
        """How long it lasted."""
        return self.end_at - self.start_at

    def continues(self, before: "Span") -> bool:
        """Whether it goes on with the activity and the current of the one before."""
        return self[2:] == before[2:]


def periods(spans: Sequence[Span], energy_wh: int) -> tuple[Period, ...]:
    """Return a period for each span, and all the energy in those in which energy can have flowed.

    Those are the spans of charging, in proportion to their time; without any, all of them.
    """
    if len(spans) == 1:
        return (_period(spans[0], energy_wh),)
    charging = any(span.activity is Activity.CHARGING for span in spans)
    flows = [not charging or span.activity is Activity.CHARGING for span in spans]
    elapsed = (span.elapsed for span, flowing in zip(spans, flows, strict=True) if flowing)
    whole = sum(elapsed, timedelta()) // _MICROSECOND
    return tuple(
        _period(span, _share(energy_wh, span, whole) if flowing else 0)
        for span, flowing in zip(spans, flows, strict=True)
    )


def _share(energy_wh: int, span: Span, whole: int) -> Fraction | int:
    part = span.elapsed // _MICROSECOND
    return energy_wh if part == whole else Fraction(energy_wh * part, whole)


def _period(span: Span, energy_wh: Fraction | int) -> Period:
    parking = span.activity.parking
    return Period(
        start_at=span.start_at,
        end_at=span.end_at,
        energy_wh=energy_wh,
        charging=timedelta() if parking else span.elapsed,
        parking=span.elapsed if parking else timedelta(),
        min_current_ma=span.current_ma,
        max_current_ma=span.current_ma,
    )
