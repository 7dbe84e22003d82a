"""Who may use the operator's pages: accounts, their passwords, and the browsers they sign in with.

What a browser holds is a random token, of which only the digest is stored. Passwords are hashed by
argon2id (RFC 9106) on threads of their own: it takes 50 ms and 64 MiB each time.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TypeVar

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from irve_bridge.domain.account import Account, Login, Role
from irve_bridge.domain.errors import Conflict, Refusal, UnknownThing
from irve_bridge.service.ports import Clock, Storage, Tx

PASSWORD_LEAST, PASSWORD_MOST = 12, 1000
"""Characters; length is what makes a password hard to guess (NIST SP 800-63B-4 §3.1.1.2)."""
SEEN_EVERY = timedelta(minutes=1)
"""A login that is used is written down no more often: pages are read, and write nothing else."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who asks, and what a form of theirs carries so that no other site can send it for them."""

    account: Account
    csrf: str


class AccountRefused(Refusal):
    """The name or the password cannot be an account's."""

    code = "account_refused"


class Accounts:
    """Signs people in and out.

    The clock is of real time, whatever that of the charges is: people do not live faster.
    `idle` is how long a login lasts unused, `lasts` how long in any case.
    """

    def __init__(self, storage: Storage, clock: Clock, idle: timedelta, lasts: timedelta) -> None:
        self._storage = storage
        self._clock = clock
        self._idle = idle
        self._lasts = lasts

    async def sign_in(self, name: str, password: str, replaced: str | None = None) -> str | None:
        """Return a new token for whoever gives an account's name and password; None for nobody.

        Unknown and disabled names take as long as others. `replaced` is the token that the browser
        had: it is good no more.
        """
        wanted = folded(name)
        account = await self._storage.read(lambda tx: tx.accounts.get(wanted))
        stored = account.password_hash if account else await _on_thread(_nobody_s)
        right = await _on_thread(partial(_matches, password, stored))
        if account is None or account.disabled_at is not None or not right:
            # A name that nobody has may be a password in the wrong field.
            log.warning("operator_sign_in_refused", account=account.name if account else None)
            return None
        renewed = None
        if _hasher().check_needs_rehash(stored):
            renewed = await _on_thread(partial(_hash, password))
        token = secrets.token_urlsafe(32)
        login = partial(
            self._begin, account=account, token=token, replaced=replaced, renewed=renewed
        )
        if not await self._storage.transact(login):
            log.warning("operator_sign_in_refused", account=account.name)
            return None
        log.info("operator_signed_in", account=account.name)
        return token

    async def signed_in(self, token: str, *, used: bool = True) -> SignedIn | None:
        """Return who a token is of; None where it is of nobody, or no longer good.

        `used`: somebody is there, so that it is not idle.
        """
        now, digest = self._clock.now(), digest_of(token)
        found = await self._storage.read(lambda tx: _who(tx, digest))
        if found is None:
            return None
        login, account = found
        over = login.expires_at <= now or login.seen_at + self._idle <= now
        if over or account.disabled_at is not None:
            await self._storage.transact(lambda tx: tx.accounts.sign_out(digest))
            return None
        if used and login.seen_at + SEEN_EVERY <= now:
            await self._storage.transact(lambda tx: tx.accounts.seen(digest, now))
        return SignedIn(account=account, csrf=csrf_of(token))

    async def sign_out(self, token: str) -> None:
        """Make a token good for nothing."""
        digest = digest_of(token)
        await self._storage.transact(lambda tx: tx.accounts.sign_out(digest))

    async def exist(self) -> bool:
        """Return whether there is an account at all."""
        return bool(await self._storage.read(lambda tx: tx.accounts.all()))

    def _begin(
        self, tx: Tx, account: Account, token: str, replaced: str | None, renewed: str | None
    ) -> bool:
        """Begin a login; False where the account is not what the password was compared with.

        Comparing takes long: meanwhile it may have been disabled, or have got another password.
        """
        now, stored = self._clock.now(), tx.accounts.get(account.name)
        if stored is None or stored.disabled_at or stored.password_hash != account.password_hash:
            return False
        tx.accounts.forget_expired(now)
        if replaced:
            tx.accounts.sign_out(digest_of(replaced))
        if renewed:
            tx.accounts.put(replace(stored, password_hash=renewed))
        login = Login(
            digest=digest_of(token),
            account=account.name,
            created_at=now,
            seen_at=now,
            expires_at=now + self._lasts,
        )
        tx.accounts.sign_in(login)
        return True


async def add(storage: Storage, name: str, role: Role, password: str, now: datetime) -> Account:
    """Make an account.

    Raises:
        AccountRefused: It cannot have this name, or not this password.
        Conflict: There is one of that name.
    """
    wanted = folded(name)
    if not _NAME.fullmatch(wanted):
        raise AccountRefused("A name has up to 64 letters, digits and . _ @ + - and no space.")
    account = Account(
        name=wanted, role=role, password_hash=await new_hash(password), created_at=now
    )

    def unit(tx: Tx) -> Account:
        if tx.accounts.get(wanted):
            raise Conflict(f"There is an account {wanted} already.")
        tx.accounts.put(account)
        return account

    return await storage.transact(unit)


def change(tx: Tx, name: str, changed: Callable[[Account], Account], *, out: bool) -> Account:
    """Change an account and return it; `out`: wherever it is signed in, it is so no more.

    Raises:
        UnknownThing: There is none of that name.
    """
    account = tx.accounts.get(folded(name))
    if account is None:
        raise UnknownThing(f"There is no account {folded(name)}.")
    after = changed(account)
    tx.accounts.put(after)
    if out:
        tx.accounts.sign_out_all(account.name)
    return after


async def new_hash(password: str) -> str:
    """Return what to store for a password.

    Raises:
        AccountRefused: It is too short, or too long to be hashed for anybody who asks.
    """
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise AccountRefused(f"A password has at least {PASSWORD_LEAST} characters.")
    return await _on_thread(partial(_hash, password))


def folded(name: str) -> str:
    """Return a name as it is stored: nobody remembers which letters were large."""
    return name.strip().casefold()


def digest_of(token: str) -> str:
    """Return what is stored of a token; it is random, so that one round is enough."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def csrf_of(token: str) -> str:
    """Return what the forms of a login carry: it tells nothing of the token."""
    return hmac.digest(token.encode(errors="surrogateescape"), b"csrf", "sha256").hex()


def _who(tx: Tx, digest: str) -> tuple[Login, Account] | None:
    login = tx.accounts.login(digest)
    account = tx.accounts.get(login.account) if login else None
    return (login, account) if login and account else None


async def _on_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody_s() -> str:
    """Return the hash of a password that nobody has: to compare with it takes as long."""
    return _hash(secrets.token_urlsafe(32))


def _hash(password: str) -> str:
    return _hasher().hash(_normal(password))


def _matches(password: str, stored: str) -> bool:
    if len(password) > PASSWORD_MOST:
        return False
    try:
        return _hasher().verify(stored, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> bytes:
    """Return it as every keyboard types it: é may come as one character or as two."""
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
