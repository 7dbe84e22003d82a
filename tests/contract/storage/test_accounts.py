"""Who may use the operator's pages, and from where they do."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.account import Account, Login, Role
from irve_bridge.service.ports import Storage, Tx


@pytest.fixture
def claire(now: datetime) -> Account:
    return Account(name="claire", role=Role.OPERATOR, password_hash="$argon2id$", created_at=now)


def login_of(account: Account, digest: str, now: datetime) -> Login:
    return Login(
        digest=digest,
        account=account.name,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=12),
    )


async def test_accounts_come_back_by_name(storage: Storage, claire: Account) -> None:
    def unit(tx: Tx) -> list[Account]:
        for name in ("victor", "claire", "anne"):
            tx.accounts.put(replace(claire, name=name))
        return tx.accounts.all()

    found = await storage.transact(unit)
    assert [account.name for account in found] == ["anne", "claire", "victor"]
    assert found[1] == claire
    assert await storage.read(lambda tx: tx.accounts.get("nobody")) is None


async def test_an_account_is_changed_in_its_place(
    storage: Storage, claire: Account, later: datetime
) -> None:
    disabled = replace(claire, role=Role.VIEWER, disabled_at=later)

    def unit(tx: Tx) -> None:
        tx.accounts.put(claire)
        tx.accounts.put(disabled)

    await storage.transact(unit)
    assert await storage.read(lambda tx: tx.accounts.all()) == [disabled]


async def test_a_login_is_used_and_ends(
    storage: Storage, claire: Account, now: datetime, later: datetime
) -> None:
    login = login_of(claire, "d1", now)

    def unit(tx: Tx) -> None:
        tx.accounts.put(claire)
        tx.accounts.sign_in(login)
        assert tx.accounts.login("d1") == login
        tx.accounts.seen("d1", later)
        assert tx.accounts.login("d1") == replace(login, seen_at=later)
        tx.accounts.sign_out("d1")
        assert tx.accounts.login("d1") is None

    await storage.transact(unit)


async def test_every_login_of_one_account_ends_and_of_no_other(
    storage: Storage, claire: Account, now: datetime
) -> None:
    victor = replace(claire, name="victor")

    def unit(tx: Tx) -> list[Login | None]:
        for account, digests in ((claire, ("c1", "c2")), (victor, ("v1",))):
            tx.accounts.put(account)
            for digest in digests:
                tx.accounts.sign_in(login_of(account, digest, now))
        tx.accounts.sign_out_all("claire")
        return [tx.accounts.login(digest) for digest in ("c1", "c2", "v1")]

    assert await storage.transact(unit) == [None, None, login_of(victor, "v1", now)]


async def test_what_is_expired_is_forgotten(
    storage: Storage, claire: Account, now: datetime, later: datetime
) -> None:
    def unit(tx: Tx) -> list[bool]:
        tx.accounts.put(claire)
        tx.accounts.sign_in(replace(login_of(claire, "old", now), expires_at=later))
        tx.accounts.sign_in(login_of(claire, "new", now))
        tx.accounts.forget_expired(later)
        return [tx.accounts.login(digest) is None for digest in ("old", "new")]

    assert await storage.transact(unit) == [True, False]
