"""Charging profiles that a charge point accepted (OCPP 1.6 ed. 2 §3.13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TX_PROFILE = "TxProfile"
"""The purpose of a profile that ends with its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingProfile:
    """A profile as it was sent; connector 0 is the whole charge point."""

    charge_point_id: str
    connector_number: int
    id: int
    purpose: str
    stack_level: int
    profile: Mapping[str, Any]
    set_at: datetime

    def replaces(self, other: "ChargingProfile") -> bool:
        """Return whether a charge point that takes this one drops the other (ibid. §5.16.4).

        Profiles of one purpose and level stand beside each other on different connectors: each
        connector has a stack of its own (§3.13.1).
        """
        same_place = self.connector_number == other.connector_number
        mine = (self.purpose, self.stack_level)
        return self.id == other.id or (same_place and mine == (other.purpose, other.stack_level))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """Which profiles are cleared: one by its id, else those that fit all that is given."""

    id: int | None = None
    connector_number: int | None = None
    purpose: str | None = None
    stack_level: int | None = None

    def covers(self, profile: ChargingProfile) -> bool:
        """Return whether a profile is meant (OCPP 1.6 ed. 2 §5.5)."""
        if self.id is not None:
            return profile.id == self.id
        return (
            self.connector_number in (None, profile.connector_number)
            and self.purpose in (None, profile.purpose)
            and self.stack_level in (None, profile.stack_level)
        )
