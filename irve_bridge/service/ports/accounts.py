"""Who may use the operator's pages, and from where they do."""

from datetime import datetime
from typing import Protocol

from irve_bridge.domain.account import Account, Login


class Accounts(Protocol):
    """Accounts by name, and the browsers they are signed in with."""

    def get(self, name: str) -> Account | None:
        """Return an account, disabled or not."""

    def all(self) -> list[Account]:
        """Return every account by name."""

    def put(self, account: Account) -> None:
        """Add an account, or change it."""

    def sign_in(self, login: Login) -> None:
        """Keep a login."""

    def login(self, digest: str) -> Login | None:
        """Return the login of a token, over or not."""

    def seen(self, digest: str, at: datetime) -> None:
        """Note that a login was used."""

    def sign_out(self, digest: str) -> None:
        """Forget a login."""

    def sign_out_all(self, name: str) -> None:
        """Forget every login of an account."""

    def forget_expired(self, now: datetime) -> None:
        """Forget the logins whose time is over."""
