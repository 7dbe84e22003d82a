"""Sessions: found, told whole, and decided by people whose names are kept."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain.account import Role
from irve_bridge.domain.errors import Conflict
from irve_bridge.i18n import REGIONS
from irve_bridge.service import accounts
from irve_bridge.web.cursors import cursor
from irve_bridge.web.operator.routes import ROUTES
from irve_bridge.web.operator.sessions import SHOWN
from tests.integration.operator_pages.conftest import PASSWORD, Browser, browser_within, hidden
from tests.integration.world import World, world

DECLINES = "4000000000000341"
BROUGHT = {
    "charge_point_id": "CP1",
    "connector_id": 1,
    "payment_method_id": "pm_card_visa",
    "payment_type": "dynamic",
    "metered_by": "csms",
}


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which a CSMS that reports no end of a charge has it reviewed at once."""
    async with world(tmp_path, csms_end_within_s="20", throttle_per_minute="100000") as made:
        assert made.bridge is not None
        for name, role in (("claire", Role.OPERATOR), ("victor", Role.VIEWER)):
            now = datetime.now(UTC)
            await accounts.add(made.bridge.storage, name, role, PASSWORD, now)
        yield made


async def charged(w: World, **choice: Any) -> str:
    """Let a driver charge and pay, as far as the card lets them; returns the session's id."""
    card = choice.pop("card", "4242424242424242")
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic", **choice)
        await w.page(await w.pay(opened, card=card))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await cp.unplug(1)
        await w.until(opened["session_id"], "settled", "due")
        return str(opened["session_id"])


async def to_review(w: World) -> str:
    status, answer = await w.api("POST", "/api/start-charging-session", BROUGHT)
    assert status == 201, answer
    await w.until(answer["session_id"], "review")
    return str(answer["session_id"])


async def agreed(browser: Browser, path: str, **fields: str) -> tuple[str, dict[str, str]]:
    """Send a form and return the page that asks once more, with all that its own form carries."""
    answer, page = await browser.send(path.rpartition("/")[0], path, **fields)
    assert answer.status == 200, page
    assert "Are you sure?" in page
    return page, hidden(page) | fields | {"sure": "yes"}


async def test_a_session_is_found_by_whatever_somebody_has_of_it(w: World, viewer: Browser) -> None:
    session_id = await charged(w)
    told = await w.session(session_id)
    today = w.clock.now().date().isoformat()
    for query in (
        "",
        f"?q={session_id}",
        f"?q={told['transaction_id']}",
        "?q=000001",
        "?q=CP1",
        "?state=settled",
        "?q=CP1&state=settled",
        f"?since={today}",
    ):
        assert session_id in await viewer.page(f"/operator/sessions{query}"), query
    for query in ("?q=CP2", "?q=2", "?state=due", "?until=2020-01-01", "?q=CP1&state=due"):
        page = await viewer.page(f"/operator/sessions{query}")
        assert "No session is like this." in page, query


async def test_a_search_that_makes_no_sense_is_refused(w: World, viewer: Browser) -> None:
    before_all = cursor("0001-01-01T00:00:00+14:00", "ses_1")
    after_all = cursor("9999-12-31T23:59:59-14:00", "ses_1")
    cursors = [f"?after={each}" for each in ("%00", "eyJ9", before_all, after_all)]
    for query in ("?state=lost", "?since=yesterday", "?since=0001-01-01", "?who=me", *cursors):
        assert "not right in the form" in await viewer.page(f"/operator/sessions{query}", 422)


async def test_a_long_list_goes_on(w: World, viewer: Browser) -> None:
    assert w.bridge is not None
    ids = []
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        for _ in range(SHOWN + 1):
            opened = await w.open("dynamic")
            await w.bridge.desk.give_up(opened["session_id"])
            ids.append(opened["session_id"])
    first = await viewer.page("/operator/sessions?state=abandoned")
    assert [session_id for session_id in ids if session_id not in first] == ids[:1]
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = await viewer.page(f"/operator/sessions{more}")
    assert [session_id for session_id in ids if session_id in second] == ids[:1]
    assert "First page" in second


async def test_the_whole_story_is_told(w: World, viewer: Browser) -> None:
    session_id = await charged(w)
    await w.told(session_id, "cdr_created")
    page = await viewer.page(f"/operator/sessions/{session_id}")
    told = await w.session(session_id)
    for text in (
        "Payment secured",
        "Charge over, to be billed",
        "Charge the card",
        "cdr_created",
        "<polyline",
        "As a table",
        "Receipt 000001",
        f"€{told['amount'] / 100:.2f}",
        told["payment_intent_id"],
        told["transaction_id"],
    ):
        assert text in page, text
    assert told["status"] == "settled"
    assert w.bridge is not None
    assert (await w.bridge.desk.session(session_id)).token not in page
    assert ">Refund</summary>" not in page


async def test_papers_cdrs_and_evidence_are_files(w: World, viewer: Browser) -> None:
    session_id = await charged(w)
    here = f"/operator/sessions/{session_id}"
    async with viewer.http.get(f"{w.url}{here}/receipts/1.pdf") as answer:
        assert answer.content_type == "application/pdf"
        assert (await answer.read()).startswith(b"%PDF")
    (cdr,) = json.loads(await viewer.page(f"{here}/cdrs.json"))
    assert cdr["session_id"] == session_id
    evidence = json.loads(await viewer.page(f"{here}/evidence.json"))
    assert evidence["session_id"] == session_id
    await viewer.page(f"{here}/receipts/9.pdf", 404)
    await viewer.page("/operator/sessions/none/cdrs.json", 404)


async def test_a_review_is_decided_once_and_by_somebody(w: World, operator: Browser) -> None:
    session_id = await to_review(w)
    assert session_id in await operator.page("/operator/review")
    assert "1 charge waits for a person" in await operator.page("/operator")
    path = f"/operator/sessions/{session_id}/decision"
    page, form = await agreed(operator, path, amount="7,50", state="review")
    assert "€7.50 is taken" in page
    assert (await w.session(session_id))["status"] == "review"
    both = await asyncio.gather(*(operator.post(path, **form) for _ in range(2)))
    assert [answer.status for answer, _ in both] == [303, 303]
    settled = await w.until(session_id, "settled")
    assert settled["amount"] == 750
    assert (await w.card(session_id))["charged"] == 750
    story = await operator.page(f"/operator/sessions/{session_id}?done=yes")
    assert story.count("Decided by a person") == 1
    assert "<td>claire</td>" in story
    assert "Nothing waits for a person." in await operator.page("/operator/review")


async def test_a_review_is_released(w: World, operator: Browser) -> None:
    session_id = await to_review(w)
    path = f"/operator/sessions/{session_id}/decision"
    page, form = await agreed(operator, path, amount="0", state="review")
    assert "Nothing is taken" in page
    assert (await operator.post(path, **form))[0].status == 303
    await w.until(session_id, "released")
    assert await w.stripe("GET", "/_sim/ledger") == []


async def test_what_cannot_be_decided_is_said_with_what_can(w: World, operator: Browser) -> None:
    session_id = await to_review(w)
    path = f"/operator/sessions/{session_id}/decision"
    for amount in ("-1", "150.01", "1e9", "7.505", "seven"):
        for sure in ({}, {"sure": "yes"}):
            answer, page = await operator.send(
                "/operator/review", path, amount=amount, state="review", **sure
            )
            assert answer.status == 422
            assert "Type an amount between €0.00 and €150.00." in page
    assert (await w.session(session_id))["status"] == "review"


async def test_a_form_of_a_session_that_moved_on_does_nothing(w: World, operator: Browser) -> None:
    """Its page showed a review; meanwhile the CSMS reported the end after all."""
    session_id = await to_review(w)
    path = f"/operator/sessions/{session_id}/decision"
    _, form = await agreed(operator, path, amount="7.50", state="review")
    late = {"session_id": session_id, "amount": 640}
    assert (await w.api("POST", "/api/end-charging-session", late))[0] == 200
    await w.until(session_id, "settled")
    answer, page = await operator.post(path, **form)
    assert answer.status == 409
    assert "The session has moved on since" in page
    assert (await w.session(session_id))["amount"] == 640


async def test_a_debt_is_lowered_then_written_off(w: World, operator: Browser) -> None:
    session_id = await charged(w, card=DECLINES)
    owed = (await w.session(session_id))["amount"]
    page = await operator.page("/operator/due")
    assert session_id in page
    assert "The bank declined the payment" in page
    path = f"/operator/sessions/{session_id}/decision"
    page, form = await agreed(operator, path, amount=f"0.{owed - 1}", state="due")
    assert "remains due" in page
    assert (await operator.post(path, **form))[0].status == 303
    assert (await w.session(session_id))["amount"] == owed - 1
    page, form = await agreed(operator, path, amount="0", state="due")
    assert "It is written off" in page
    assert (await operator.post(path, **form))[0].status == 303
    await w.until(session_id, "written_off")
    assert "Nothing is due." in await operator.page("/operator/due")


async def test_what_was_given_back_between_a_decision_and_its_turn_counts(w: World) -> None:
    """Two who decide at the same moment give back once, however long either waits."""
    assert w.bridge is not None
    session_id = await charged(w)
    await w.until(session_id, "settled")
    paid = (await w.session(session_id))["amount"]
    await w.bridge.desk.refund(session_id, 10, "kindness", owed_minor=paid)

    async def back() -> bool:
        return bool((await w.session(session_id))["refunded_amount"] == 10)

    await w.eventually(back)
    with pytest.raises(Conflict, match="meanwhile"):
        await w.bridge.desk.refund(session_id, 10, "kindness", owed_minor=paid)
    assert (await w.session(session_id))["amount"] == paid - 10


async def test_a_refund_goes_back_once_with_its_reason_and_who_gave_it(
    w: World, operator: Browser
) -> None:
    session_id = await charged(w)
    paid = (await w.session(session_id))["amount"]
    path = f"/operator/sessions/{session_id}/refunds"
    fields = {"amount": "0.10", "state": "settled", "reason": "kindness"}
    page, form = await agreed(operator, path, **fields)
    assert "€0.10 goes back" in page
    for _ in range(2):
        assert (await operator.post(path, **form))[0].status == 303

    async def back() -> bool:
        return (await w.card(session_id))["refunded"] == 10

    await w.eventually(back)
    assert (await w.session(session_id))["amount"] == paid - 10
    story = await operator.page(f"/operator/sessions/{session_id}")
    assert story.count("<td>claire</td>") == 1
    assert "kindness" in story


async def test_of_two_tabs_that_show_the_same_amount_only_one_gives_back(
    w: World, operator: Browser
) -> None:
    """Two people hear one complaint: whoever is second sees what the first one did."""
    session_id = await charged(w)
    path = f"/operator/sessions/{session_id}/refunds"
    fields = {"amount": "0.10", "state": "settled", "reason": "kindness"}
    _, first = await agreed(operator, path, **fields)
    _, second = await agreed(operator, path, **fields)
    assert (await operator.post(path, **first))[0].status == 303

    async def back() -> bool:
        return (await w.card(session_id))["refunded"] == 10

    await w.eventually(back)
    assert w.bridge is not None
    storage = w.bridge.storage

    async def done() -> bool:
        return not await storage.read(lambda tx: tx.intents.unfinished(session_id))

    await w.eventually(done)
    answer, page = await operator.post(path, **second)
    assert answer.status == 409
    assert "has moved on since" in page
    assert (await w.card(session_id))["refunded"] == 10


async def test_a_viewer_sees_what_waits_and_decides_nothing(w: World, viewer: Browser) -> None:
    session_id = await to_review(w)
    page = await viewer.page("/operator/review")
    assert session_id in page
    assert "Settle this amount" not in page
    path = f"/operator/sessions/{session_id}/decision"
    answer, _ = await viewer.send(
        "/operator/review", path, amount="1", state="review", form_key="k", sure="yes"
    )
    assert answer.status == 403
    assert (await w.session(session_id))["status"] == "review"


async def test_every_page_speaks_every_language(w: World) -> None:
    """No page fails for want of a word, and none shows a place that was not filled in."""
    ids = {"session_id": await to_review(w), "charge_point_id": "CP1", "tariff_id": "ac"}
    shown = [route.path for route in ROUTES if route.method == "GET" and "." not in route.path]
    pages = [path.format(**ids) for path in shown if path != "/operator/login"]
    for code in REGIONS:
        async with browser_within(w, "claire", code) as browser:
            for page in pages:
                answer, text = await browser.get(page)
                assert answer.status == 200, (code, page)
                assert answer.headers["Content-Language"] == code
                assert "%(" not in text


async def test_an_operator_ends_a_charge_in_its_drivers_stead(w: World, operator: Browser) -> None:
    """Somebody calls whose phone is empty: asked twice, and the meter is billed as ever."""
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        session_id = opened["session_id"]
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await w.until(session_id, "charging")
        path = f"/operator/sessions/{session_id}/stop"
        assert "Stop the charge" in await operator.page(f"/operator/sessions/{session_id}")
        page, form = await agreed(operator, path, state="charging")
        assert "What the meter has said by then is billed." in page
        assert (await w.session(session_id))["status"] == "charging"
        for _ in range(2):
            assert (await operator.post(path, **form))[0].status == 303
        told = await w.until(session_id, "settled")
        assert told["amount"] > 0
        story = await operator.page(f"/operator/sessions/{session_id}")
        assert story.count("<td>claire</td>") == 1
        assert "Stop the charge</button>" not in story


async def test_an_operator_cancels_what_has_not_begun(w: World, operator: Browser) -> None:
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=2000)
        session_id = opened["session_id"]
        await w.page(await w.pay(opened))
        await w.until(session_id, "secured")
        page, form = await agreed(
            operator, f"/operator/sessions/{session_id}/stop", state="secured"
        )
        assert "If nothing starts, all that was secured goes back." in page
        await operator.post(f"/operator/sessions/{session_id}/stop", **form)
        await w.until(session_id, "released")
        assert (await w.card(session_id))["refunded"] == 2000


async def test_what_cannot_be_stopped_is_not(w: World, operator: Browser, viewer: Browser) -> None:
    """Neither by who only reads, nor once it has moved on, nor where the CSMS meters it."""
    status, answer = await w.api("POST", "/api/start-charging-session", BROUGHT)
    assert status == 201, answer
    page = f"/operator/sessions/{answer['session_id']}"
    assert "/stop" not in await operator.page(page)
    fields = {"state": "charging", "sure": "yes", "form_key": "k"}
    refused, text = await operator.send("/operator", f"{page}/stop", **fields)
    assert refused.status == 409
    assert "The session has moved on since" in text
    refused, _ = await viewer.send("/operator", f"{page}/stop", **fields)
    assert refused.status == 403
