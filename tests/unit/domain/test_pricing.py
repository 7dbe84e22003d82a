"""One engine prices quote, running cost, limit and receipt, moment by moment, exactly."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.money import to_minor
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.tariff import Price, PriceComponent, Tariff, TariffElement
from irve_bridge.domain.totals import Share
from tests.unit.domain.sessions import tariff
from tests.unit.domain.tariffs import (
    PARIS,
    RATES,
    STARTS,
    ZONES,
    by_energy,
    components,
    courses,
    elements,
    split,
    tariffs,
    timely,
)

STEPS = (0, 1, 60, 300, 500, 900)
ANYTHING = tariffs(elements(timely() | by_energy, components(steps=STEPS)))
BOUNDS = st.none() | st.builds(
    lambda net, rate: Price(net, net * (1 + rate / 100)), st.decimals(0, 50, places=2), RATES
)
CHARGE = st.shared(STARTS, key="start").flatmap(courses)


def begun(periods: list[Period]) -> datetime:
    return periods[0].start_at


def exactly(pricer: Pricer, periods: list[Period]) -> list[tuple[Dimension, Fraction]]:
    """What each rule comes to, before anything is rounded."""
    shares = pricer.shares(pricer.tally(begun(periods), periods))
    return [(share.rule.component.type, share.gross) for share in shares]


@given(
    st.sampled_from(["EUR", "JPY", "TND"]).flatmap(
        lambda currency: tariffs(
            elements(timely() | by_energy, components(steps=STEPS)),
            currency,
            min_price=BOUNDS,
            max_price=BOUNDS,
        )
    ),
    CHARGE,
    ZONES,
)
def test_net_vat_lines_and_bound_always_add_up_to_gross(
    priced: Tariff, periods: list[Period], zone: ZoneInfo
) -> None:
    pricer = Pricer(priced, zone)
    bill = pricer.cost(pricer.tally(begun(periods), periods))
    bound = (bill.bound.net_minor, bill.bound.gross_minor) if bill.bound else (0, 0)
    assert bill.net_minor + sum(v.amount_minor for v in bill.vat) == bill.gross_minor
    assert sum(line.gross_minor for line in bill.lines) + bound[1] == bill.gross_minor
    assert sum(line.net_minor for line in bill.lines) + bound[0] == bill.net_minor
    assert bill.gross_minor >= bill.net_minor >= 0


@given(tariffs(elements(timely() | by_energy)), CHARGE, ZONES, st.data())
def test_splitting_a_period_changes_nothing(
    priced: Tariff, periods: list[Period], zone: ZoneInfo, data: st.DataObject
) -> None:
    pricer = Pricer(priced, zone)
    which = data.draw(st.integers(0, len(periods) - 1))
    long = periods[which].elapsed // timedelta(microseconds=1)
    if not long:
        return
    at = periods[which].start_at + timedelta(microseconds=data.draw(st.integers(0, long)))
    parted = [*periods[:which], *split(periods[which], at), *periods[which + 1 :]]
    assert exactly(pricer, parted) == exactly(pricer, periods)


@given(tariffs(elements(timely(), components(steps=STEPS))), CHARGE, ZONES)
def test_a_charge_cut_where_its_price_changes_costs_the_same(
    priced: Tariff, periods: list[Period], zone: ZoneInfo
) -> None:
    """What a CDR lists is what was priced: part by part, one after the other, nothing lost."""
    pricer = Pricer(priced, zone)
    parts = list(pricer.cut(begun(periods), periods))
    assert pricer.cost(pricer.tally(begun(periods), parts)) == pricer.cost(
        pricer.tally(begun(periods), periods)
    )
    assert list(pricer.cut(begun(periods), parts)) == parts
    assert all(before.end_at == after.start_at for before, after in pairwise(parts))
    assert sum(p.energy_wh for p in parts) == sum(p.energy_wh for p in periods)
    assert sum((p.elapsed for p in parts), timedelta()) == periods[-1].end_at - begun(periods)


@given(
    tariffs(
        elements(timely()) | elements(by_energy, components([Dimension.ENERGY, Dimension.FLAT]))
    ),
    CHARGE,
    ZONES,
    st.integers(1, 50_000),
    st.data(),
)
def test_more_energy_never_costs_less(
    priced: Tariff, periods: list[Period], zone: ZoneInfo, more_wh: int, data: st.DataObject
) -> None:
    """Where energy decides the price of time it may: an hour costs less after 20 kWh."""
    pricer = Pricer(priced, zone)
    which = data.draw(st.integers(0, len(periods) - 1))
    more = changed(periods[which], energy_wh=periods[which].energy_wh + more_wh)
    after = [*periods[:which], more, *periods[which + 1 :]]
    assert sum(cost for _, cost in exactly(pricer, after)) >= sum(
        cost for _, cost in exactly(pricer, periods)
    )


@given(ANYTHING, CHARGE, ZONES)
def test_the_running_cost_is_what_a_recomputation_gives(
    priced: Tariff, periods: list[Period], zone: ZoneInfo
) -> None:
    """The state of the fold is all there is: what it says midway is the bill of that far."""
    pricer = Pricer(priced, zone)
    running = pricer.start(begun(periods))
    for so_far, period in enumerate(periods, 1):
        running = pricer.add(running, period)
        again = Pricer(priced, zone)
        whole = again.cost(again.tally(begun(periods), periods[:so_far]))
        assert pricer.cost(running) == whole


@given(tariffs(elements(timely(), components(steps=[0]))), CHARGE, ZONES)
def test_every_minute_is_priced_by_the_first_element_that_matches_then(
    priced: Tariff, periods: list[Period], zone: ZoneInfo
) -> None:
    """Against the plainest reading of the text: minute by minute, element by element."""
    pricer = Pricer(priced, zone)
    found = sum((share.net for share in _shares(pricer, periods)), Fraction(0))
    assert found == minute_by_minute(priced, periods, zone)


def _shares(pricer: Pricer, periods: list[Period]) -> list[Share]:
    return pricer.shares(pricer.tally(begun(periods), periods))


def minute_by_minute(priced: Tariff, periods: list[Period], zone: ZoneInfo) -> Fraction:
    net, start_at = Fraction(0), begun(periods)
    flat = first(priced, Dimension.FLAT, start_at, start_at, zone)
    minute = timedelta(minutes=1)
    for period in periods:
        minutes = period.elapsed // minute
        moments = [period.start_at + n * minute for n in range(minutes)] or [period.start_at]
        time = Dimension.TIME if period.charging else Dimension.PARKING_TIME
        for at in moments:
            flat = flat or first(priced, Dimension.FLAT, at, start_at, zone)
            if energy := first(priced, Dimension.ENERGY, at, start_at, zone):
                net += Fraction(energy.price) * period.energy_wh / len(moments) / 1000
            if minutes and (hourly := first(priced, time, at, start_at, zone)):
                net += Fraction(hourly.price) / 60
    return net + Fraction(flat.price if flat else 0)


def first(
    priced: Tariff, dimension: Dimension, at: datetime, start_at: datetime, zone: ZoneInfo
) -> PriceComponent | None:
    for element in priced.elements:
        held = element.restrictions or Restrictions()
        if plainly(held, at.astimezone(zone), (at - start_at).total_seconds()):
            for component in element.price_components:
                if component.type is dimension:
                    return component
    return None


def plainly(held: Restrictions, local: datetime, elapsed_s: float) -> bool:
    """The text's table, line by line."""
    now, today = f"{local:%H:%M}", local.date()
    begin, end = held.start_time or "00:00", held.end_time or "00:00"
    if begin < end or end == "00:00":
        timely = now >= begin and (end == "00:00" or now < end)
    else:
        timely = now >= begin or now < end
    return (
        timely
        and (held.start_date is None or today >= held.start_date)
        and (held.end_date is None or today < held.end_date)
        and (held.min_duration is None or elapsed_s >= held.min_duration)
        and (held.max_duration is None or elapsed_s < held.max_duration)
        and (not held.day_of_week or f"{local:%A}".upper() in held.day_of_week)
    )


def one(price: str, dimension: Dimension = Dimension.ENERGY, **held: object) -> TariffElement:
    component = PriceComponent(dimension, Decimal(price))
    return TariffElement((component,), Restrictions(**held) if held else None)  # type: ignore[arg-type]  # as each test names them


def of(*parts: TariffElement) -> Tariff:
    return Tariff(id="T", currency="EUR", elements=parts)


def drawn(start: str, hours: float, energy_wh: int, zone: ZoneInfo = PARIS) -> Period:
    at = datetime.fromisoformat(start).replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))
    lasted = timedelta(hours=hours)
    return Period(start_at=at, end_at=at + lasted, energy_wh=energy_wh, charging=lasted)


def net(priced: Tariff, *periods: Period) -> Fraction:
    shares = _shares(Pricer(priced, PARIS), list(periods))
    return sum((share.net for share in shares), Fraction(0))


def test_the_night_price_begins_and_ends_by_the_station_s_clock() -> None:
    """11 kW from 20:00 to 08:00 local: two hours by day, eight by night, two by day."""
    night = of(one("0.2", start_time="22:00", end_time="06:00"), one("0.4"))
    assert net(night, drawn("2026-11-25T20:00", 12, 132_000)) == 4 * 11 * Fraction("0.4") + (
        8 * 11 * Fraction("0.2")
    )


def test_the_night_of_winter_time_is_an_hour_longer_and_of_summer_time_shorter() -> None:
    night = of(one("0.2", start_time="22:00", end_time="06:00"), one("0.4"))
    longer = net(night, drawn("2026-10-24T22:00", 10, 10_000))
    shorter = net(night, drawn("2026-03-28T22:00", 10, 10_000))
    assert (longer, shorter) == (
        9 * Fraction("0.2") + 1 * Fraction("0.4"),
        7 * Fraction("0.2") + 3 * Fraction("0.4"),
    )


def test_an_hour_that_the_clock_repeats_is_priced_twice() -> None:
    """02:30 comes twice on 2026-10-25; between them the clock goes back to 02:00."""
    half_past = of(one("1", start_time="02:30", end_time="03:00"))
    assert net(half_past, drawn("2026-10-25T01:00", 4, 4_000)) == 1


def test_an_hour_that_the_clock_skips_is_never_priced() -> None:
    """After 02:00 comes 03:00 on 2026-03-29."""
    half_past = of(one("1", start_time="02:15", end_time="02:45"))
    assert net(half_past, drawn("2026-03-29T01:00", 4, 4_000)) == 0


def test_a_price_by_energy_changes_at_the_very_watt_hour() -> None:
    dearer = of(one("0.3", max_kwh=Decimal("7.3")), one("0.5", min_kwh=Decimal("7.3")))
    assert net(dearer, drawn("2026-11-25T10:00", 1, 11_000)) == (
        Fraction("7.3") * Fraction("0.3") + Fraction("3.7") * Fraction("0.5")
    )


def test_an_idle_fee_waits_for_its_grace_period() -> None:
    """Parking is free for the first two hours of the session, then 6 per hour."""
    idle = of(one("6", Dimension.PARKING_TIME, min_duration=7200))
    start = drawn("2026-11-25T10:00", 1, 10_000)
    parked = Period(
        start_at=start.end_at,
        end_at=start.end_at + timedelta(hours=3),
        parking=timedelta(hours=3),
    )
    assert net(idle, start, parked) == 12


def test_the_power_decides_period_by_period() -> None:
    fast = of(one("0.5", min_power=Decimal(16)), one("0.2"))
    slow, quick = drawn("2026-11-25T10:00", 1, 15_999), drawn("2026-11-25T11:00", 1, 16_000)
    assert net(fast, slow, quick) == Fraction("15.999") * Fraction("0.2") + 8


def test_what_is_not_known_of_the_current_counts_as_none() -> None:
    priced = of(one("2", Dimension.TIME, min_current=Decimal(32)), one("1", Dimension.TIME))
    known = changed(drawn("2026-11-25T10:00", 1, 0), min_current_ma=32_000)
    assert (net(priced, known), net(priced, drawn("2026-11-25T10:00", 1, 0))) == (2, 1)


def test_a_fee_by_the_session_is_paid_once_and_from_the_start() -> None:
    pricer = Pricer(tariff(FLAT="0.50"), PARIS)
    begun = pricer.start(drawn("2026-11-25T10:00", 1, 0).start_at)
    assert pricer.cost(begun).gross_minor == 60
    assert net(tariff(FLAT="0.50"), *[drawn("2026-11-25T10:00", 1, 0)] * 3) == Fraction("0.5")


def test_a_known_bill() -> None:
    """12.345 kWh at 0.39, 1 h charging at 1.20, 30 min parked at 6, and 0.50 flat, 20 % VAT."""
    charge = drawn("2026-11-25T10:00", 1, 12_345)
    parked = Period(
        start_at=charge.end_at,
        end_at=charge.end_at + timedelta(minutes=30),
        parking=timedelta(minutes=30),
    )
    pricer = Pricer(tariff(ENERGY="0.39", TIME="1.20", PARKING_TIME="6", FLAT="0.50"), PARIS)
    bill = pricer.cost(pricer.tally(charge.start_at, [charge, parked]))
    assert bill.gross_minor == to_minor(Fraction("11.417460"), "EUR") == 1142
    assert [line.gross_minor for line in bill.lines] == [578, 144, 360, 60]
    assert [line.energy_wh for line in bill.lines] == [12_345, 0, 0, 0]
    assert [line.seconds for line in bill.lines] == [0, 3600, 1800, 0]


def test_a_price_bound_is_told_apart_from_what_was_used() -> None:
    least = replace(tariff(ENERGY="0.50"), min_price=Price(Decimal(2), Decimal("2.40")))
    pricer = Pricer(least, PARIS)
    charge = drawn("2026-11-25T10:00", 1, 1_000)
    bill = pricer.cost(pricer.tally(charge.start_at, [charge]))
    assert (bill.net_minor, bill.gross_minor) == (200, 240)
    assert [line.gross_minor for line in bill.lines] == [60]
    assert bill.bound is not None
    assert bill.bound.gross_minor == 180
