from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A connector that a charge point keeps for an id tag until `expires_at`.

    It accepted this (OCPP 1.6 ed. 2 §5.13); connector 0 is any of its connectors. `session_id`
    names the session it was made for, if any.
    """

    charge_point_id: str
    id: int
    connector_number: int
    id_tag: str
    parent_id_tag: str | None = None
    made_at: datetime
    expires_at: datetime
    session_id: str | None = None
