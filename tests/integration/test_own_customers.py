"""The operator's own customers: let in by their id tags, told of by CDRs, never charged here."""

from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world
from tests.ocpi import Cdr

TAG = "04A2B3C4D5E6F7"


async def charge(cp: ChargePoint, energy_wh: int = 1000) -> Any:
    """Charge with the tag until so much was delivered; return what the meter said."""
    await cp.plug(1)
    assert await cp.swipe(1, TAG)
    await cp.wait_for_energy(1, energy_wh)
    await cp.unplug(1)
    return await cp.wait_for_stop()


async def cdrs(w: World, count: int) -> list[dict[str, Any]]:
    """Return the CDRs that the CSMS was told, once there are so many."""

    async def told() -> bool:
        return len(w.inbox.received("cdr_created")) >= count

    await w.eventually(told)
    return [callback.data for callback in w.inbox.received("cdr_created")]


async def test_a_charge_by_id_tag_is_told_as_a_cdr_and_no_card_is_charged(tmp_path: Path) -> None:
    """Priced by the station's tariff, with the tag that started it, whatever its letters' case."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        status, _ = await w.api("PUT", f"/api/id-tags/{TAG.lower()}", {"parent_id_tag": "FLEET"})
        assert status == 200
        transaction = await charge(cp)
        (data,) = await cdrs(w, 1)
        cdr = Cdr.model_validate(data["cdr"])
        assert (data["session_id"], data["id_tag"], data["sequence"]) == (None, TAG, 1)
        assert data["amount"] == w.cost(transaction)
        assert cdr.total_cost.incl_vat == w.cost(transaction) / 100
        assert cdr.total_energy == transaction.as_json()["energy_wh"] / 1000
        assert (cdr.cdr_token.uid, cdr.cdr_token.type, cdr.auth_method) == (
            TAG,
            "RFID",
            "WHITELIST",
        )
        assert await w.stripe("GET", "/_sim/ledger") == []
        named = f"/api/transactions/CP1/{data['transaction_id']}/cdr"
        assert await w.api("GET", named) == (200, {"cdrs": [data["cdr"]]})


@pytest.mark.parametrize(
    ("tag", "answer"),
    [
        ({}, "Accepted"),
        ({"status": "Blocked"}, "Blocked"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "Expired"),
        (None, "Invalid"),
    ],
)
async def test_a_tag_is_answered_as_the_list_says(
    tmp_path: Path, tag: dict[str, Any] | None, answer: str
) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        if tag is not None:
            status, _ = await w.api("PUT", f"/api/id-tags/{TAG}", tag)
            assert status == 200
        await cp.plug(1)
        assert await cp.swipe(1, TAG) == (answer == "Accepted")
        if tag is not None:
            assert await w.api("DELETE", f"/api/id-tags/{TAG}") == (204, None)
        status, refused = await w.api("DELETE", f"/api/id-tags/{TAG}")
        assert (status, refused["error"]["code"]) == (404, "unknown_id_tag")


async def test_tags_are_listed_a_page_at_a_time_and_one_by_one(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for tag in ("C", "a", "B"):
            assert (await w.api("PUT", f"/api/id-tags/{tag}", {"name": f"of {tag}"}))[0] == 200
        _, first = await w.api("GET", "/api/id-tags?limit=2")
        _, rest = await w.api("GET", f"/api/id-tags?limit=2&after={first['next']}")
        assert [tag["id_tag"] for tag in first["id_tags"] + rest["id_tags"]] == ["A", "B", "C"]
        assert rest["next"] is None
        status, one = await w.api("GET", "/api/id-tags/b")
        assert (status, one["id_tag"], one["name"]) == (200, "B", "of B")
        status, none = await w.api("GET", "/api/id-tags/D")
        assert (status, none["error"]["code"]) == (404, "unknown_id_tag")


async def test_the_csms_is_asked_for_a_tag_that_is_on_no_list(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        w.inbox.id_tags[TAG] = {"status": "Accepted"}
        transaction = await charge(cp)
        (data,) = await cdrs(w, 1)
        assert data["amount"] == w.cost(transaction)
        assert data["cdr"]["auth_method"] == "AUTH_REQUEST"


async def test_a_guest_s_tag_is_never_asked_for(tmp_path: Path) -> None:
    """Neither does it need the CSMS, nor is it told of as an own customer's."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 500)
        await cp.unplug(1)
        await w.final(opened["session_id"])
        await w.told(opened["session_id"], "cdr_created")
        assert w.inbox.asked == []
        assert len(w.inbox.received("cdr_created")) == 1


async def test_a_csms_that_does_not_answer_lets_nobody_in(tmp_path: Path) -> None:
    async with (
        world(tmp_path, csms_authorize_url="http://127.0.0.1:1/") as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        await cp.plug(1)
        assert not await cp.swipe(1, TAG)


async def test_a_charge_goes_on_over_a_restart_and_is_told_once(tmp_path: Path) -> None:
    async with world(tmp_path, process=True) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await w.api("PUT", f"/api/id-tags/{TAG}", {})
        await cp.plug(1)
        assert await cp.swipe(1, TAG)
        await cp.wait_for_energy(1, 500)
        await w.kill()
        await cp.wait_for_energy(1, 1000)
        await cp.unplug(1)
        transaction = await cp.wait_for_stop()
        (data,) = await cdrs(w, 1)
        assert data["amount"] == w.cost(transaction)
