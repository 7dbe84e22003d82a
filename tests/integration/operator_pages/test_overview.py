"""What an operator sees first."""

import re
from dataclasses import replace
from datetime import timedelta

from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import State
from irve_bridge.service.overview import RUNNING_SHOWN
from irve_bridge.service.ports import Tx
from tests.integration.operator_pages.conftest import Browser
from tests.integration.world import World


async def test_the_overview_tells_how_everything_stands(w: World, viewer: Browser) -> None:
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await w.until(opened["session_id"], "charging")
        page = await viewer.page("/operator")
        assert "1 / 3" in page
        assert "2 stations are offline" in page
        assert "never seen" in page
        assert ">Charging</span>" in page
        assert "kWh" in page
        await cp.unplug(1)
        settled = await w.until(opened["session_id"], "settled")
        page = await viewer.page("/operator")
        assert f"€{settled['amount'] / 100:.2f}" in page
        assert "No charge runs just now." in page


async def test_what_waits_too_long_and_what_was_given_up_name_their_sessions(
    w: World, viewer: Browser
) -> None:
    assert w.bridge is not None
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        late, untold = [(await w.open("dynamic", number))["session_id"] for number in (1, 2)]
    now, day = w.clock.now(), timedelta(days=1)

    def unit(tx: Tx) -> None:
        ids = {}
        for session_id in (late, untold):
            tx.intents.add(session_id, Intent(Do.TELL, Kind.CALLBACK, {"data": {}}), now - day)
            ids[session_id] = tx.intents.unfinished(session_id)[-1].id
        tx.intents.postpone(ids[late], now + day, "away")
        tx.intents.finish(ids[untold], "failed", "away", now)

    await w.bridge.storage.transact(unit)
    page = await viewer.page("/operator")
    _, _, waiting = page.partition("Callbacks wait for the CSMS to take them.")
    waiting, _, given_up = waiting.partition("1 callback was given up")
    assert f'href="/operator/sessions/{late}"' in waiting
    assert f'href="/operator/sessions/{untold}"' in given_up


async def test_all_that_run_are_listed_where_the_overview_shows_only_the_newest(
    w: World, viewer: Browser
) -> None:
    """Be they asked to stop already."""
    assert w.bridge is not None
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = (await w.open("dynamic"))["session_id"]
    ids = [f"ses_{number}" for number in range(RUNNING_SHOWN + 1)]

    def unit(tx: Tx) -> None:
        one = tx.sessions.get(opened)
        assert one is not None
        for number, name in enumerate(ids):
            state = (State.CHARGING, State.STOPPING)[number % 2]
            names = {"id": name, "token": name, "id_tag": name, "charge_point_id": name}
            tx.sessions.add(replace(one, state=state, **names), one.opened_at)

    await w.bridge.storage.transact(unit)
    page = await viewer.page("/operator")
    (path,) = re.findall(rf'href="([^"]+)">All {len(ids)} charges running', page)
    listed = await viewer.page(path)
    shown = [[name for name in ids if f'/sessions/{name}"' in each] for each in (page, listed)]
    assert (len(shown[0]), shown[1]) == (RUNNING_SHOWN, ids)
    assert opened not in listed
