"""When something happened, by a charge point's clock that may be wrong.

Our own clock is right: nothing is heard of before it happened, and a charge begins after it was
paid for. What a charge point says beyond that shows how far its clock is off. Two moments of one
clock are that far off both, so a duration is right even where neither moment is. Time that has not
happened yet is never billed, be it within what clocks may differ by.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(minutes=5)
"""Clocks that are right may differ by this."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on our clock, and whether the charge point's clock is believed to have shown it."""

    at: datetime
    believed: bool = True


def start(said_at: datetime, heard_at: datetime, earliest_at: datetime | None) -> datetime:
    """Return when a transaction started: as it says where that can be, else when we heard of it."""
    too_early = earliest_at is not None and said_at < earliest_at - SLACK
    return heard_at if too_early else min(said_at, heard_at)


def during(said_at: datetime, ahead: timedelta, start_at: datetime, heard_at: datetime) -> Moment:
    """Return when something happened in a transaction whose start was said `ahead` of `start_at`.

    A moment before the start or after we heard of it cannot be: the clock was set in between, and
    when we heard of it is all that is known.
    """
    at = said_at - ahead
    if start_at - SLACK <= at <= heard_at + SLACK:
        return Moment(max(min(at, heard_at), start_at))
    return Moment(max(heard_at, start_at), believed=False)
