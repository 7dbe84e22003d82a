"""After an old copy of the database was put back: what it knows of connectors is no longer so."""

from datetime import datetime

from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.service.ports import Tx


def forget_statuses(tx: Tx, now: datetime) -> int:
    """Have every charge point asked for its connectors' statuses once it is here; return how many.

    A connector that is free for others is what proves that a charge has ended whose stop the copy
    has not heard of: charge points do not say twice what they have said.
    """
    found = [
        each for point in tx.stations.charge_points() for each in tx.stations.connectors(point.id)
    ]
    for each in found:
        tx.stations.reported(each.charge_point_id, each.number, ConnectorStatus.UNKNOWN, None, now)
    return len(found)
