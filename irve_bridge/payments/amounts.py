"""Amounts as Stripe wants them: where its minor units are not ours, and what it will charge.

Source: https://docs.stripe.com/currencies (zero-decimal, special cases, minimum charge amounts).
"""

from irve_bridge.domain.money import minor_digits

_TWO_DECIMALS_ON_THE_WIRE = frozenset({"ISK", "UGX"})
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_LEAST_MINOR = {
    "AED": 200,
    "AUD": 50,
    "BGN": 100,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "INR": 50,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
    "USD": 50,
}
_LEAST_ELSEWHERE = {0: 5_000, 2: 200, 3: 500}
"""By decimals. Stripe asks for half a US dollar's worth there; what is less is not charged."""
_MOST_WIRE = 99_999_999


def wire_amount(currency: str, amount_minor: int) -> int:
    """Return an amount to charge as Stripe takes it: what it cannot express is not charged."""
    wire = amount_minor * _factor(currency)
    return wire - wire % _step(currency)


def wire_refund(currency: str, amount_minor: int) -> int:
    """Return an amount to refund as Stripe takes it: what it cannot express goes to the driver."""
    wire = amount_minor * _factor(currency)
    return wire + -wire % _step(currency)


def minor_amount(currency: str, wire: int) -> int:
    """Return an amount that Stripe names, in our minor units."""
    return wire // _factor(currency)


def least_minor(currency: str) -> int:
    """Return the least amount that Stripe charges to a card, in minor units."""
    known = _LEAST_MINOR.get(currency)
    return known if known is not None else _LEAST_ELSEWHERE[minor_digits(currency)]


def most_minor(currency: str) -> int:
    """Return the largest amount that Stripe charges to a card, in minor units."""
    return minor_amount(currency, _MOST_WIRE)


def step_minor(currency: str) -> int:
    """Return the coarsest unit that Stripe charges in, in minor units."""
    return _step(currency) // _factor(currency) if _step(currency) > _factor(currency) else 1


def _factor(currency: str) -> int:
    """Return how many of Stripe's units one of our minor units is."""
    return 100 if currency in _TWO_DECIMALS_ON_THE_WIRE and minor_digits(currency) == 0 else 1


def _step(currency: str) -> int:
    if currency in _TWO_DECIMALS_ON_THE_WIRE:
        return 100
    return 10 if currency in _THREE_DECIMALS else 1
