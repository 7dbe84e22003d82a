"""A driver reads every price that may apply, gross, in the order of the law, with its condition."""

from decimal import Decimal

import pytest

from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.tariff_loading import load
from irve_bridge.i18n import languages
from irve_bridge.price_list import PriceLine, price_list, remark
from tests.unit.domain.test_tariff_loading import document, element

LANGUAGES = languages()


def lines(tariff: Tariff, code: str = "en") -> list[str]:
    """Return the price list as it is read, its spaces plain."""
    found = price_list(tariff, LANGUAGES[code])
    return [" ".join(_read(price).split()) for price in found]


def _read(price: PriceLine) -> str:
    return f"{price.label} [{price.note}] {price.amount}{price.unit}"


def test_prices_stand_per_kwh_per_minute_per_session_whatever_their_order() -> None:
    """Regulation (EU) 2023/1804, art. 5(4)."""
    mixed = document(
        element("FLAT", 0.5), element("PARKING_TIME", 6), element("TIME", 3), element("ENERGY")
    )
    assert lines(load(mixed)) == [
        "Energy [] €0.468/kWh",
        "Charging time [] €0.06/min",
        "Time plugged in without charging [] €0.12/min",
        "Per session [] €0.60",
    ]


@pytest.mark.parametrize(
    ("held", "english", "french"),
    [
        ({"start_time": "22:00", "end_time": "06:00"}, "from 22:00 to 06:00", "de 22:00 à 06:00"),
        ({"start_time": "22:00"}, "from 22:00 to 00:00", "de 22:00 à 00:00"),
        ({"day_of_week": ["SUNDAY", "SATURDAY", "MONDAY"]}, "Mon, Sat–Sun", "lun., sam.–dim."),
        ({"start_date": "2026-06-01"}, "from 1 Jun 2026 on", "à partir du 1 juin 2026"),
        (
            {"end_date": "2026-09-01"},
            "up to and including 31 Aug 2026",
            "jusqu’au 31 août 2026 inclus",
        ),
        ({"min_kwh": 7.5}, "beyond 7.5 kWh", "au-delà de 7,5 kWh"),
        ({"min_kwh": 0, "max_kwh": 20}, "up to 20 kWh", "jusqu’à 20 kWh"),
        ({"min_duration": 3600}, "after 1 h of the session", "après 1 h de session"),
        (
            {"min_duration": 1800, "max_duration": 5400},
            "between 30 min and 1 h 30 min of the session",
            "entre 30 min et 1 h 30 min de session",
        ),
        ({"max_power": 22}, "below 22 kW", "en dessous de 22 kW"),
        ({"min_current": 16}, "at 16 A and above", "à partir de 16 A"),
    ],
)
def test_every_restriction_is_told_in_words(
    held: dict[str, object], english: str, french: str
) -> None:
    tariff = load(document(element(restrictions=held)))
    assert lines(tariff) == [f"Energy [{english}] €0.468/kWh"]
    assert lines(tariff, "fr") == [f"Énergie [{french}] 0,468 €/kWh"]


def test_what_can_never_apply_is_not_shown_and_neither_is_a_last_price_of_nothing() -> None:
    grace = {"min_duration": 3600}
    tariff = load(
        document(
            element(),
            element("ENERGY", 99),
            element("PARKING_TIME", 6, restrictions=grace),
            element("PARKING_TIME", 0),
        )
    )
    assert lines(tariff) == [
        "Energy [] €0.468/kWh",
        "Time plugged in without charging [after 1 h of the session] €0.12/min",
    ]


def test_a_free_hour_before_a_price_is_shown() -> None:
    tariff = load(
        document(element("TIME", 0, restrictions={"max_duration": 3600}), element("TIME", 3))
    )
    assert lines(tariff)[0] == "Charging time [in the first 1 h of the session] €0.00/min"


def test_a_charge_that_costs_nothing_says_so() -> None:
    assert lines(load(document(element("FLAT", 0)))) == ["Per session [] €0.00"]


def test_a_price_until_a_moment_of_the_session_is_read_in_french_as_one_says_it() -> None:
    tariff = load(document(element(restrictions={"max_duration": 3600})))
    assert lines(tariff, "fr") == ["Énergie [jusqu’à 1 h de session] 0,468 €/kWh"]


def test_blocks_and_bounds_are_told() -> None:
    tariff = load(
        document(
            element("TIME", 3, step_size=300),
            min_price={"excl_vat": 1},
            max_price={"excl_vat": 20, "incl_vat": 24},
        )
    )
    assert lines(tariff) == [
        "Charging time [per started 5 min] €0.06/min",
        "Minimum price [] €1.20",
        "Maximum price [] €24.00",
    ]
    assert lines(tariff, "fr")[1:] == ["Prix minimum [] 1,20 €", "Prix maximum [] 24,00 €"]


def test_a_reservation_s_prices_are_not_those_of_a_charge() -> None:
    reserved = element("FLAT", 9, restrictions={"reservation": "RESERVATION"})
    assert lines(load(document(reserved, element()))) == ["Energy [] €0.468/kWh"]


def test_what_the_operator_says_is_read_in_the_driver_s_language_or_the_first() -> None:
    said = [{"language": "EN", "text": "Cheap"}, {"language": "fr-FR", "text": "Pas cher"}]
    tariff = load(document(tariff_alt_text=said))
    assert [remark(tariff, LANGUAGES[code]) for code in ("fr", "en")] == ["Pas cher", "Cheap"]
    shouted = load(document(tariff_alt_text=[{"language": "DE", "text": "Billig"}, said[0]]))
    assert remark(shouted, LANGUAGES["en"]) == "Cheap"
    german = load(document(tariff_alt_text=[{"language": "de", "text": "Billig"}]))
    assert remark(german, LANGUAGES["fr"]) == "Billig"
    assert remark(load(document()), LANGUAGES["fr"]) == ""


def test_a_price_of_time_that_has_no_end_is_told_for_sixty_minutes() -> None:
    """1.00 an hour is 0.01666… a minute: a price that is read must be the one that is applied."""
    assert lines(load(document(element("TIME", 1, vat=0)))) == ["Charging time [] €1.00/60 min"]


def test_a_price_of_four_decimals_keeps_them() -> None:
    component = load(document(element(price=0.3333, vat=0))).prices[0].component
    assert component.price == Decimal("0.3333")
    assert lines(load(document(element(price=0.3333, vat=0)))) == ["Energy [] €0.3333/kWh"]
