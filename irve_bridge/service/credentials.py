"""What a charge point answers to a new key or profile, written down; see domain/credentials.py."""

from collections.abc import Callable

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.service.ports import Tx

Change = Callable[[ChargePoint], ChargePoint]


def change(tx: Tx, charge_point_id: str, how: Change) -> ChargePoint | None:
    """Change a charge point's credentials; return it as it is then, None for an unknown one."""
    before = tx.stations.charge_point(charge_point_id)
    if before is None:
        return None
    after = how(before)
    if after != before:
        tx.stations.secured(after)
    return after
