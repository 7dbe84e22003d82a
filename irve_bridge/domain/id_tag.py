"""Id tags: what the operator's own customers hold against a reader (RFID), and what it is worth."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PATTERN = r"^[\x21-\x7e]{1,20}$"
"""CiString20Type (OCPP 1.6 ed. 2 §7.28)."""


class IdTagStatus(StrEnum):
    """What an id tag is answered (OCPP 1.6 ed. 2 §7.2)."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Whether a tag may charge; `parent_id_tag` is the group whose members may stop each other."""

    status: IdTagStatus
    parent_id_tag: str | None = None
    expires_at: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether it may charge."""
        return self.status is IdTagStatus.ACCEPTED


ACCEPTED = Authorization(status=IdTagStatus.ACCEPTED)
INVALID = Authorization(status=IdTagStatus.INVALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTag:
    """One tag of the operator's list, in upper case: OCPP's are the same in any.

    `name` is the operator's own note of whose it is.
    """

    id_tag: str
    status: IdTagStatus = IdTagStatus.ACCEPTED
    parent_id_tag: str | None = None
    expires_at: datetime | None = None
    name: str = ""

    def at(self, now: datetime) -> Authorization:
        """Return what it is worth at a moment: one past its date has expired."""
        over = self.expires_at is not None and self.expires_at <= now
        expired = over and self.status is IdTagStatus.ACCEPTED
        return Authorization(
            status=IdTagStatus.EXPIRED if expired else self.status,
            parent_id_tag=self.parent_id_tag,
            expires_at=self.expires_at,
        )


def folded(id_tag: str) -> str:
    """Return a tag as it is kept (OCPP 1.6 ed. 2 §7.28: case insensitive)."""
    return id_tag.upper()
