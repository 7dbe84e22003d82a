"""Charge points and tariffs are registered one at a time by the API, as by the stations file."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world

NEW: dict[str, Any] = {
    "name": "Quai Neuf",
    "address": "3 quai Neuf",
    "city": "Nantes",
    "latitude": 47.2,
    "longitude": -1.55,
    "time_zone": "Europe/Paris",
    "password": "a-long-random-key",
    "connectors": [{"number": 1, "evse_id": "FR*EXA*E0009*1", "power_kw": 22.1, "tariff": "ac"}],
}
OPERATOR = {"name": "Autre", "phone": "+33 2", "address": "Là", "siren": "404833048"}
CONNECTOR = NEW["connectors"][0]
METER_KEY = (
    "3059301306072A8648CE3D020106082A8648CE3D030107034200043AEEB45C392357820A58FDFB0857BD77ADA315"
    "85C61C430531DFA53B440AFBFDD95AC887C658EA55260F808F55CA948DF235C2108A0D6DC7D4AB1A5E1A7955BE"
)


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, speed=1, list_strangers="true") as made:
        yield made


async def http(w: World, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {w.api_key}"}
    async with w.http.request(method, w.url + path, json=body, headers=headers) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_what_is_registered_connects_and_charges(w: World) -> None:
    status, shown = await http(w, "PUT", "/api/charge-points/NEW", NEW)
    assert status == 201
    assert shown["changes"] == ["+ charge point NEW", "+ connector NEW/1"]
    assert shown["registered"]["operator"]["name"] == "Recharge Exemple"
    assert shown["registered"]["has_password"] is True
    assert (shown["connectors"][0]["power_w"], shown["connectors"][0]["tariffs"]) == (
        22_100,
        ["ac"],
    )
    point: ChargePoint = w.charge_point("NEW", connectors=1, password=NEW["password"])
    async with point:
        await point.wait_until_online()
        status, shown = await http(w, "GET", "/api/charge-points/NEW")
        assert shown["online"] is True
        assert shown["vendor"] == "Simulated"


async def test_all_that_is_registered_is_shown_but_the_password(w: World) -> None:
    display = {"vendor_id": "org.example", "message_id": "Code", "data": "{url}", "only": True}
    connector = CONNECTOR | {"meter_public_key": METER_KEY}
    entry = NEW | {"display": display, "connectors": [connector], "serial_number": "SN-1"}
    _, shown = await http(w, "PUT", "/api/charge-points/NEW", entry)
    told = shown["registered"]
    assert {name: told[name] for name in ("display", "serial_number", "time_zone", "city")} == {
        "display": display,
        "serial_number": "SN-1",
        "time_zone": "Europe/Paris",
        "city": "Nantes",
    }
    assert shown["connectors"][0]["meter_public_key"] == METER_KEY
    assert NEW["password"] not in str(shown)


async def test_registering_again_changes_what_differs_and_nothing_else(w: World) -> None:
    await http(w, "PUT", "/api/charge-points/NEW", NEW)
    status, shown = await http(w, "PUT", "/api/charge-points/NEW", NEW)
    assert (status, shown["changes"]) == (200, [])
    second = CONNECTOR | {"number": 2, "evse_id": "FR*EXA*E0009*2"}
    more = NEW | {"id": "NEW", "operator": OPERATOR, "connectors": [second]}
    status, shown = await http(w, "PUT", "/api/charge-points/NEW", more)
    assert shown["changes"] == ["~ charge point NEW", "+ connector NEW/2", "- connector NEW/1"]
    _, shown = await http(w, "PUT", "/api/charge-points/NEW", NEW)
    assert shown["registered"]["operator"]["name"] == "Autre"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"connectors": []}, "connectors"),
        ({"connectors": [CONNECTOR | {"number": 2**63}]}, "number"),
        ({"connectors": [CONNECTOR | {"tariff": "dc", "power_kw": 1e30}]}, "power_kw"),
        ({"connectors": [CONNECTOR | {"tariff": "gold"}]}, "names the tariff gold"),
        ({"connectors": [CONNECTOR, CONNECTOR]}, "stands 2 times"),
        ({"connectors": [CONNECTOR | {"tariff": ["ac", "jpy"]}]}, "several currencies"),
        ({"time_zone": "Mars/Olympus"}, "IANA"),
        ({"colour": "red"}, "colour"),
        ({"id": "OTHER"}, "id"),
        ({"requires_signatures": True}, "meter_public_key"),
        ({"connectors": [CONNECTOR | {"evse_id": "FR*EXA*E0001*1"}]}, "which is CP1's"),
    ],
)
async def test_what_a_file_may_not_say_the_api_may_not_either(
    w: World, change: dict[str, Any], says: str
) -> None:
    await http(w, "PUT", "/api/tariffs/jpy", tariff("jpy", currency="JPY"))
    status, told = await http(w, "PUT", "/api/charge-points/NEW", NEW | change)
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert says in told["error"]["message"]
    assert (await http(w, "GET", "/api/charge-points/NEW"))[0] == 404


async def test_fast_charging_by_the_minute_is_refused(w: World) -> None:
    by_time = tariff("time", type_="TIME")
    assert (await http(w, "PUT", "/api/tariffs/time", by_time))[0] == 200
    fast = NEW | {"connectors": [CONNECTOR | {"power_kw": 50, "tariff": "time"}]}
    status, told = await http(w, "PUT", "/api/charge-points/NEW", fast)
    assert (status, told["error"]["code"]) == (422, "tariff_refused")
    fast["connectors"][0]["tariff"] = "energy"
    await http(w, "PUT", "/api/tariffs/energy", tariff("energy"))
    assert (await http(w, "PUT", "/api/charge-points/NEW", fast))[0] == 201
    status, told = await http(w, "PUT", "/api/tariffs/energy", by_time | {"id": "energy"})
    assert (status, told["error"]["code"]) == (422, "tariff_refused")


def tariff(id_: str, *, type_: str = "ENERGY", currency: str = "EUR") -> dict[str, Any]:
    component = {"type": type_, "price": 0.35, "vat": 20, "step_size": 1}
    return {
        "id": id_,
        "currency": currency,
        "elements": [{"price_components": [component]}],
        "last_updated": "2026-01-01T00:00:00Z",
    }


async def test_a_security_profile_is_lowered_only_for_a_replacement(w: World) -> None:
    await http(w, "PUT", "/api/charge-points/NEW", NEW | {"security_profile": 2})
    lower = NEW | {"security_profile": 1}
    status, told = await http(w, "PUT", "/api/charge-points/NEW", lower)
    assert (status, told["error"]["code"]) == (422, "invalid")
    assert "never lowered" in told["error"]["message"]
    status, shown = await http(w, "PUT", "/api/charge-points/NEW?replaced=true", lower)
    assert (status, shown["registered"]["security_profile"]) == (200, 1)


async def test_a_tariff_is_put_shown_and_listed(w: World) -> None:
    status, put = await http(w, "PUT", "/api/tariffs/night", tariff("night"))
    assert status == 200
    assert await http(w, "GET", "/api/tariffs/night") == (200, put)
    assert put["elements"][0]["price_components"][0]["price"] == 0.35
    _, listed = await http(w, "GET", "/api/tariffs?limit=2")
    assert [each["id"] for each in listed["tariffs"]] == ["ac", "dc"]
    _, rest = await http(w, "GET", f"/api/tariffs?after={listed['next']}")
    assert ([each["id"] for each in rest["tariffs"]], rest["next"]) == (["night"], None)
    status, told = await http(w, "PUT", "/api/tariffs/day", tariff("night"))
    assert (status, told["error"]["code"]) == (422, "invalid")
    status, told = await http(w, "PUT", "/api/tariffs/x", {"id": "x"})
    assert (status, told["error"]["code"]) == (422, "tariff_refused")
    assert (await http(w, "GET", "/api/tariffs/gone"))[1]["error"]["code"] == "unknown_tariff"


async def test_without_one_operator_to_take_over_it_must_be_named(w: World) -> None:
    await http(w, "PUT", "/api/charge-points/OTHER", NEW | {"operator": OPERATOR})
    status, told = await http(w, "PUT", "/api/charge-points/NEW", NEW)
    assert status == 422
    assert "operator: name who operates it" in told["error"]["message"]


def socket(w: World, charge_point_id: str, agent: str | None = "Charger/1.0") -> Any:
    url = f"ws://127.0.0.1:{w.environment['OCPP_PORT']}/ocpp/{charge_point_id}"
    return connect(url, subprotocols=["ocpp1.6"], user_agent_header=agent)  # type: ignore[list-item]


async def test_who_is_removed_is_cut_off_and_turned_away(w: World) -> None:
    async with socket(w, "CP1") as open_:
        await open_.send('[2, "1", "Heartbeat", {}]')
        await open_.recv()
        assert (await http(w, "DELETE", "/api/charge-points/CP1"))[0] == 204
        async with asyncio.timeout(30):
            await open_.wait_closed()
        assert open_.close_code == CloseCode.GOING_AWAY
    assert (await http(w, "GET", "/api/charge-points/CP1"))[0] == 404
    with pytest.raises(InvalidStatus, match="404"):
        async with socket(w, "CP1"):
            pass
    status, told = await http(w, "DELETE", "/api/charge-points/CP1")
    assert (status, told["error"]["code"]) == (404, "unknown_charge_point")


async def test_nobody_is_removed_under_a_transaction(w: World) -> None:
    start = (
        '[2, "1", "StartTransaction", {"connectorId": 1, "idTag": "CARD", "meterStart": 0, '
        '"timestamp": "2026-03-01T10:00:00Z"}]'
    )
    async with socket(w, "CP1") as open_:
        await open_.send(start)
        await open_.recv()
        status, told = await http(w, "DELETE", "/api/charge-points/CP1")
        assert (status, told["error"]["code"]) == (409, "conflict")
    assert (await http(w, "GET", "/api/charge-points/CP1"))[0] == 200


async def test_nobody_is_removed_under_a_session(w: World) -> None:
    async with w.charge_point() as point:
        await point.wait_for_status(1, "Available")
        await w.eventually(lambda: _available(w))
        opened = await w.open("dynamic")
    status, told = await http(w, "DELETE", "/api/charge-points/CP1")
    assert (status, told["error"]["code"]) == (409, "conflict")
    assert opened["session_id"] in told["error"]["message"]


async def _available(w: World) -> bool:
    _, shown = await http(w, "GET", "/api/charge-points/CP1")
    return bool(shown["connectors"][0]["status"] == "Available")


async def test_a_stranger_is_turned_away_and_listed_until_it_is_registered(w: World) -> None:
    for name in ("NEW", "NEW", "two%20%20spaces"):
        with pytest.raises(InvalidStatus, match="404"):
            async with socket(w, name):
                pass
    _, listed = await http(w, "GET", "/api/strangers")
    (stranger,) = listed["strangers"]
    assert stranger["charge_point_id"] == "NEW"
    assert stranger["address"] == "127.0.0.1"
    assert stranger["agent"] == "Charger/1.0"
    assert stranger["first_at"] < stranger["last_at"]
    await http(w, "PUT", "/api/charge-points/NEW", NEW)
    assert (await http(w, "GET", "/api/strangers"))[1]["strangers"] == []


async def test_strangers_are_not_listed_unless_it_is_wished_for(tmp_path: Path) -> None:
    async with world(tmp_path, speed=1) as w:
        with pytest.raises(InvalidStatus, match="404"):
            async with socket(w, "NEW"):
                pass
        assert (await http(w, "GET", "/api/strangers"))[1] == {"strangers": [], "next": None}
