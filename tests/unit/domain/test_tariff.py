"""A price is exact until it is rounded once, and its parts always add up to it."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain.errors import TariffRefused
from irve_bridge.domain.money import allot, to_minor
from irve_bridge.domain.tariff import (
    Breakdown,
    Dimension,
    PriceComponent,
    Tariff,
    TariffElement,
    Volumes,
    estimate,
    load,
    price,
    time_until,
)
from tests.unit.domain.sessions import tariff

prices = st.decimals(0, 10, places=4)
rates = st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(10), Decimal(20)])
components = st.lists(
    st.builds(PriceComponent, st.sampled_from(Dimension), prices, st.just(1), rates),
    min_size=1,
    max_size=4,
    unique_by=lambda c: c.type,
)
volumes = st.builds(
    Volumes,
    st.integers(0, 200_000),
    st.timedeltas(timedelta(), timedelta(days=1)),
    st.timedeltas(timedelta(), timedelta(days=1)),
    st.booleans(),
)


def whole(chosen: list[PriceComponent], currency: str = "EUR") -> Tariff:
    return Tariff(id="T", currency=currency, elements=(TariffElement(tuple(chosen)),))


@given(components, volumes, st.sampled_from(["EUR", "JPY", "TND"]))
def test_net_and_vat_always_add_up_to_gross(
    chosen: list[PriceComponent], used: Volumes, currency: str
) -> None:
    bill = price(whole(chosen, currency), used)
    assert bill.net_minor + sum(v.amount_minor for v in bill.vat) == bill.gross_minor
    assert sum(line.gross_minor for line in bill.lines) == bill.gross_minor
    assert sum(line.net_minor for line in bill.lines) == bill.net_minor


@given(components, volumes, st.integers(0, 50_000))
def test_more_energy_never_costs_less(
    chosen: list[PriceComponent], used: Volumes, more_wh: int
) -> None:
    after = Volumes(used.energy_wh + more_wh, used.charging, used.parking, started=used.started)
    assert price(whole(chosen), after).gross_minor >= price(whole(chosen), used).gross_minor


def test_a_known_bill() -> None:
    """12.345 kWh at 0.39, 1 h charging at 1.20, 30 min parked at 6, and 0.50 flat, 20 % VAT."""
    used = Volumes(12_345, timedelta(hours=1), timedelta(minutes=30), started=True)
    bill = price(tariff(ENERGY="0.39", TIME="1.20", PARKING_TIME="6", FLAT="0.50"), used)
    net = Fraction("4.81455") + Fraction("1.20") + 3 + Fraction("0.50")
    assert bill.gross_minor == to_minor(net * Fraction(6, 5), "EUR") == 1142
    assert [line.gross_minor for line in bill.lines] == [578, 144, 360, 60]


def test_money_is_rounded_half_up() -> None:
    assert [to_minor(Fraction(n, 1000), "EUR") for n in (4, 5, 14, 15, -5)] == [0, 1, 1, 2, -1]
    assert to_minor(Fraction(1, 2), "JPY") == 1
    assert to_minor(Fraction("1.2345"), "TND") == 1235


@given(st.integers(0, 10_000), st.lists(st.fractions(0, 10), max_size=6))
def test_allotted_parts_add_up_and_none_is_negative(total: int, weights: list[Fraction]) -> None:
    parts = allot(total, weights)
    assert len(parts) == len(weights)
    assert all(part >= 0 for part in parts)
    assert sum(parts) == (total if weights else 0)


@given(st.integers(1, 22_000), st.integers(1, 5_000))
def test_the_limit_is_reached_at_the_projected_moment(power_w: int, limit_minor: int) -> None:
    """At constant power the cost at the projected moment is the limit, to the cent."""
    t = tariff(ENERGY="0.50", TIME="1")
    left = time_until(t, Volumes(started=True), limit_minor, power_w, parking=False)
    assert left is not None
    energy_wh = round(power_w * left.total_seconds() / 3600)
    bill: Breakdown = price(t, Volumes(energy_wh, left, started=True))
    assert abs(bill.gross_minor - limit_minor) <= 1


def test_a_free_dimension_never_reaches_a_limit() -> None:
    assert time_until(tariff(ENERGY="0.5"), Volumes(), 100, 0, parking=False) is None


def test_an_estimate_fills_in_time_or_energy_by_the_power() -> None:
    t = tariff(ENERGY="0.50", TIME="1")
    by_energy = estimate(t, 22_000, 11_000, None)
    by_time = estimate(t, 22_000, None, 30)
    assert by_energy == by_time
    assert by_energy.gross_minor == 720


def document(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "country_code": "FR",
        "party_id": "XXX",
        "id": "T",
        "currency": "EUR",
        "elements": [
            {"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 20, "step_size": 1}]}
        ],
        "last_updated": "2026-01-01T00:00:00Z",
    }
    return base | changes


def test_an_ocpi_tariff_is_read_exactly() -> None:
    component = load(document()).component(Dimension.ENERGY)
    assert component == PriceComponent(Dimension.ENERGY, Decimal("0.39"), 1, Decimal(20))
    assert component.gross == Fraction("0.468")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"elements": []}, "no price component"),
        ({"currency": None}, "not an OCPI"),
        ({"currency": "jpy"}, "in capitals.*not 'jpy': write JPY"),
        ({"currency": "EURO"}, "ISO 4217.*not 'EURO': write EUR"),
        ({"currency": ""}, "ISO 4217.*not '': write EUR"),
        ({"currency": "IQD"}, "that Stripe charges"),
        ({"max_price": {"excl_vat": 1}}, "max_price"),
        ({"elements": [_e := {"price_components": [{"type": "ENERGY", "price": -1}]}]}, "negative"),
        ({"elements": [{**_e, "restrictions": {"min_kwh": 1}}]}, "restrictions"),
        (
            {"elements": [{"price_components": [{"type": "TIME", "price": 1, "step_size": 300}]}]},
            "step_size",
        ),
    ],
)
def test_a_tariff_that_would_be_priced_wrongly_is_refused(
    changes: dict[str, object], says: str
) -> None:
    with pytest.raises(TariffRefused, match=says):
        load(document(**changes))


def test_a_price_for_charging_time_is_refused_from_50_kw() -> None:
    per_minute = document(elements=[{"price_components": [{"type": "TIME", "price": 6}]}])
    assert load(per_minute, power_w=49_999)
    with pytest.raises(TariffRefused, match="2023/1804"):
        load(per_minute, power_w=50_000)
