"""Stations, their connectors, and what they are asked."""

import re

from irve_bridge.domain.id_tag import IdTag
from tests.integration.operator_pages.conftest import Browser, hidden
from tests.integration.world import World

CP1 = "/operator/stations/CP1"


async def test_stations_are_found_by_id_name_and_connection(w: World, viewer: Browser) -> None:
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        for query, there, not_there in (
            ("", "Aire de la Forêt", "No station is like this."),
            ("?q=cp1", "Parking de la République", "Aire de la Forêt"),
            ("?q=FORÊT", "No station is like this.", "Parking"),
            ("?q=for", "Aire de la Forêt", "Parking"),
            ("?q=%25", "No station is like this.", "Parking"),
            ("?state=online", "Parking de la République", "Aire de la Forêt"),
            ("?state=offline", "Aire de la Forêt", "Parking de la République"),
            ("?after=CP1", "Aire de la Forêt", "Parking de la République"),
        ):
            page = await viewer.page(f"/operator/stations{query}")
            assert there in page, query
            assert not_there not in page, query


async def test_a_station_tells_what_it_is_and_does(w: World, viewer: Browser) -> None:
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        page = await viewer.page(CP1)
        for text in ("FR*EXA*E0001*1", "Simulated", "BootNotification", "Online", "Available"):
            assert text in page


async def test_a_command_is_sent_once_by_one_form_and_noted_with_who_gave_it(
    w: World, operator: Browser
) -> None:
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        carried = hidden(await operator.page(CP1))
        for _ in range(2):
            answer, _ = await operator.post(
                f"{CP1}/commands/TriggerMessage", **carried, requestedMessage="Heartbeat"
            )
            assert answer.status == 303
        page = await operator.page(answer.headers["Location"])
        assert "Ask for a message: The charge point accepted." in page
        assert len(re.findall(r"<td>claire</td>", page)) == 1


async def test_what_may_end_a_charge_is_asked_for_twice(w: World, operator: Browser) -> None:
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 500)
        answer, page = await operator.send(CP1, f"{CP1}/commands/Reset", type="Soft")
        assert answer.status == 200
        assert "1 charge runs at this station. It may end by this" in page
        assert "claire</td>" not in await operator.page(CP1)
        carried = hidden(page) | {"type": "Soft", "sure": "yes"}
        answer, _ = await operator.post(f"{CP1}/commands/Reset", **carried)
        assert answer.headers["Location"] == f"{CP1}?sent=Reset&said=Accepted"
        await w.until(opened["session_id"], "settled")


async def test_a_charge_that_nobody_pays_for_is_stopped_too(w: World, operator: Browser) -> None:
    """One of a badge has no session, so its station is asked."""
    assert w.bridge is not None
    await w.bridge.storage.transact(lambda tx: tx.id_tags.put(IdTag(id_tag="BADGE")))
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        assert "Connector and transaction" not in await operator.page(CP1)
        await cp.plug(1)
        await cp.swipe(1, "BADGE")
        await cp.wait_for_energy(1, 500)
        (named,) = re.findall(r'<option value="(\d+)">1 · \1<', await operator.page(CP1))
        path = f"{CP1}/commands/RemoteStopTransaction"
        _, page = await operator.send(CP1, path, transactionId=named)
        assert "1 charge runs at this station. It may end by this" in page
        carried = hidden(page) | {"transactionId": named, "sure": "yes"}
        answer, _ = await operator.post(path, **carried)
        assert answer.headers["Location"].endswith("said=Accepted")
        await cp.wait_for_status(1, "Finishing")


async def test_what_is_not_sent_is_said(w: World, operator: Browser) -> None:
    """Offline, a command without a form, and fields that no charge point may be sent."""
    for path, fields, status, sentence in (
        ("Reset", {"type": "Hard", "sure": "yes"}, 409, "not connected"),
        ("ReserveNow", {}, 404, "cannot be asked this"),
        ("Reset", {"type": "Never", "sure": "yes"}, 422, "Something is missing or not right"),
        ("TriggerMessage", {"requestedMessage": "Heartbeat", "form_key": ""}, 422, "missing"),
    ):
        answer, page = await operator.send(CP1, f"{CP1}/commands/{path}", **fields)
        assert (answer.status, sentence in page) == (status, True), path


async def test_what_an_address_says_came_of_a_command_is_one_of_our_sentences(
    w: World, viewer: Browser
) -> None:
    page = await viewer.page(f"{CP1}?sent=Reset&said=Pay+Mallory")
    assert "Restart: The charge point answered: see the commands below." in page
    page = await viewer.page(f"{CP1}?sent=Pay+Mallory&said=Mallory")
    assert 'role="status"' not in page
