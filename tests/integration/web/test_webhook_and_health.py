"""What machines ask: the provider's webhook, and whether the bridge is well."""

from typing import Any

import pytest

from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import ALONE
from tests.integration.web.conftest import House


def completed(session: Session, event_id: str = "evt_1") -> dict[str, Any]:
    """Return the event that a checkout was completed, claiming nothing else."""
    checkout = {"id": session.checkout_id, "object": "checkout.session"}
    return {
        "id": event_id,
        "object": "event",
        "type": "checkout.session.completed",
        "data": {"object": checkout},
    }


async def test_a_webhook_is_answered_once_stored_and_then_looked_at(house: House) -> None:
    created = await house.order()
    session = await house.pay(created["session_id"])
    for _ in range(2):
        answer = await house.webhook(completed(session))
        assert (answer.status, await answer.json()) == (200, {"received": True})
    await house.until(session.id, State.SECURED)


async def test_what_a_webhook_claims_is_looked_up(house: House) -> None:
    """A signed event about an unpaid checkout starts nothing."""
    created = await house.order()
    session = await house.desk.session(created["session_id"])
    assert (await house.webhook(completed(session))).status == 200
    assert (await house.desk.session(session.id)).state is State.OPEN


async def test_a_webhook_that_is_not_signed_is_refused(house: House) -> None:
    created = await house.order()
    session = await house.desk.session(created["session_id"])
    answer = await house.webhook(completed(session), secret="whsec_somebody_else")
    assert answer.status == 400
    async with house.client.post("/webhook", data=b"{}") as unsigned:
        assert unsigned.status == 400


async def test_a_storage_that_fails_makes_the_provider_send_again(house: House) -> None:
    created = await house.order()
    session = await house.pay(created["session_id"])
    await house.storage.close()
    answer = await house.webhook(completed(session))
    text = await answer.text()
    assert answer.status == 500
    assert "reference" in text
    assert "Traceback" not in text


async def test_alive_and_ready(house: House) -> None:
    for path in ("/healthz", "/readyz"):
        async with house.client.get(path) as answer:
            assert answer.status == 200


async def test_a_node_that_was_taken_for_dead_is_not_ready(house: House) -> None:
    await house.storage.transact(lambda tx: tx.nodes.leave(ALONE))
    async with house.client.get("/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["error"]["code"] == "not_ready"


async def test_metrics_name_routes_and_never_links(house: House) -> None:
    session = await house.secured()
    async with house.client.get("/metrics") as answer:
        exposition = await answer.text()
    assert 'route="/c/{token}"' in exposition
    assert session.token not in exposition


async def test_metrics_tell_of_what_is_not_over(house: House) -> None:
    await house.secured()
    async with house.client.get("/metrics") as answer:
        well = await answer.text()
    assert "irve_bridge_storage_up 1.0" in well
    assert 'irve_bridge_sessions{state="secured"} 1.0' in well
    assert 'irve_bridge_money_secured_minor{currency="EUR"} 15000.0' in well
    assert 'irve_bridge_intents_pending{lane="money"} 0.0' in well


async def test_metrics_tell_of_a_storage_that_does_not_answer(house: House) -> None:
    """What is read from it is gone then: an old figure would look like news."""
    await house.storage.close()
    async with house.client.get("/metrics") as answer:
        assert answer.status == 200
        ailing = await answer.text()
    assert "irve_bridge_storage_up 0.0" in ailing
    assert "irve_bridge_sessions{" not in ailing


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere"])
async def test_an_unknown_route_is_404_as_json_to_a_machine(house: House, path: str) -> None:
    async with house.client.get(path) as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "not_found"


async def test_a_wrong_method_names_the_right_one(house: House) -> None:
    async with house.client.get("/webhook") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
