"""Who may use the operator's pages, and from where they do."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from irve_bridge.domain.account import Account, Login
from irve_bridge.storage.rows import from_row, maybe, to_row, upsert
from irve_bridge.storage.schema import operator_accounts, operator_logins

_GET = select(operator_accounts).where(operator_accounts.c.name == bindparam("of_name"))
_ALL = select(operator_accounts).order_by(operator_accounts.c.name)
_PUT = upsert(operator_accounts)
_LOGIN = select(operator_logins).where(operator_logins.c.digest == bindparam("of_digest"))
_SIGN_IN = insert(operator_logins)
_SEEN = (
    update(operator_logins)
    .where(operator_logins.c.digest == bindparam("of_digest"))
    .values(seen_at=bindparam("at"))
)
_SIGN_OUT = delete(operator_logins).where(operator_logins.c.digest == bindparam("of_digest"))
_SIGN_OUT_ALL = delete(operator_logins).where(operator_logins.c.account == bindparam("of_name"))
_FORGET = delete(operator_logins).where(operator_logins.c.expires_at <= bindparam("now"))


class SqlAccounts:
    """Implements `ports.Accounts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Account | None:
        """Return an account, disabled or not."""
        return maybe(self._connection.execute(_GET, {"of_name": name}).first(), Account)

    def all(self) -> list[Account]:
        """Return every account by name."""
        return [from_row(row, Account) for row in self._connection.execute(_ALL)]

    def put(self, account: Account) -> None:
        """Add an account, or change it."""
        self._connection.execute(_PUT, to_row(account))

    def sign_in(self, login: Login) -> None:
        """Keep a login."""
        self._connection.execute(_SIGN_IN, to_row(login))

    def login(self, digest: str) -> Login | None:
        """Return the login of a token, over or not."""
        return maybe(self._connection.execute(_LOGIN, {"of_digest": digest}).first(), Login)

    def seen(self, digest: str, at: datetime) -> None:
        """Note that a login was used."""
        self._connection.execute(_SEEN, {"of_digest": digest, "at": at})

    def sign_out(self, digest: str) -> None:
        """Forget a login."""
        self._connection.execute(_SIGN_OUT, {"of_digest": digest})

    def sign_out_all(self, name: str) -> None:
        """Forget every login of an account."""
        self._connection.execute(_SIGN_OUT_ALL, {"of_name": name})

    def forget_expired(self, now: datetime) -> None:
        """Forget the logins whose time is over."""
        self._connection.execute(_FORGET, {"now": now})
