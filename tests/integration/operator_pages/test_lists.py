"""Logs of charge points, customers' id tags, and who is not registered: looked at, page by page."""

from datetime import timedelta

from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.service.ports import Tx
from irve_bridge.web.operator.lists import SHOWN
from tests.integration.operator_pages.conftest import Browser
from tests.integration.world import World

CP1 = "/operator/stations/CP1"


async def test_id_tags_tell_what_they_are_worth_by_now(w: World, viewer: Browser) -> None:
    assert w.bridge is not None
    over = w.clock.now() - timedelta(days=1)

    def fill(tx: Tx) -> None:
        tx.id_tags.put(IdTag(id_tag="A1", name="<Ada>"))
        tx.id_tags.put(IdTag(id_tag="A2", status=IdTagStatus.BLOCKED, parent_id_tag="FLEET"))
        tx.id_tags.put(IdTag(id_tag="A3", expires_at=over))
        for number in range(SHOWN):
            tx.id_tags.put(IdTag(id_tag=f"B{number:04}"))

    assert "No id tag is registered." in await viewer.page("/operator/id-tags")
    await w.bridge.storage.transact(fill)
    page = await viewer.page("/operator/id-tags")
    for text in ("<td><Ada></td>", ">Blocked</span>", "FLEET", ">Expired</span>", ">May charge<"):
        assert text in page
    assert "B0097" not in page
    assert "B0097" in await viewer.page("/operator/id-tags?after=B0096")


async def test_who_is_not_registered_is_named(w: World, viewer: Browser) -> None:
    assert w.bridge is not None
    assert "only while LIST_STRANGERS is true" in await viewer.page("/operator/strangers")
    now = w.clock.now()
    await w.bridge.storage.transact(
        lambda tx: tx.strangers.seen("CP-NEW", "203.0.113.9", "ocpp/1", now)
    )
    page = await viewer.page("/operator/strangers")
    for text in ("CP-NEW", "203.0.113.9", "ocpp/1"):
        assert text in page
    assert 'href="/operator/strangers"' in await viewer.page("/operator")


async def test_all_a_station_told_and_was_asked_is_turned_over_page_by_page(
    w: World, viewer: Browser
) -> None:
    assert w.bridge is not None
    now = w.clock.now()

    def fill(tx: Tx) -> None:
        for number in range(SHOWN + 1):
            tx.station_events.add("CP1", "StatusNotification", {"info": f"e{number:04}"}, now)
            tx.commands.add("CP1", "TriggerMessage", {"n": f"c{number:04}"}, now, "claire")

    for kind, nothing in (("events", "It told nothing yet."), ("commands", "Nothing was asked")):
        assert nothing in await viewer.page(f"{CP1}/{kind}")
        assert nothing in await viewer.page(f"{CP1}/{kind}?after=")
    await w.bridge.storage.transact(fill)
    for kind, letter in (("events", "e"), ("commands", "c")):
        assert f'href="{CP1}/{kind}"' in await viewer.page(CP1)
        first = await viewer.page(f"{CP1}/{kind}")
        assert "· CP1</p>" in first
        assert f"{letter}0100" in first
        assert f"{letter}0000" not in first
        last = await viewer.page(f"{CP1}/{kind}?after=2")
        assert f"{letter}0000" in last
        assert f"{letter}0001" not in last
        await viewer.page(f"/operator/stations/nowhere/{kind}", 404)
