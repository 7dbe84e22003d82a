"""Who is asked for an id tag that is on no list here."""

from typing import Protocol

from irve_bridge.domain.id_tag import Authorization


class Authorizer(Protocol):
    """The CSMS that knows its customers."""

    async def ask(self, charge_point_id: str, id_tag: str) -> Authorization | None:
        """Return what a tag is worth at a charge point now; None where nobody answered usably."""
