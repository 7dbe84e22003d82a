"""Tariffs and courses of charges to draw from."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.period import Period
from irve_bridge.domain.restrictions import Day, Restrictions
from irve_bridge.domain.tariff import Price, PriceComponent, Tariff, TariffElement

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from([ZoneInfo("UTC"), PARIS, ZoneInfo("Asia/Kathmandu")])
NIGHTS = ("2026-03-28T18:00", "2026-10-24T18:00", "2026-12-31T20:00", "2026-11-25T10:00")
"""The evenings before both changes of the clock, the year's last, and any day."""
STARTS = st.builds(
    lambda night, minutes: datetime.fromisoformat(night).replace(tzinfo=UTC) + minutes,
    st.sampled_from(NIGHTS),
    st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
)
PRICES = st.decimals(0, 10, places=4)
RATES = st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(10), Decimal(20)])
HOURS = st.sampled_from(["00:00", "00:30", "02:00", "02:30", "03:00", "06:00", "12:00", "22:15"])
KWH = st.decimals(0, 30, places=1)
MINUTES_S = st.integers(0, 12 * 60).map(lambda minutes: minutes * 60)


def components(
    dimensions: Sequence[Dimension] = tuple(Dimension), steps: Sequence[int] = (1,)
) -> st.SearchStrategy[PriceComponent]:
    """Return components of some dimensions and step sizes."""
    return st.builds(
        PriceComponent, st.sampled_from(dimensions), PRICES, st.sampled_from(steps), RATES
    )


COMPONENTS = components()


@st.composite
def timely(draw: st.DrawFn) -> Restrictions:
    """Restrictions by moment and duration, to the minute."""
    begin, end = draw(st.none() | HOURS), draw(st.none() | HOURS)
    least, most = draw(st.none() | MINUTES_S), draw(st.none() | MINUTES_S)
    return Restrictions(
        start_time=None if begin == end else begin,
        end_time=None if begin == end else end,
        start_date=draw(st.none() | st.dates(date(2026, 3, 27), date(2026, 12, 31))),
        end_date=draw(st.none() | st.dates(date(2026, 10, 24), date(2027, 1, 1))),
        min_duration=least,
        max_duration=most,
        day_of_week=tuple(draw(st.sets(st.sampled_from(Day), max_size=5))),
    )


by_energy = st.builds(Restrictions, min_kwh=st.none() | KWH, max_kwh=st.none() | KWH)


def elements(
    restrictions: st.SearchStrategy[Restrictions],
    of: st.SearchStrategy[PriceComponent] = COMPONENTS,
) -> st.SearchStrategy[TariffElement]:
    some = st.lists(of, min_size=1, max_size=3).map(tuple)
    return st.builds(TariffElement, some, st.none() | restrictions)


def tariffs(
    element: st.SearchStrategy[TariffElement],
    currency: str = "EUR",
    **more: st.SearchStrategy[Price | None],
) -> st.SearchStrategy[Tariff]:
    listed = st.lists(element, min_size=1, max_size=6).map(tuple)
    return st.builds(Tariff, st.just("T"), st.just(currency), listed, **more)


@st.composite
def courses(draw: st.DrawFn, start_at: datetime, most: int = 8) -> list[Period]:
    """Periods of whole minutes, one after the other."""
    periods, at = [], start_at
    for minutes in draw(st.lists(st.integers(0, 300), min_size=1, max_size=most)):
        lasted = timedelta(minutes=minutes)
        parking = draw(st.booleans())
        periods.append(
            Period(
                start_at=at,
                end_at=at + lasted,
                energy_wh=0 if parking else draw(st.integers(0, 60_000)),
                charging=timedelta() if parking else lasted,
                parking=lasted if parking else timedelta(),
            )
        )
        at += lasted
    return periods


def split(period: Period, at: datetime) -> list[Period]:
    """Return a period in two, its energy as its time."""
    share = Fraction(
        (at - period.start_at) // timedelta(microseconds=1),
        period.elapsed // timedelta(microseconds=1),
    )
    energy_wh = period.energy_wh * share
    charging = bool(period.charging)
    return [
        _part(period.start_at, at, energy_wh, charging=charging),
        _part(at, period.end_at, period.energy_wh - energy_wh, charging=charging),
    ]


def _part(start_at: datetime, end_at: datetime, energy_wh: Fraction, *, charging: bool) -> Period:
    lasted = end_at - start_at
    time = {"charging": lasted} if charging else {"parking": lasted}
    return Period(start_at=start_at, end_at=end_at, energy_wh=energy_wh, **time)
