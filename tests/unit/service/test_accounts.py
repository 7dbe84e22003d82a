"""What happens to an account while its password is compared is not undone by who signs in."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from irve_bridge.clock import SharedClock
from irve_bridge.domain.account import Role
from irve_bridge.service import accounts
from irve_bridge.service.accounts import Accounts
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.storage import open_storage
from tests.accounts import PASSWORD, employ

T = TypeVar("T")


class Overtaken:
    """A storage to which somebody else writes just before whoever has it does."""

    def __init__(self, storage: Storage, first: Callable[[Tx], object]) -> None:
        self._storage = storage
        self._first = first

    async def read(self, query: Callable[[Tx], T]) -> T:
        return await self._storage.read(query)

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        await self._storage.transact(self._first)
        return await self._storage.transact(unit)


@pytest.fixture
async def storage(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(sqlite_url) as opened:
        await employ(opened, "claire", Role.OPERATOR)
        yield opened


def signing_in(storage: Any) -> Accounts:
    return Accounts(storage, SharedClock(), timedelta(hours=1), timedelta(hours=12))


async def test_who_knows_the_password_is_signed_in(storage: Storage) -> None:
    token = await signing_in(storage).sign_in("Claire", PASSWORD)
    assert token
    found = await signing_in(storage).signed_in(token)
    assert found is not None
    assert found.account.name == "claire"


@pytest.mark.parametrize(
    "changes", [{"disabled_at": datetime.now(UTC)}, {"password_hash": "another"}], ids=list
)
async def test_an_account_that_changes_meanwhile_lets_nobody_in(
    storage: Storage, changes: dict[str, Any]
) -> None:
    """Its logins were ended just now: none begins with what was true before."""

    def first(tx: Tx) -> object:
        return accounts.change(tx, "claire", lambda a: replace(a, **changes), out=True)

    assert await signing_in(Overtaken(storage, first)).sign_in("claire", PASSWORD) is None
    stored = await storage.read(lambda tx: tx.accounts.get("claire"))
    assert stored is not None
    assert {name: getattr(stored, name) for name in changes} == changes
