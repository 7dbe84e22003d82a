"""Amounts Stripe accepts per currency (https://docs.stripe.com/currencies)."""

from simulators.stripe.wire import InvalidParameterError, StripeError

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
LEAST_MINOR = {
    "aud": 50,
    "bgn": 100,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "usd": 50,
}
_WITHOUT_LEAST = frozenset({"isk", "mad", "try", "zar"}) | ZERO_DECIMAL | THREE_DECIMAL
_MOST_MINOR = 99_999_999


def normalised(currency: str) -> str:
    """Return the currency in lower case.

    Raises:
        InvalidParameterError: for a currency unknown here.
    """
    if currency.lower() not in LEAST_MINOR.keys() | _WITHOUT_LEAST:
        raise InvalidParameterError(f"Invalid currency: {currency.lower()}", param="currency")
    return currency.lower()


def check_amount(amount_minor: int, currency: str) -> None:
    """Refuse what Stripe refuses to charge: too small, too large, unpayable last digits.

    Raises:
        StripeError: ``amount_too_small``, ``amount_too_large`` or an invalid integer.
    """
    if amount_minor < 1:
        raise InvalidParameterError(
            "Invalid positive integer", code="parameter_invalid_integer", param="amount"
        )
    least = LEAST_MINOR.get(currency, 1)
    if amount_minor < least:
        raise StripeError(
            400,
            f"Amount must be at least {readable(least, currency)}",
            code="amount_too_small",
            param="amount",
        )
    if amount_minor > _MOST_MINOR:
        raise StripeError(
            400,
            f"Amount must be no more than {readable(_MOST_MINOR, currency)}",
            code="amount_too_large",
            param="amount",
        )
    if amount_minor % _granularity(currency):
        raise InvalidParameterError(
            f"Invalid amount for {currency}: must be a multiple of {_granularity(currency)}",
            code="parameter_invalid_integer",
            param="amount",
        )


def _granularity(currency: str) -> int:
    if currency == "isk":
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def readable(amount_minor: int, currency: str) -> str:
    """Return an amount for people, such as ``12.34 EUR``."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return f"{amount_minor / 10**decimals:.{decimals}f} {currency.upper()}"
