"""Who may use the operator's pages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an account may: a viewer reads, an operator acts as well."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who signs in; `password_hash` is of argon2id, disabled is let in no more."""

    name: str
    role: Role
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def may_act(self) -> bool:
        """Whether more than reading is allowed."""
        return self.role is Role.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A browser that an account signed in with; `digest` is of its token, which nobody keeps."""

    digest: str
    account: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
