"""A charge is stopped before it costs more than was secured, whatever its tariff."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer, Tally
from irve_bridge.domain.projection import HORIZON, charge, quote, time_until
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.tariff import Price, PriceComponent, Tariff, TariffElement
from tests.unit.domain.sessions import tariff
from tests.unit.domain.tariffs import (
    PARIS,
    STARTS,
    by_energy,
    components,
    elements,
    tariffs,
    timely,
)

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
POWERS_W = st.integers(0, 350_000)
LIMITS = st.integers(1, 10_000)


def after(
    pricer: Pricer, tally: Tally, at: datetime, elapsed: timedelta, power_w: int, *, parking: bool
) -> Tally:
    """Go on at constant power."""
    energy_wh = Fraction(power_w * (elapsed // MICROSECOND), 3_600_000_000)
    period = Period(
        start_at=at,
        end_at=at + elapsed,
        energy_wh=energy_wh,
        charging=timedelta() if parking else elapsed,
        parking=elapsed if parking else timedelta(),
        min_power_w=power_w,
        max_power_w=power_w,
        min_current_ma=power_w * 1000 // 230,
        max_current_ma=power_w * 1000 // 230,
    )
    return pricer.add(tally, period)


@given(
    tariffs(elements(timely() | by_energy, components(steps=(0, 1, 300, 900)))),
    STARTS,
    POWERS_W,
    LIMITS,
    st.booleans(),
)
def test_before_the_projected_moment_the_cost_stays_within_the_limit(
    priced: Tariff, at: datetime, power_w: int, limit_minor: int, parking: bool
) -> None:
    pricer = Pricer(priced, PARIS)
    begun = pricer.start(at)
    left = time_until(pricer, begun, at, limit_minor, power_w, parking=parking)
    before = HORIZON if left is None else left - MICROSECOND
    if before >= timedelta():
        so_far = after(pricer, begun, at, before, power_w, parking=parking)
        assert pricer.cost(so_far).gross_minor <= limit_minor


EXACT = tariffs(elements(timely() | by_energy, components(steps=[0])))


@given(EXACT, STARTS, POWERS_W, LIMITS, st.booleans())
def test_nobody_is_stopped_before_the_limit_is_reached(
    priced: Tariff, at: datetime, power_w: int, limit_minor: int, parking: bool
) -> None:
    """A microsecond later it is, or a fee by the session has just become due."""
    pricer = Pricer(priced, PARIS)
    begun = pricer.start(at)
    left = time_until(pricer, begun, at, limit_minor, power_w, parking=parking)
    if left is not None:
        later = after(pricer, begun, at, left + MICROSECOND, power_w, parking=parking)
        limit = Fraction(limit_minor, 10 ** minor_digits(priced.currency))
        assert pricer.gross(later) >= limit


def test_a_block_that_was_begun_counts_whole_also_where_it_no_longer_grows() -> None:
    """Both prices end at 0.1 kWh; the quarter of an hour that was begun is billed whole."""
    element = TariffElement(
        (
            PriceComponent(Dimension.ENERGY, Decimal(1), 0),
            PriceComponent(Dimension.TIME, Decimal("0.4"), 900),
        ),
        Restrictions(max_kwh=Decimal("0.1")),
    )
    pricer = Pricer(Tariff(id="T", currency="EUR", elements=(element,)), PARIS)
    whole = after(pricer, pricer.start(NOW), NOW, HORIZON, 1_000, parking=False)
    assert pricer.cost(whole).gross_minor == 20
    assert time_until(pricer, pricer.start(NOW), NOW, 19, 1_000, parking=False) is not None
    assert time_until(pricer, pricer.start(NOW), NOW, 25, 1_000, parking=False) is None


def test_a_charge_that_costs_nothing_more_reaches_no_limit() -> None:
    pricer = Pricer(tariff(ENERGY="0.5"), PARIS)
    assert time_until(pricer, pricer.start(NOW), NOW, 100, 0, parking=False) is None


def test_a_maximum_price_within_the_limit_is_never_passed() -> None:
    capped = Tariff(
        id="T",
        currency="EUR",
        elements=tariff(ENERGY="0.5").elements,
        max_price=Price(Decimal(10), Decimal(12)),
    )
    pricer = Pricer(capped, PARIS)
    assert time_until(pricer, pricer.start(NOW), NOW, 1200, 350_000, parking=False) is None
    assert time_until(pricer, pricer.start(NOW), NOW, 1199, 350_000, parking=False) is not None


def test_a_dearer_evening_brings_the_limit_closer() -> None:
    """1 per kWh until 18:00 local, then 10: 10 kWh in the first hour, the rest in ten minutes."""
    evening = TariffElement(
        (PriceComponent(Dimension.ENERGY, Decimal(10), 0),), Restrictions(start_time="18:00")
    )
    day = TariffElement((PriceComponent(Dimension.ENERGY, Decimal(1), 0),))
    pricer = Pricer(Tariff(id="T", currency="EUR", elements=(evening, day)), PARIS)
    at = datetime(2026, 11, 25, 16, tzinfo=UTC)
    left = time_until(pricer, pricer.start(at), at, 2667, 10_000, parking=False)
    assert left is not None
    assert left // timedelta(seconds=1) == 3600 + 600


@given(st.integers(1, 100_000), st.integers(1000, 350_000))
def test_a_quote_for_an_energy_is_the_bill_of_that_charge(energy_wh: int, power_w: int) -> None:
    pricer = Pricer(tariff(ENERGY="0.39", TIME="1.2", FLAT="0.5"), PARIS)
    bill = pricer.cost(pricer.tally(NOW, [charge(NOW, power_w, energy_wh, None)]))
    assert quote(pricer, NOW, power_w, energy_wh, None) == bill
    assert sum(line.energy_wh for line in bill.lines) == energy_wh


def test_energy_and_duration_follow_from_each_other_by_the_power() -> None:
    pricer = Pricer(tariff(ENERGY="0.50", TIME="1"), PARIS)
    by_energy_wh = quote(pricer, NOW, 22_000, 11_000, None)
    assert by_energy_wh == quote(pricer, NOW, 22_000, None, 30)
    assert by_energy_wh.gross_minor == 720
