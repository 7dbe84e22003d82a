"""Amounts as Stripe takes them; what it cannot express is the driver's."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from babel.numbers import list_currencies

from irve_bridge.domain.money import CURRENCIES, minor_digits, to_minor
from irve_bridge.payments import StripeSettings
from irve_bridge.payments.amounts import (
    least_minor,
    minor_amount,
    most_minor,
    wire_amount,
    wire_refund,
)


@pytest.mark.parametrize(
    ("currency", "minor", "charged", "refunded"),
    [
        ("EUR", 1234, 1234, 1234),
        ("JPY", 500, 500, 500),
        ("UGX", 5, 500, 500),
        ("KWD", 5124, 5120, 5130),
        ("KWD", 5120, 5120, 5120),
    ],
)
def test_an_amount_is_sent_as_stripe_wants_it(
    currency: str, minor: int, charged: int, refunded: int
) -> None:
    assert wire_amount(currency, minor) == charged
    assert wire_refund(currency, minor) == refunded


@pytest.mark.parametrize("currency", ["EUR", "JPY", "UGX", "KWD"])
def test_an_amount_comes_back_as_it_was_sent(currency: str) -> None:
    assert minor_amount(currency, wire_amount(currency, 120)) == 120


ZERO_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
THREE_DECIMALS = "BHD JOD KWD OMR TND"
"""As https://docs.stripe.com/currencies says, but for ISK and UGX: theirs must be sent as zero."""


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_fifty_of_any_currency_are_fifty_at_stripe(currency: str) -> None:
    """What we count as its minor units and what Stripe does belong to the same whole."""
    decimals = {"0": ZERO_DECIMALS, "3": THREE_DECIMALS}
    digits = next((int(d) for d, listed in decimals.items() if currency in listed.split()), 2)
    ours, wire = to_minor(Fraction(50), currency), 50 * 10**digits
    assert ours == 50 * 10 ** minor_digits(currency)
    assert wire_amount(currency, ours) == wire_refund(currency, ours) == wire
    assert minor_amount(currency, wire) == ours


def test_every_currency_is_one() -> None:
    """A misspelt code would be refused by Stripe, in front of the driver."""
    assert list_currencies() >= CURRENCIES


def test_iceland_pays_whole_crowns_only() -> None:
    """However many decimals we count, Stripe counts two and wants them to be zero."""
    assert wire_amount("ISK", 12_345) % 100 == 0


def test_the_least_amounts_are_the_documented_ones() -> None:
    assert [least_minor(currency) for currency in ("EUR", "GBP", "USD", "JPY")] == [50, 30, 50, 50]
    assert least_minor("XAF") == 5000
    assert most_minor("EUR") == 99_999_999


VALID: dict[str, Any] = {
    "secret_key": "sk_test_1",
    "webhook_secrets": ("whsec_1",),
    "return_url_template": "https://bridge.example/{token}",
    "cancel_url_template": "https://bridge.example/{token}",
}


def test_a_live_key_is_only_ever_sent_to_stripe() -> None:
    StripeSettings(**VALID | {"secret_key": "sk_live_1"})
    with pytest.raises(ValueError, match="live"):
        StripeSettings(**VALID | {"secret_key": "rk_live_1", "api_base": "http://127.0.0.1:8460"})


@pytest.mark.parametrize("life", [timedelta(minutes=30), timedelta(hours=25)])
def test_a_checkout_lives_as_long_as_stripe_allows(life: timedelta) -> None:
    with pytest.raises(ValueError, match="30 minutes"):
        StripeSettings(**VALID, checkout_expires_after=life)


def test_settings_show_no_secrets() -> None:
    shown = repr(StripeSettings(**VALID))
    assert "sk_test_1" not in shown
    assert "whsec_1" not in shown
