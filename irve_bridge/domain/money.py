"""Amounts: integers in minor units of an ISO 4217 currency, and the one rounding rule."""

from collections.abc import Sequence
from fractions import Fraction

_ZERO_DECIMAL = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905 - reads best
)
_THREE_DECIMAL = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency has (ISO 4217)."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def to_minor(amount: Fraction, currency: str) -> int:
    """Round an exact amount in major units half up, away from zero, to minor units."""
    scaled = abs(amount) * 10 ** minor_digits(currency)
    rounded = int(scaled + Fraction(1, 2))
    return rounded if amount >= 0 else -rounded


def allot(total_minor: int, weights: Sequence[Fraction]) -> list[int]:
    """Split a total by non-negative weights so that the parts add up to it exactly.

    Largest remainder; equal remainders go to the earlier part. Without any weight the first
    part takes everything.
    """
    whole = sum(weights, Fraction(0))
    if not weights or whole == 0:
        return [total_minor, *([0] * (len(weights) - 1))] if weights else []
    exact = [total_minor * weight / whole for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[: total_minor - sum(parts)]:
        parts[i] += 1
    return parts
