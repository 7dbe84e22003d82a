"""Quantities as people write them."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from aiohttp.test_utils import make_mocked_request

from irve_bridge.domain.money import CURRENCIES, minor_digits
from irve_bridge.i18n import DEFAULT, REGIONS, Language, language, languages
from irve_bridge.web.languages import accepted, preferred, switches

LANGUAGES = languages()


@pytest.fixture(params=list(REGIONS))
def spoken(request: pytest.FixtureRequest) -> Language:
    return LANGUAGES[request.param]


def written(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("code", "amount", "currency", "text"),
    [
        ("fr", 123_456, "EUR", "1 234,56 €"),
        ("en", 123_456, "EUR", "€1,234.56"),
        ("fr", -5, "EUR", "-0,05 €"),
        ("de", 123_456, "EUR", "1.234,56 €"),
        ("es", 1_234_567, "EUR", "12.345,67 €"),
        ("it", 123_456, "EUR", "1.234,56 €"),
        ("nl", 123_456, "EUR", "€ 1.234,56"),
        ("de", 123_456, "CHF", "1.234,56 CHF"),
        ("fr", 1500, "JPY", "1 500 JPY"),
        ("en", 1500, "KWD", "KWD1.500"),
    ],
)
def test_money_has_its_currency_s_decimals(
    code: str, amount: int, currency: str, text: str
) -> None:
    assert written(LANGUAGES[code].money(amount, currency)) == text


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_no_decimal_that_is_charged_is_rounded_away(currency: str) -> None:
    """Though CLDR, in which browsers and Babel believe, writes dinars and others without any."""
    price = Fraction(123_456_789, 10 ** minor_digits(currency))
    for words in LANGUAGES.values():
        for text in (
            words.money(123_456_789, currency),
            words.money(-123_456_789, currency),
            words.unit_price(price, currency),
        ):
            assert "".join(filter(str.isdigit, text)) == "123456789"


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (Fraction(48, 100), "0,48 €"),
        (Fraction(4836, 10_000), "0,4836 €"),
        (Fraction(1, 30), "0,033333 €"),
        (Fraction(3), "3,00 €"),
    ],
)
def test_a_unit_price_keeps_what_the_currency_would_round_away(price: Fraction, text: str) -> None:
    assert written(LANGUAGES["fr"].unit_price(price, "EUR")) == text


@pytest.mark.parametrize(
    ("code", "text"), [("de", "0,4836 €"), ("nl", "€ 0,4836"), ("en", "€0.4836")]
)
def test_a_unit_price_has_its_currency_where_the_language_has_it(code: str, text: str) -> None:
    assert written(LANGUAGES[code].unit_price(Fraction(4836, 10_000), "EUR")) == text


def test_a_unit_price_without_decimals_is_written_whole() -> None:
    assert written(LANGUAGES["en"].unit_price(Fraction(45), "JPY")).endswith("45")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (5461, "1 h 31 min"),
    ],
)
def test_durations_are_short(spoken: Language, seconds: int, text: str) -> None:
    assert written(spoken.duration(seconds)) == text


def test_energy_power_and_rates_follow_the_language() -> None:
    french, english = LANGUAGES["fr"], LANGUAGES["en"]
    assert (written(french.kwh(12_340)), written(english.kwh(12_340))) == ("12,34 kWh", "12.34 kWh")
    assert (written(french.kw(7_400)), written(english.kw(22_000))) == ("7,4 kW", "22 kW")
    assert (written(french.percent(Decimal("5.5"))), written(english.percent(Decimal(20)))) == (
        "5,5 %",
        "20%",
    )


def test_a_moment_is_the_station_s_own_time() -> None:
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert "2 juil. 2026" in LANGUAGES["fr"].moment(at, "Europe/Paris")
    assert "00:30" in LANGUAGES["fr"].moment(at, "Europe/Paris")
    assert "23:30" in LANGUAGES["en"].moment(at, "Europe/London")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("fr", "2 juil. 2026"),
        ("en", "2 Jul 2026"),
        ("de", "02.07.2026"),
        ("es", "2 jul 2026"),
        ("it", "2 lug 2026"),
        ("nl", "2 jul 2026"),
    ],
)
def test_dates_follow_the_language(code: str, text: str) -> None:
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert written(LANGUAGES[code].moment(at, "Europe/Paris")).startswith(text)


def test_each_language_is_called_by_its_own_name() -> None:
    names = [words.name for words in LANGUAGES.values()]
    assert names == ["Français", "English", "Deutsch", "Español", "Italiano", "Nederlands"]


def test_a_label_has_its_colon_as_the_language_sets_it(spoken: Language) -> None:
    colon = " :" if spoken.code == "fr" else ":"
    assert written(spoken.told("A", "1")) == f"A{colon} 1"


@pytest.mark.parametrize(
    ("locale", "code"),
    [("de_AT", "de"), ("nl-BE", "nl"), ("EN", "en"), ("pl", DEFAULT), ("", DEFAULT)],
)
def test_a_locale_is_spoken_in_its_language_and_a_foreign_one_in_french(
    locale: str, code: str
) -> None:
    assert language(locale).code == code


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("", [""]),
        ("en-GB,en;q=0.9,fr;q=0.8", ["en", "en", "fr"]),
        ("fr;q=0.2, en;q=0.7", ["en", "fr"]),
        ("en;q=0, fr", ["fr"]),
        ("en;q=high, fr", ["fr"]),
    ],
)
def test_languages_are_taken_by_preference(header: str, codes: list[str]) -> None:
    assert accepted(header) == codes


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de-AT", "de"),
        ("nl-BE,nl;q=0.9,fr-BE;q=0.8", "nl"),
        ("es-419;q=0.5, it-CH;q=0.6", "it"),
        ("pl, cs;q=0.9, de;q=0.3", "de"),
        ("pl, *;q=0.5, de;q=0.3", DEFAULT),
        ("DE", "de"),
        ("deu", DEFAULT),
        ("ja", DEFAULT),
        ("fr;q=0, nl;q=0.001", "nl"),
        ("*", DEFAULT),
        (";;,=,\x00", DEFAULT),
    ],
)
def test_the_best_of_ours_is_taken_and_french_where_there_is_none(header: str, code: str) -> None:
    assert preferred(header) == code


def test_the_switch_leads_to_the_same_host_whatever_was_asked() -> None:
    request = make_mocked_request("GET", "//other.example/x?k=a%26b&lang=nl")
    assert [switch.url for switch in switches(request)][2] == "?k=a%26b&lang=de"
    assert [switch.url for switch in switches(request, "/s/CP1/1?k=x")][2] == "/s/CP1/1?k=x&lang=de"


def test_no_message_is_no_text(spoken: Language) -> None:
    assert spoken.text("") == ""
