"""What days and stations brought in, by the books and the papers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from irve_bridge.domain.local_time import day_begins
from irve_bridge.service.ports import TakingsTally, Tx

DAYS_MOST = 92
"""A quarter of a year is looked at in one piece."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Whole days of a clock, the `last` among them; none where it is before the `first`."""

    first: date
    last: date
    time_zone: str

    def __len__(self) -> int:
        return max(0, (self.last - self.first).days + 1)

    def __iter__(self) -> Iterator[date]:
        return (self.first + number * _DAY for number in range(len(self)))

    @property
    def since(self) -> datetime:
        """When the first day begins, in UTC."""
        return day_begins(self.first, self.time_zone)

    @property
    def until(self) -> datetime:
        """When the last day is over, in UTC."""
        return day_begins(self.last + _DAY, self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What came of some days at one station or at all (""): by day, in all, and by station.

    One tally for each currency: they are never added up. `stations` begins behind one that was
    listed; `names` are those of what is still registered.
    """

    days: Days
    charge_point_id: str
    by_day: Sequence[tuple[date, Sequence[TakingsTally]]]
    stations: Sequence[TakingsTally] = ()
    names: Mapping[str, str]

    @property
    def total(self) -> Sequence[TakingsTally]:
        """All days together, by currency."""
        return added(tally for _, tallies in self.by_day for tally in tallies)

    def of(self, currency: str) -> Sequence[tuple[date, TakingsTally | None]]:
        """Return every day in one currency; None where nothing came of it."""
        return [
            (day, next((tally for tally in tallies if tally.currency == currency), None))
            for day, tallies in self.by_day
        ]


def takings(
    tx: Tx,
    days: Days,
    charge_point_id: str,
    limit: int,
    after: tuple[str, str],
) -> Takings:
    """Return what came of some days, and, where no station is asked for, of which stations."""
    begins = [(day, day_begins(day, days.time_zone)) for day in (*days, days.last + _DAY)]
    by_day = [
        (day, tx.tallies.takings(since, until, charge_point_id or None))
        for (day, since), (_, until) in pairwise(begins)
    ]
    of_stations = (
        tx.tallies.takings_by_station(days.since, days.until, limit, after)
        if not charge_point_id
        else []
    )
    named = {charge_point_id, *(tally.charge_point_id for tally in of_stations)}
    points = (tx.stations.charge_point(each) for each in named)
    return Takings(
        days=days,
        charge_point_id=charge_point_id,
        by_day=by_day,
        stations=of_stations,
        names={point.id: point.name for point in points if point},
    )


def added(tallies: Iterable[TakingsTally]) -> Sequence[TakingsTally]:
    """Return the sum of tallies, one for each currency."""
    sums: dict[str, TakingsTally] = {}
    for tally in tallies:
        so_far = sums.get(tally.currency)
        sums[tally.currency] = _sum(so_far, tally) if so_far else tally
    return [sums[currency] for currency in sorted(sums)]


def _sum(one: TakingsTally, other: TakingsTally) -> TakingsTally:
    return replace(
        one,
        charged_minor=one.charged_minor + other.charged_minor,
        refunded_minor=one.refunded_minor + other.refunded_minor,
        disputed_minor=one.disputed_minor + other.disputed_minor,
        billed_minor=one.billed_minor + other.billed_minor,
        vat_minor=one.vat_minor + other.vat_minor,
        sessions=one.sessions + other.sessions,
        energy_wh=one.energy_wh + other.energy_wh,
    )
