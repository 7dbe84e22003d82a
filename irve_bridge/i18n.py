"""Languages: gettext catalogues, and quantities as people write them.

The source texts are English; each other language has `locales/{code}/LC_MESSAGES/messages.po`, and
what operators read besides in `operator.po`: drivers' pages never wait for that. They are compiled
in memory, some ten milliseconds each: no compiled file can be missing or stale.
"""

import gettext
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol

from irve_bridge.domain.money import minor_digits

DRIVERS, OPERATORS = "messages", "operator"
"""The catalogues: operators read theirs, and the drivers' for what both are told."""
DEFAULT = "fr"
SOURCE = "en"
REGIONS = {
    "fr": "fr_FR",
    "en": "en_GB",
    "de": "de_DE",
    "es": "es_ES",
    "it": "it_IT",
    "nl": "nl_NL",
}
"""Every language and whose conventions its numbers and dates follow; the first is the default."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a text translated later
    """Mark a text for the catalogues."""
    return message


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its words and its way to write quantities."""

    code: str
    locale: Locale
    words: gettext.NullTranslations

    @property
    def name(self) -> str:
        """Return what its speakers call it, as a word that stands alone."""
        name = self.locale.language_name or self.code
        return name[0].upper() + name[1:]

    @property
    def decimal_sign(self) -> str:
        """Return what stands before a number's decimals."""
        return get_decimal_symbol(self.locale)

    def text(self, message: str) -> str:
        """Return a message in this language; gettext keeps its own header under no message."""
        return self.words.gettext(message) if message else ""

    def told(self, label: str, value: str) -> str:
        """Return a label and its value in one line, as the language sets the colon."""
        return self.text(N_("%(label)s: %(value)s")) % {"label": label, "value": value}

    def money(self, amount_minor: int, currency: str) -> str:
        """Return an amount in minor units, written out."""
        amount = Decimal(amount_minor).scaleb(-minor_digits(currency))
        return self._priced(amount, currency)

    def unit_price(self, amount: Fraction, currency: str) -> str:
        """Return a price in major units, with up to four decimals more than the currency has."""
        exact = Decimal(amount.numerator) / Decimal(amount.denominator)
        return self._priced(exact, currency, more="####")

    def count(self, number: int) -> str:
        """Return a number of things."""
        return format_decimal(number, locale=self.locale)

    def kwh(self, energy_wh: int) -> str:
        """Return an energy in kWh."""
        return f"{self._number(energy_wh, '#,##0.00')}\N{NO-BREAK SPACE}kWh"

    def kwh_exact(self, energy_wh: int) -> str:
        """Return an energy in kWh to the watt-hour, as a meter's register shows it."""
        return f"{self._number(energy_wh, '#,##0.000')}\N{NO-BREAK SPACE}kWh"

    def kwh_short(self, energy_wh: int) -> str:
        """Return a round energy in kWh."""
        return f"{self._number(energy_wh, '#,##0.##')}\N{NO-BREAK SPACE}kWh"

    def kw(self, power_w: int) -> str:
        """Return a power in kW."""
        return f"{self._number(power_w, '#,##0.#')}\N{NO-BREAK SPACE}kW"

    def ampere(self, current_ma: int) -> str:
        """Return a current in A."""
        return f"{self._number(current_ma, '#,##0.#')}\N{NO-BREAK SPACE}A"

    def percent(self, percent: Decimal) -> str:
        """Return a rate given in percent."""
        pattern = self.locale.percent_formats[None].pattern.replace("##0", "##0.##")
        return format_percent(percent / 100, pattern, locale=self.locale)

    def duration(self, seconds: int) -> str:
        """Return a duration in hours and minutes, below an hour in minutes and seconds.

        The symbols are those of the International System, which no language translates.
        """
        hours, rest_s = divmod(seconds, 3600)
        minutes, rest_s = divmod(rest_s, 60)
        parts = {"h": hours, "min": minutes, "s": 0 if hours else rest_s}
        written = [f"{count}\N{NO-BREAK SPACE}{unit}" for unit, count in parts.items() if count]
        return " ".join(written) or "0\N{NO-BREAK SPACE}s"

    def clock(self, at: time) -> str:
        """Return a time of day."""
        return format_time(at, "short", locale=self.locale)

    def day(self, day: date) -> str:
        """Return a date."""
        return format_date(day, "medium", locale=self.locale)

    def days(self, weekdays: Iterable[int]) -> str:
        """Return days of the week, Monday being 0: those in a row by the first and the last."""
        names = self.locale.days["format"]["abbreviated"]
        runs: list[list[int]] = []
        for weekday in sorted(set(weekdays)):
            if runs and runs[-1][-1] == weekday - 1:
                runs[-1].append(weekday)
            else:
                runs.append([weekday])
        return ", ".join("\N{EN DASH}".join(names[i] for i in sorted({r[0], r[-1]})) for r in runs)

    def ago(self, passed: timedelta) -> str:
        """Return how long ago something was, roughly."""
        return format_timedelta(-passed, add_direction=True, locale=self.locale)

    def moment(self, at: datetime, time_zone: str) -> str:
        """Return a moment as a clock at the station shows it."""
        return format_datetime(at, "medium", tzinfo=ZoneInfo(time_zone), locale=self.locale)

    def _priced(self, amount: Decimal, currency: str, more: str = "") -> str:
        """Return an amount with the decimals that are charged: CLDR gives some currencies fewer."""
        decimals = "0" * minor_digits(currency) + more
        pattern = self.locale.currency_formats["standard"].pattern
        return format_currency(
            amount,
            currency,
            format=pattern.replace(".00", f".{decimals}" if decimals else ""),
            locale=self.locale,
            currency_digits=False,
        )

    def _number(self, thousandths: int, pattern: str) -> str:
        return format_decimal(Decimal(thousandths) / 1000, pattern, locale=self.locale)


def language(locale: str, domain: str = DRIVERS) -> Language:
    """Return the language of a locale such as `de_AT`; French where it is none of ours."""
    code = locale.replace("_", "-").partition("-")[0].lower()
    return _load(code if code in REGIONS else DEFAULT, domain)


def languages(domain: str = DRIVERS) -> dict[str, Language]:
    """Return every language by its code."""
    return {code: _load(code, domain) for code in REGIONS}


@cache
def _load(code: str, domain: str) -> Language:
    words = gettext.NullTranslations() if code == SOURCE else _catalogue(code, domain)
    if domain != DRIVERS:
        words.add_fallback(_load(code, DRIVERS).words)
    return Language(code, Locale.parse(REGIONS[code]), words)


def _catalogue(code: str, domain: str) -> gettext.GNUTranslations:
    path = files("irve_bridge") / "locales" / code / "LC_MESSAGES" / f"{domain}.po"
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
