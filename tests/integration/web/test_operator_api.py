"""The operator's routes: refunds, decisions, the list, and what answers a dispute."""

import asyncio
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.session import Session, State
from irve_bridge.service.policy import Policy
from tests.integration.web.conftest import CSMS, House, plain
from tests.integration.web.test_debt import fact_of, in_debt

REASON = {"reason": "the cable was faulty"}


async def post(
    house: House, session: Session, action: str, body: dict[str, Any], headers: dict[str, str]
) -> tuple[int, Any]:
    path = f"/api/sessions/{session.id}/{action}"
    async with house.client.post(path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def get(house: House, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    async with house.client.get(path, headers=headers) as answer:
        return answer.status, await answer.json()


async def remains(house: House, session: Session, paid_minor: int) -> Session:
    """Wait until the books say that this is what is left."""
    async with asyncio.timeout(30):
        while (found := await house.desk.session(session.id)).paid_minor != paid_minor:
            await asyncio.sleep(0.01)  # the last of several facts cannot be told from the others
    return found


async def test_a_part_goes_back_and_then_the_rest(house: House) -> None:
    session = await house.settled()
    status, answer = await post(house, session, "refunds", REASON | {"amount": 200}, CSMS)
    assert (status, answer["refund_amount"], answer["amount"]) == (202, 200, 452)
    await remains(house, session, 452)
    page = await house.page(f"/c/{session.token}")
    for text in ("Remboursé ensuite", "-2,00 €", "4,52 €", "5,92 €"):
        assert text in page, text
    status, answer = await post(house, session, "refunds", REASON, CSMS)
    assert (status, answer["refund_amount"], answer["amount"]) == (202, 452, 0)
    await remains(house, session, 0)
    _, document = await get(house, f"/api/sessions/{session.id}", CSMS)
    assert (document["paid_amount"], document["refunded_amount"]) == (0, 652)
    assert document["status"] == "settled"


async def test_a_fixed_amount_s_refunds_are_told_apart(house: House) -> None:
    """What was not used went back at the end; what the operator gave back came later."""
    session = await house.settled("fixed", amount=2000)
    await post(house, session, "refunds", REASON | {"amount": 200}, CSMS)
    await remains(house, session, 452)
    page = await house.page(f"/c/{session.token}")
    for text in ("20,00 €", "13,48 €", "2,00 €", "4,52 €"):
        assert text in page, text


async def test_a_refund_under_way_is_shown_as_such(house: House) -> None:
    async with house.stripe.post("/_sim/refunds", json={"mode": "pending"}) as answer:
        assert answer.status == 200
    session = await house.settled()
    await post(house, session, "refunds", REASON | {"amount": 200}, CSMS)
    page = await house.page(f"/c/{session.token}")
    assert "Remboursement en cours" in page
    assert "Remboursé ensuite" not in page


async def test_under_its_key_a_refund_is_made_once(house: House) -> None:
    session = await house.settled()
    headers = CSMS | {"Idempotency-Key": "refund-1"}
    body = REASON | {"amount": 200}
    first = await post(house, session, "refunds", body, headers)
    await remains(house, session, 452)
    assert await post(house, session, "refunds", body, headers) == first
    assert (await house.desk.session(session.id)).decided_minor == 452
    status, answer = await post(house, session, "refunds", REASON, headers)
    assert (status, answer["error"]["code"]) == (422, "idempotency_key_reused")


async def test_two_refunds_at_once_are_one_and_a_refusal(house: House) -> None:
    session = await house.settled()
    body = REASON | {"amount": 400}
    answers = await asyncio.gather(*(post(house, session, "refunds", body, CSMS) for _ in "12"))
    assert sorted(status for status, _ in answers) == [202, 409]
    await remains(house, session, 252)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"amount": 653}, 409, "conflict"),
        ({"amount": 0}, 422, "invalid"),
        ({"reason": ""}, 422, "invalid"),
        ({"currency": "USD"}, 422, "currency_refused"),
        ({"amout": 5}, 422, "invalid"),
    ],
)
async def test_a_refund_that_cannot_be_changes_nothing(
    house: House, fields: dict[str, Any], status: int, code: str
) -> None:
    session = await house.settled()
    found, answer = await post(house, session, "refunds", REASON | fields, CSMS)
    assert (found, answer["error"]["code"]) == (status, code)
    assert (await house.desk.session(session.id)).decided_minor == 652


async def test_only_what_is_settled_is_refunded(house: House) -> None:
    session = await house.secured("fixed", amount=2000)
    status, answer = await post(house, session, "refunds", REASON, CSMS)
    assert (status, answer["error"]["code"]) == (409, "conflict")


async def test_nobody_but_the_csms_may(house: House) -> None:
    """The driver's own token opens none of it."""
    session = await house.settled()
    driver = {"Authorization": f"Bearer {session.token}"}
    for headers in ({}, driver, {"Authorization": "Bearer guessed"}):
        for action, body in (("refunds", REASON), ("decision", {"amount": 0})):
            assert (await post(house, session, action, body, headers))[0] == 401
        for path in ("/api/sessions", f"/api/sessions/{session.id}/evidence"):
            assert (await get(house, path, headers))[0] == 401
    assert (await house.desk.session(session.id)).decided_minor == 652


async def test_a_review_is_decided(house: House) -> None:
    session = await house.charging()
    await house.read(session, 5_000)
    await house.end(session, 4_000)
    await house.until(session.id, State.REVIEW)
    status, answer = await post(house, session, "decision", {"amount": 200}, CSMS)
    assert (status, answer["amount"]) == (200, 200)
    assert (await house.until(session.id, State.SETTLED)).paid_minor == 200


async def test_a_debt_is_lowered_and_forgiven_and_never_raised(house: House) -> None:
    session = await in_debt(house)
    status, answer = await post(house, session, "decision", {"amount": 653}, CSMS)
    assert (status, answer["error"]["code"]) == (409, "conflict")
    status, answer = await post(house, session, "decision", {"amount": 300}, CSMS)
    assert (status, answer["status"], answer["amount"]) == (200, "due", 300)
    status, answer = await post(house, session, "decision", {"amount": 0}, CSMS)
    assert (status, answer["status"]) == (200, "written_off")


async def test_an_unknown_session_is_404_to_the_csms(house: House) -> None:
    for path in ("refunds", "decision"):
        body = REASON if path == "refunds" else {"amount": 0}
        async with house.client.post(
            f"/api/sessions/ses_none/{path}", json=body, headers=CSMS
        ) as answer:
            assert answer.status == 404
    assert (await get(house, "/api/sessions/ses_none/evidence", CSMS))[0] == 404


async def test_debts_are_listed_with_what_time_brings_and_no_card(house: House) -> None:
    session = await in_debt(house, "insufficient_funds")
    _, answer = await get(house, "/api/sessions?state=due", CSMS)
    (line,) = answer["sessions"]
    assert (line["session_id"], line["amount"], line["outcome"]) == (
        session.id,
        652,
        "insufficient_funds",
    )
    assert line["debt"]["tries"] == 0
    assert line["debt"]["due_since"] < line["debt"]["next_try_at"] < line["debt"]["written_off_at"]
    found = await house.desk.session(session.id)
    assert found.card_fingerprint
    assert found.card_fingerprint not in str(answer)
    assert found.token not in str(answer)
    assert (await get(house, "/api/sessions?state=settled", CSMS))[1] == {"sessions": []}


@pytest.mark.parametrize("query", ["state=nowhere", "limit=0", "limit=1001", "colour=red"])
async def test_a_wrong_list_is_refused(house: House, query: str) -> None:
    status, answer = await get(house, f"/api/sessions?{query}", CSMS)
    assert (status, answer["error"]["code"]) == (422, "invalid")


async def disputed(house: House) -> Session:
    session = await house.settled()
    dispute = facts.DisputeChanged(
        **fact_of(house, session),
        dispute_id="dp_1",
        payment_intent_id=session.payment_intent_id or "",
        status="needs_response",
        reason="fraudulent",
        amount_minor=652,
    )
    await house.handler.apply(dispute)
    return session


async def test_a_dispute_is_told_the_operator_and_not_the_driver(house: House) -> None:
    session = await disputed(house)
    path = f"/api/sessions/{session.id}"
    _, told = await get(house, path, CSMS)
    assert told["dispute"] == "needs_response"
    assert [m["kind"] for m in told["movements"]] == ["charge", "dispute"]
    _, driver = await get(house, path, {"Authorization": f"Bearer {session.token}"})
    assert "dispute" not in str(driver)
    page = await house.page(f"/c/{session.token}")
    assert "6,52 €" in page
    assert "itige" not in page


async def test_the_evidence_tells_the_whole_charge(house: House) -> None:
    """Price, consent, place, meter, cost, money and the dispute itself, in one document."""
    session = await disputed(house)
    status, document = await get(house, f"/api/sessions/{session.id}/evidence", CSMS)
    assert status == 200
    shown = {line["type"]: line["gross"] for line in document["price"]["shown"]}
    assert shown["ENERGY"] == "0.480"
    assert document["price"]["tariff"]["id"] == "T1"
    consent = document["consent"]
    assert (consent["plan"], consent["language"]) == ("dynamic", "fr")
    assert any("au plus 150,00" in words for words in consent["wording"])
    assert document["place"]["evse_id"] == "FR*EXA*E0001*1"
    assert document["place"]["operator"] == "Recharge Exemple"
    meter = document["meter"]
    assert meter["stop_register_wh"] - meter["start_register_wh"] == document["energy_wh"] == 12_340
    assert document["cost"]["gross_minor"] == 652
    assert [line["after"] for line in document["history"]][-1] == "settled"
    assert [m["kind"] for m in document["movements"]] == ["charge", "dispute"]
    (dispute,) = document["disputes"]
    assert (dispute["status"], dispute["reason"]) == ("needs_response", "fraudulent")
    assert document["driver"]["email"] == "a@b.fr"
    assert document["callbacks"] == []
    assert session.token not in str(document)


async def test_the_evidence_s_words_are_those_of_the_station_s_page(house: House) -> None:
    page = await house.page("/s/CP1/1")
    session = await house.settled()
    _, document = await get(house, f"/api/sessions/{session.id}/evidence", CSMS)
    for words in document["consent"]["wording"]:
        assert plain(words) in page, words


async def test_an_erased_driver_is_in_no_evidence(house: House) -> None:
    session = await house.settled()
    await house.handler.apply(facts.PersonalDataTermPassed(**fact_of(house, session)))
    _, document = await get(house, f"/api/sessions/{session.id}/evidence", CSMS)
    assert document["driver"] == {"client_id": None, "email": None}
    assert "a@b.fr" not in str(document)


async def test_a_card_that_the_csms_brought_agreed_to_no_page(house: House) -> None:
    start = {"charge_point_id": "CP1", "connector_id": 1, "payment_method_id": "pm_card_visa"}
    async with house.client.post("/api/start-charging-session", json=start, headers=CSMS) as answer:
        session_id = (await answer.json())["session_id"]
    _, document = await get(house, f"/api/sessions/{session_id}/evidence", CSMS)
    consent = document["consent"]
    assert (consent["card_brought_by_csms"], consent["wording"]) == (True, [])


class TestCallbacks:
    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(callbacks=True)

    async def test_the_evidence_lists_what_the_csms_was_told_and_what_not_yet(
        self, house: House
    ) -> None:
        """Nobody delivers here: all of them wait."""
        session = await house.settled()
        _, document = await get(house, f"/api/sessions/{session.id}/evidence", CSMS)
        assert [told["type"] for told in document["callbacks"]] == [
            "session_opened",
            "session_completed",
            "charging_started",
            "charging_stopped",
            "payment_succeeded",
            "cdr_created",
        ]
        assert len(document["callbacks_not_delivered"]) == 6
