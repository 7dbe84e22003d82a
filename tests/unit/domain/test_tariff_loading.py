"""A tariff is read exactly, or refused with what to write."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.errors import TariffRefused
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.tariff import PriceComponent
from irve_bridge.domain.tariff_loading import load, refuse_unlawful


def element(kind: str = "ENERGY", price: float = 0.39, **more: object) -> dict[str, object]:
    component = {"type": kind, "price": price, "vat": 20, "step_size": 1}
    restrictions = {"restrictions": more.pop("restrictions")} if "restrictions" in more else {}
    return {"price_components": [component | more], **restrictions}


def document(*elements: dict[str, object], **changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "country_code": "FR",
        "party_id": "XXX",
        "id": "T",
        "currency": "EUR",
        "elements": list(elements) or [element()],
        "last_updated": "2026-01-01T00:00:00Z",
    }
    return base | changes


def restricted(**held: object) -> dict[str, object]:
    return document(element(restrictions=held))


def test_an_ocpi_tariff_is_read_exactly() -> None:
    tariff = load(restricted(start_time="22:00", max_kwh=7.3, day_of_week=["MONDAY"]))
    component, held = tariff.prices[0]
    assert component == PriceComponent(Dimension.ENERGY, Decimal("0.39"), 1, Decimal(20))
    assert component.gross == Fraction("0.468")
    assert held == Restrictions(start_time="22:00", max_kwh=Decimal("7.3"), day_of_week=("MONDAY",))


def test_text_and_document_are_the_same_tariff() -> None:
    plain = document(min_price={"excl_vat": 1})
    assert load(msgspec.json.encode(plain)) == load(plain)


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        (document(elements=[]), "no price component"),
        (document(currency=None), "not an OCPI"),
        (document(currency="jpy"), "in capitals.*not 'jpy': write JPY"),
        (document(currency="EURO"), "ISO 4217.*not 'EURO': write EUR"),
        (document(currency=""), "ISO 4217.*not '': write EUR"),
        (document(currency="IQD"), "that Stripe charges"),
        (document(id="T" * 37), "longer than 36"),
        (document(id="T\0"), "cannot be printed"),
        (document(last_updated="0001-01-01T00:00:00+14:00"), "out of range"),
        (document(end_date_time="9999-12-31T23:59:59-14:00"), "out of range"),
        (document(element(price=-1)), "in element 1, the price or VAT of ENERGY is negative"),
        (document(element(vat=-1)), "negative"),
        (document(element(step_size=-1)), "step_size of ENERGY is negative"),
        (document(element(), {"price_components": []}), "in element 2, there is no price"),
        (document(element("PARKING")), "not an OCPI"),
        (document(element(prize=1)), "prize is no field of OCPI 2.2.1"),
        (document(min_price={"excl_vat": -1}), "min_price is negative"),
        (document(max_price={"excl_vat": 2, "incl_vat": 1}), "less with VAT than without"),
        (
            document(min_price={"excl_vat": 3}, max_price={"excl_vat": 2}),
            "min_price lies above max_price",
        ),
        (
            document(element(vat=0), max_price={"excl_vat": 2, "incl_vat": 3}),
            "is not its excl_vat with the VAT of a price component",
        ),
        (
            document(start_date_time="2026-02-01T00:00:00Z", end_date_time="2026-01-01T00:00:00Z"),
            "end_date_time does not lie after start_date_time",
        ),
        (document(tax_included="YES"), "OCPI 2.3.0"),
        (document(max_price={"excl_vat": 10, "incl_vat": 20}), "with the VAT of a price"),
        (document(max_prise={"excl_vat": 10}), "max_prise is no field.*is max_price meant"),
        (document(max_price={"exkl_vat": 10, "excl_vat": 1}), "exkl_vat is no field"),
        (document(element(price="NaN")), "no number below"),
        (document(element(price="Infinity")), "no number below"),
        (document(element(price=1e30)), "no number below"),
        (restricted(min_kwh="-Infinity"), "no number below"),
        (document(element(price="1E+999999999")), "no number below"),
        (document(element(price="1E-9999999")), "no number below"),
        (document(element(vat="0.12345678901")), "at most 10 decimals"),
        (document(element(step_size=10**9)), "step_size of ENERGY"),
        (restricted(min_duration=10**12), "is above"),
        (restricted(end_date="0001-01-01"), "no date of these days"),
        (document(*[element()] * 201), "more than 200 elements"),
        (document(element("FLAT", 1, restrictions={"reservation": "RESERVATION"})), "no price"),
        (
            document({"price_components": [{"type": "ENERGY", "price": 1}] * 2}),
            "a type has two prices",
        ),
        (restricted(min_kwh=5, max_kwh=5), r"max_kwh does not lie above min_kwh"),
        (restricted(min_power=-1), "min_power or max_power is negative"),
        (restricted(start_time="8:00"), "must be written HH:MM, not '8:00'"),
        (restricted(start_time="08:00", end_time="08:00"), "leave both out"),
        (restricted(start_date="2026-05-01", end_date="2026-05-01"), "exclusive"),
        (restricted(day_of_week=["LUNDI"]), "not an OCPI"),
        (restricted(weekday=["MONDAY"]), "weekday is no field of OCPI 2.2.1"),
        (
            document(element(), element(restrictions={"reservation": "RESERVATION"})),
            "only FLAT and TIME",
        ),
    ],
)
def test_a_tariff_that_would_be_priced_wrongly_is_refused(
    plain: dict[str, object], says: str
) -> None:
    with pytest.raises(TariffRefused, match=says):
        load(plain)


@pytest.mark.parametrize("text", [b"\xff", b"[" * 100_000, b"{}", b"null", b""])
def test_what_is_no_tariff_at_all_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(TariffRefused, match=r"not an OCPI 2\.2\.1 tariff"):
        load(text)


def test_a_price_for_charging_time_is_refused_from_50_kw() -> None:
    """Regulation (EU) 2023/1804, art. 5(4); an occupancy fee is allowed."""
    per_minute = document(element("TIME", 6))
    assert load(per_minute, power_w=49_999)
    with pytest.raises(TariffRefused, match="2023/1804"):
        load(per_minute, power_w=50_000)
    refuse_unlawful(load(document(element(), element("PARKING_TIME", 6))), 350_000)
    late = document(element("TIME", 0), element("TIME", 6, restrictions={"min_duration": 3600}))
    with pytest.raises(TariffRefused, match="2023/1804"):
        load(late, power_w=150_000)
    with pytest.raises(TariffRefused, match="no price for energy"):
        load(document(element("FLAT", 10)), power_w=150_000)
    assert load(document(element("FLAT", 0)), power_w=150_000)


def test_a_tariff_holds_from_its_first_moment_to_before_its_last() -> None:
    """OCPI's moments are UTC where they do not say (types_datetime)."""
    tariff = load(
        document(start_date_time="2026-01-01T00:00:00", end_date_time="2026-02-01T00:00:00Z")
    )
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert tariff.in_force(first)
    assert not tariff.in_force(last)
    assert not tariff.in_force(datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
