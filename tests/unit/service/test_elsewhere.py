"""Who watches a charge whose meter runs at another node sees what that node would show."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from irve_bridge.domain.metering import Activity, Reading
from irve_bridge.domain.session import State
from irve_bridge.service.elsewhere import ANEW_AFTER, Elsewhere
from irve_bridge.service.ports import Storage, TakenReading
from irve_bridge.service.running import Live, running_from
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import NOW
from tests.unit.service.test_meters import MINUTE, charging, reading, running

SESSION = replace(charging(), transaction_id="7", started_at=NOW)
SOON = ANEW_AFTER / 2


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as opened:
        await opened.transact(lambda tx: tx.transactions.add(running().transaction))
        yield opened


async def told(storage: Storage, *readings: Reading) -> None:
    await storage.add_readings([TakenReading("CP1", "7", each) for each in readings])


async def seen(storage: Storage, elsewhere: Elsewhere, now: datetime) -> Live:
    live = await storage.read(lambda tx: elsewhere.live(tx, SESSION, now))
    assert live is not None
    return live


async def anew(storage: Storage, now: datetime) -> Live:
    return await storage.read(lambda tx: running_from(tx, running().transaction, SESSION).live(now))


async def test_what_is_read_on_is_what_is_read_anew(storage: Storage) -> None:
    elsewhere, now = Elsewhere(), NOW + 30 * MINUTE
    for minutes in range(1, 30, 3):
        paused = Activity.SUSPENDED_EV if minutes > 20 else None
        status = Reading(at=NOW + minutes * MINUTE, activity=paused)
        await told(storage, reading(minutes, 300 * minutes, 18_000), status)
        now += timedelta(seconds=1)
        assert await seen(storage, elsewhere, now) == await anew(storage, now)


async def test_a_session_is_shown_as_it_is_by_now(storage: Storage) -> None:
    elsewhere, now = Elsewhere(), NOW + MINUTE
    await seen(storage, elsewhere, now)
    stopping = replace(SESSION, state=State.STOPPING)
    live = await storage.read(lambda tx: elsewhere.live(tx, stopping, now + SOON))
    assert live is not None
    assert live.state == State.STOPPING


async def test_readings_are_read_once_and_late_ones_a_little_later(storage: Storage) -> None:
    elsewhere, now = Elsewhere(), NOW + 12 * MINUTE
    await told(storage, reading(10, 3000, 18_000))
    assert not (await seen(storage, elsewhere, now)).paused
    await told(storage, Reading(at=NOW + 8 * MINUTE, activity=Activity.SUSPENDED_EV))
    assert not (await seen(storage, elsewhere, now + SOON)).paused, "what is before is not read"
    assert (await seen(storage, elsewhere, now + ANEW_AFTER)).paused


async def test_a_session_without_a_transaction_has_no_figures(storage: Storage) -> None:
    other = replace(SESSION, transaction_id="8")
    assert await storage.read(lambda tx: Elsewhere().live(tx, other, NOW)) is None
