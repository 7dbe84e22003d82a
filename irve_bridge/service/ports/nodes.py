"""The processes that share a database."""

from datetime import datetime, timedelta
from typing import Protocol

NODE_ID_LENGTH = 16
ALONE = "0" * NODE_ID_LENGTH
"""The node of a process that is not one of several."""


class Nodes(Protocol):
    """Which nodes live, by the database's clock, and which of them has a charge point.

    A charge point is its node's while that lives, connected or not: there its meters run, and there
    its sessions' deadlines are looked at.
    """

    def join(self, node_id: str) -> None:
        """Note a node that has begun; its id has `NODE_ID_LENGTH` characters."""

    def seen(self, node_id: str) -> bool:
        """Note that a node lives; False where it was taken for dead."""

    def now(self) -> datetime:
        """Return what the database's clock says."""

    def leave(self, node_id: str) -> None:
        """Forget a node that ends."""

    def living(self) -> frozenset[str]:
        """Return the nodes that have joined and neither left nor been buried."""

    def bury(self, silent_for: timedelta) -> frozenset[str]:
        """Forget the nodes that have not been seen for so long or longer; return them."""

    def eldest(self) -> str | None:
        """Return the node that joined first of those that live."""

    def holder(self, charge_point_id: str) -> str | None:
        """Return the node that has a charge point's socket, or had it last."""

    def take(self, node_id: str, charge_point_id: str) -> None:
        """Give a node a charge point, whoever had it."""

    def inherit(self, heir: str) -> list[str]:
        """Give a node every charge point that no living one has, disconnected; return them."""
