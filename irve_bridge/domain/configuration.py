"""What a charge point is set to (OCPP 1.6 ed. 2 §5.3, §5.8, §9)."""

from dataclasses import dataclass, replace
from datetime import datetime

KEYS_MOST = 1000
"""Of a charge point that many are remembered; real ones have a few hundred at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationKey:
    """One key as the charge point told it, or as it was set.

    `read_at` is since when it is known to be so. `refused` is why it is not as the bridge wants it:
    Rejected, NotSupported, a CALLERROR's code, or ReadOnly where it was not even asked. None where
    it is, or where nothing is wanted. `missing` is what a list could not be made to hold, though it
    would be useful.
    """

    key: str
    value: str | None
    readonly: bool = False
    read_at: datetime
    refused: str | None = None
    missing: tuple[str, ...] = ()

    def still_missing(self, value: str | None) -> tuple[str, ...]:
        """Return what is missing where the list has another value."""
        return tuple(item for item in self.missing if item not in listed(value))

    def says_what(self, other: "ConfigurationKey | None") -> bool:
        """Return whether another one says the same, whenever it was read."""
        return other is not None and replace(other, read_at=self.read_at) == self


def listed(value: str | None) -> list[str]:
    """Return the items of a comma-separated list (ibid. §9, type CSL)."""
    return [item for part in (value or "").split(",") if (item := part.strip())]


def is_true(value: str | None) -> bool:
    """Return whether a boolean is set, however its letters are written."""
    return (value or "").strip().casefold() == "true"
