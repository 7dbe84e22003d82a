"""Amounts: integers in minor units of an ISO 4217 currency, and the one rounding rule."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm

# Every currency that Stripe charges cards in, by its decimals: one that is not listed would be
# counted in hundredths, whatever it has. Source: https://docs.stripe.com/currencies
_ZERO_DECIMAL = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905 - reads best
)
_TWO_DECIMAL = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF
    CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP
    SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW
    """.split()  # noqa: SIM905 - reads best
)
_THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
CURRENCIES = _ZERO_DECIMAL | _TWO_DECIMAL | _THREE_DECIMAL


def refusal(currency: str) -> str | None:
    """Return why nothing can be charged in a currency, and what to write; None where it can."""
    if currency in CURRENCIES:
        return None
    meant = currency.strip().upper()
    instead = meant if meant in CURRENCIES else "EUR, for example"
    return (
        "currency must be the ISO 4217 code, in capitals, of one that Stripe charges cards in, "
        f"not {currency!r}: write {instead}"
    )


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency has (ISO 4217; the ariary none, as at Stripe)."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def to_minor(amount: Fraction, currency: str) -> int:
    """Round an exact amount in major units half up, away from zero, to minor units."""
    scaled = abs(amount) * 10 ** minor_digits(currency)
    rounded = int(scaled + Fraction(1, 2))
    return rounded if amount >= 0 else -rounded


def exact_sum(amounts: Iterable[Fraction | int]) -> Fraction:
    """Return an exact sum; with one common denominator it takes a fraction of `sum`'s time."""
    listed = list(amounts)
    common = lcm(*(amount.denominator for amount in listed))
    return Fraction(sum(a.numerator * (common // a.denominator) for a in listed), common)


def allot(total_minor: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Split a total by non-negative weights so that the parts add up to it exactly.

    Largest remainder; equal remainders go to the earlier part. Without any weight the first
    part takes everything.
    """
    common = lcm(*(weight.denominator for weight in weights))
    whole_weights = [weight.numerator * (common // weight.denominator) for weight in weights]
    whole = sum(whole_weights)
    if whole == 0:
        return [total_minor, *([0] * (len(weights) - 1))] if weights else []
    shares = [divmod(total_minor * weight, whole) for weight in whole_weights]
    parts = [part for part, _ in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: -shares[i][1])
    for i in by_remainder[: total_minor - sum(parts)]:
        parts[i] += 1
    return parts
