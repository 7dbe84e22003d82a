"""Transcripts of conversations with Stripe, free of what differs every time."""

import difflib
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from simulators.stripe.wire import Object

_ID = re.compile(
    r"\b(acct|ca|ch|cs_test|cus|d[pu]|evt|fee|fr|li|pi|pm|prod|price|pyr?|re|req|seti|setatt|txn)"
    r"_[A-Za-z0-9]{8,}"
)
_TIMES = range(1_500_000_000, 4_000_000_000)
_LEFT_OUT = {"request_log_url"}
_OPAQUE = {
    "authorization_code",
    "calculated_statement_descriptor",
    "client_secret",
    "fingerprint",
    "invoice_prefix",
    "network_transaction_id",
    "receipt_number",
    "receipt_url",
    "reference",
    "risk_score",
    "stripe_js",
    "url",
}
"""Fields whose value means nothing: only whether they are set is kept."""


def ids(value: Any) -> list[str]:
    """Return the ids somewhere in JSON, in order."""
    return [found[0] for found in _ID.finditer(json.dumps(value))]


@dataclass(eq=False)
class Names:
    """Gives ids their placeholders, in the order in which they are met.

    ``run`` is what the recorder itself made different, in its idempotency keys.
    """

    run: str
    _numbers: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def __call__(self, text: str) -> str:
        """Return a text with every id replaced, such as ``pi_3x…`` by ``<pi 1>``."""
        return _ID.sub(self._placeholder, text.replace(self.run, "<run>"))

    def _placeholder(self, found: re.Match[str]) -> str:
        numbers = self._numbers[found[1]]
        return f"<{found[1]} {numbers.setdefault(found[0], len(numbers) + 1)}>"


def normalised(value: Any, names: Names) -> Any:
    """Return JSON with ids as placeholders, times as ``T`` and opaque values as ``<set>``."""
    if isinstance(value, dict):
        return {name: _field(name, value[name], names) for name in sorted(value.keys() - _LEFT_OUT)}
    if isinstance(value, list):
        return [normalised(each, names) for each in value]
    if isinstance(value, str):
        return names(value)
    if isinstance(value, int) and value in _TIMES:
        return "T"
    return value


def _field(name: str, value: Any, names: Names) -> Any:
    opaque = name in _OPAQUE and isinstance(value, str | int)
    return "<set>" if opaque else normalised(value, names)


def lines(exchanges: list[Object]) -> list[str]:
    """Return a transcript as lines of JSON, as it is written and compared."""
    return json.dumps(exchanges, indent=1, ensure_ascii=False, sort_keys=True).splitlines()


def differences(kept: list[str], new: list[str]) -> list[str]:
    """Return a unified diff of two transcripts, empty if they say the same."""
    return list(difflib.unified_diff(kept, new, "kept", "new", lineterm="", n=6))
