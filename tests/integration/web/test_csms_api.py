"""The CSMS's routes, the session's document, and the given finishing address."""

from typing import Any

import pytest

from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.web import WebSettings
from irve_bridge.web.callers import COOKIE
from tests.integration.web.conftest import CSMS, FRENCH_PAGE, House

START: dict[str, Any] = {
    "charge_point_id": "CP1",
    "connector_id": 1,
    "payment_method_id": "pm_card_visa",
    "client_id": "fleet-42",
}


async def post(
    house: House, route: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> Any:
    """Post as the CSMS; return status and answer."""
    shown = CSMS if headers is None else headers
    async with house.client.post(f"/api/{route}", json=body, headers=shown) as answer:
        return answer.status, await answer.json()


async def started(house: House, **fields: Any) -> dict[str, Any]:
    status, answer = await post(house, "start-charging-session", START | fields)
    assert status in (201, 202), answer
    document: dict[str, Any] = answer
    return document


@pytest.mark.parametrize("card", [{}, {"payment_method_id": None, "token": "tok_visa"}])
async def test_a_card_that_the_csms_brings_is_secured(house: House, card: dict[str, Any]) -> None:
    answer = await started(house, **card)
    session = await house.until(answer["session_id"], State.SECURED)
    assert (session.plan, session.client_id) == (PlanName.DYNAMIC, "fleet-42")
    assert session.setup_intent_id


async def test_a_setup_that_needs_the_driver_gives_an_address_and_its_end(house: House) -> None:
    answer = await started(house, payment_method_id="pm_card_authenticationRequired")
    assert answer["status"] == "open"
    assert answer["url"].startswith("http")
    assert answer["expires_at"]


async def test_a_refused_card_is_told_with_its_code(house: House) -> None:
    body = START | {"payment_method_id": "pm_card_visa_chargeDeclined"}
    status, answer = await post(house, "start-charging-session", body)
    assert (status, answer["error"]["code"]) == (402, "card_refused")


@pytest.mark.parametrize("route", ["start-charging-session", "end-charging-session"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_only_the_csms_may_start_and_end(
    house: House, route: str, headers: dict[str, str]
) -> None:
    status, answer = await post(house, route, START, headers)
    assert (status, answer["error"]["code"]) == (401, "unauthorized")


class TestWhileTheKeyIsReplaced:
    @pytest.fixture
    def settings(self) -> WebSettings:
        return WebSettings(base_url="http://bridge.example", csms_api_keys=("new", "old"))

    async def test_the_new_key_and_the_old_one_open(self, house: House) -> None:
        answers = [
            await post(house, "start-charging-session", START, {"Authorization": f"Bearer {key}"})
            for key in ("new", "old", "new, old", "")
        ]
        codes = [answer.get("error", {}).get("code") for _, answer in answers]
        assert codes[2:] == ["unauthorized", "unauthorized"]
        assert "unauthorized" not in codes[:2]


class TestWithoutAKey:
    @pytest.fixture
    def settings(self) -> WebSettings:
        return WebSettings(base_url="http://bridge.example")

    async def test_the_routes_are_closed(self, house: House) -> None:
        status, answer = await post(house, "start-charging-session", START)
        assert (status, answer["error"]["code"]) == (403, "csms_key_missing")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"payment_method_id": None}, "token"),
        ({"token": "tok_visa"}, "token"),
        ({"payment_method_id": "4242424242424242"}, "payment_method_id"),
        ({"payment_type": "fixed"}, "payment_type"),
        ({"metered_by": "nobody"}, "metered_by"),
    ],
)
async def test_a_wrong_start_names_the_field(
    house: House, fields: dict[str, Any], field: str
) -> None:
    status, answer = await post(house, "start-charging-session", START | fields)
    assert (status, answer["error"]["field"]) == (422, field)


async def test_the_csms_stops_what_the_bridge_meters_and_gives_no_figures(house: House) -> None:
    session = await house.charging()
    end = {"session_id": session.id}
    for figure in ({"energy_wh": 1}, {"energy_kwh": 1}, {"amount": 1}):
        status, answer = await post(house, "end-charging-session", end | figure)
        assert (status, answer["error"]["code"]) == (409, "conflict")
    status, answer = await post(house, "end-charging-session", end)
    assert (status, answer["status"]) == (200, "stopping")


async def test_the_first_end_of_a_csms_metered_charge_wins(house: House) -> None:
    """10 kWh x 0.48 + 0.60: the bridge's tariff prices what the CSMS metered."""
    answer = await started(house, metered_by="csms")
    await house.until(answer["session_id"], State.CHARGING)
    end = {"session_id": answer["session_id"]}
    status, refused = await post(house, "end-charging-session", end)
    assert (status, refused["error"]["field"]) == (422, "energy_wh")
    status, first = await post(house, "end-charging-session", end | {"energy_kwh": "10"})
    assert (status, first["amount"], first["energy_wh"]) == (200, 540, 10_000)
    status, again = await post(house, "end-charging-session", end | {"energy_wh": 10_000})
    assert (status, again["amount"]) == (200, 540)
    status, other = await post(house, "end-charging-session", end | {"energy_wh": 20_000})
    assert (status, other["error"]["code"]) == (409, "conflict")
    assert (await house.until(answer["session_id"], State.SETTLED)).decided_minor == 540


async def test_an_end_in_another_currency_is_refused(house: House) -> None:
    answer = await started(house, metered_by="csms")
    end = {"session_id": answer["session_id"], "amount": 500, "currency": "USD"}
    status, refused = await post(house, "end-charging-session", end)
    assert (status, refused["error"]["field"]) == (422, "currency")


async def test_an_end_names_one_figure_at_most(house: House) -> None:
    end = {"session_id": "ses_1", "energy_wh": 1, "amount": 1}
    status, answer = await post(house, "end-charging-session", end)
    assert (status, answer["error"]["field"]) == (422, "amount")


async def test_a_start_is_repeated_under_its_key_and_not_done_twice(house: House) -> None:
    headers = CSMS | {"Idempotency-Key": "start-1"}
    first = await post(house, "start-charging-session", START, headers)
    second = await post(house, "start-charging-session", START, headers)
    assert first == second
    assert len(await house.storage.read(lambda tx: tx.sessions.search())) == 1


async def test_the_session_document_tells_everything_but_the_token(house: House) -> None:
    session = await house.settled()
    async with house.client.get(f"/api/sessions/{session.id}", headers=CSMS) as answer:
        text = await answer.text()
        document = await answer.json()
    assert session.token not in text
    assert (document["status"], document["amount"], document["currency"]) == ("settled", 652, "EUR")
    assert (document["energy_wh"], document["payment_intent_id"]) == (
        12_340,
        session.payment_intent_id,
    )
    assert sum(line["gross_minor"] for line in document["cost"]["lines"]) == 652
    assert [(m["kind"], m["amount"]) for m in document["movements"]] == [("charge", 652)]
    assert document["started_at"] < document["stopped_at"]


async def test_a_session_is_shown_to_its_driver_and_nobody_else(house: House) -> None:
    session = await house.secured()
    path = f"/api/sessions/{session.id}"

    async def status(headers: dict[str, str], query: str = "") -> int:
        async with house.client.get(path + query, headers=headers) as answer:
            return answer.status

    assert await status({"Cookie": f"{COOKIE}={session.token}"}) == 200
    assert await status({"Authorization": f"Bearer {session.token}"}) == 200
    assert await status({}, f"?token={session.token}") == 200
    assert await status({}) == 401
    assert await status({}, "?token=guessed") == 401


async def test_an_unknown_session_is_404_to_the_csms_only(house: House) -> None:
    for headers, status in ((CSMS, 404), ({}, 401)):
        async with house.client.get("/api/sessions/ses_none", headers=headers) as answer:
            assert answer.status == status


async def finish(house: House, session: Session, **fields: Any) -> Any:
    path = f"/finish-dynamic-charge/{session.id}"
    async with house.client.post(path, json=fields) as answer:
        return answer.status, await answer.json()


async def test_finishing_takes_the_driver_s_token_and_no_amount(house: House) -> None:
    session = await house.charging()
    assert (await finish(house, session))[0] == 401
    assert (await finish(house, session, token="guessed"))[0] == 401
    status, refused = await finish(house, session, token=session.token, amount=1)
    assert (status, refused["error"]["field"]) == (422, "amount")
    assert (await house.desk.session(session.id)).state is State.CHARGING
    status, stopped = await finish(house, session, token=session.token)
    assert (status, stopped["status"]) == (200, "stopping")


async def test_looking_at_the_finishing_address_changes_nothing(house: House) -> None:
    session = await house.charging()
    path = f"/finish-dynamic-charge/{session.id}"
    assert "Charge en cours" in await house.page(f"{path}?token={session.token}")
    stranger = await house.page(path)
    assert "ouvrez le lien que vous avez reçu" in stranger
    assert session.token not in stranger
    assert (await house.desk.session(session.id)).state is State.CHARGING


async def test_a_browser_that_finishes_is_sent_to_its_session(house: House) -> None:
    session = await house.charging()
    async with house.client.post(
        f"/finish-dynamic-charge/{session.id}",
        data={},
        headers=FRENCH_PAGE | {"Cookie": f"{COOKIE}={session.token}"},
        allow_redirects=False,
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/c/{session.token}")
    assert (await house.desk.session(session.id)).state is State.STOPPING
