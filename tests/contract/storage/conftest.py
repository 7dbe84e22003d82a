"""Every storage keeps the same promises: a new one joins by one more parameter of `url`."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.projection import quote
from irve_bridge.domain.session import MeteredBy, PlanName, Session
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.tariff_loading import load
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.storage import open_storage

NOW = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A database nobody has used yet."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    async with open_storage(url) as storage:
        yield storage


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def later() -> datetime:
    return NOW + timedelta(minutes=5)


@pytest.fixture
def tariff() -> Tariff:
    energy = {"type": "ENERGY", "price": "0.3499", "vat": "20"}
    document = {"id": "T1", "currency": "EUR", "elements": [{"price_components": [energy]}]}
    return load(document | {"last_updated": "2026-01-01T00:00:00Z"})


@pytest.fixture
def opened(tariff: Tariff) -> Callable[..., Session]:
    """Make the OPEN session of a name at CP1's first connector, or changed."""

    def make(name: str = "a", **changes: Any) -> Session:
        session = Session(
            id=f"s-{name}",
            token=f"token-{name}",
            plan=PlanName.DYNAMIC,
            metered_by=MeteredBy.BRIDGE,
            charge_point_id="CP1",
            connector_number=1,
            id_tag=f"TAG{name.upper()}",
            tariff=tariff,
            currency="EUR",
            amount_minor=5000,
            least_minor=50,
            opened_at=NOW,
            provider="stripe",
            account="acct_1",
            cost=quote(Pricer(tariff, UTC), NOW, 11_000, 12_345, None),
        )
        return replace(session, **changes)

    return make


@pytest.fixture
def stored(
    storage: Storage, opened: Callable[..., Session], later: datetime
) -> Callable[..., Awaitable[Session]]:
    """Make and store a session; its connector is its own unless one is named."""

    async def store(name: str = "a", **changes: Any) -> Session:
        session = opened(name, **{"charge_point_id": f"CP-{name}", **changes})
        assert await storage.transact(lambda tx: tx.sessions.add(session, later))
        return session

    return store


@pytest.fixture
def occupied(storage: Storage) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Keep the storage's writer busy: what is queued meanwhile shares a commit."""

    @asynccontextmanager
    async def hold() -> AsyncIterator[None]:
        busy, go_on = threading.Event(), threading.Event()

        def block(_: Tx) -> None:
            busy.set()
            go_on.wait(timeout=30)

        blocking = asyncio.ensure_future(storage.transact(block))
        await asyncio.to_thread(busy.wait)
        try:
            yield
        finally:
            go_on.set()
        await blocking

    return hold


@pytest.fixture
def batched(
    occupied: Callable[[], AbstractAsyncContextManager[None]],
) -> Callable[..., Awaitable[list[Any]]]:
    """Return what came of several writes that share a commit."""

    async def run(*writes: Callable[[], Awaitable[Any]]) -> list[Any]:
        async with occupied():
            waiting = [asyncio.ensure_future(write()) for write in writes]
            await asyncio.sleep(0)
        return await asyncio.gather(*waiting, return_exceptions=True)

    return run
