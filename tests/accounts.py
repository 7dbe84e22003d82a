"""Accounts for tests: hashing a password takes long, which is its purpose, so it is done once."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache

from irve_bridge.domain.account import Account, Login, Role
from irve_bridge.service.accounts import digest_of, new_hash
from irve_bridge.service.ports import Storage

PASSWORD = "correct horse battery staple"


async def employ(storage: Storage, name: str, role: Role) -> None:
    """Give somebody an account with the password of all."""
    password_hash = await asyncio.to_thread(_hash)
    account = Account(
        name=name, role=role, password_hash=password_hash, created_at=datetime.now(UTC)
    )
    await storage.transact(lambda tx: tx.accounts.put(account))


async def let_in(storage: Storage, name: str) -> str:
    """Return the token of a browser that somebody has signed in with, without a password."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    login = Login(
        digest=digest_of(token),
        account=name,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=1),
    )
    await storage.transact(lambda tx: tx.accounts.sign_in(login))
    return token


@cache
def _hash() -> str:
    return asyncio.run(new_hash(PASSWORD))
