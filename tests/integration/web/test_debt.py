"""What is due: told in plain words, paid once, on the page or by the API."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.session import Session, State
from irve_bridge.service.policy import Policy
from irve_bridge.web import debts
from tests.integration.web.conftest import CSMS, ENGLISH_PAGE, FRENCH_PAGE, House, plain


def page_of(session: Session) -> str:
    return f"/c/{session.token}"


def fact_of(house: House, session: Session) -> dict[str, Any]:
    return {"at": house.clock.now(), "session_id": session.id}


async def in_debt(house: House, behaviour: str = "generic_decline") -> Session:
    """Charge 12.34 kWh for 6.52 to a card that by then does not pay; it pays again later."""
    created = await house.order()
    paid = await house.pay(created["session_id"])
    await house.desk.look(paid)
    session = await house.until(paid.id, State.SECURED)
    decree = {"behaviour": behaviour, "times": 1}
    path = f"/_sim/customers/{session.customer_id}/cards"
    async with house.stripe.post(path, json=decree) as answer:
        assert answer.status == 200
    now = house.clock.now()
    began = facts.ChargingBegan(**fact_of(house, session), transaction_id="9", started_at=now)
    await house.handler.apply(began)
    ended = facts.ChargingEnded(
        **fact_of(house, session),
        stopped_at=now,
        energy_wh=12_340,
        cost=Breakdown("EUR", 652, 543),
    )
    await house.handler.apply(ended)
    return await house.until(session.id, State.DUE)


async def press(house: House, session: Session) -> tuple[int, str]:
    """Press the button; return the status and where it leads, or the page."""
    async with house.client.post(
        f"{page_of(session)}/pay", headers=FRENCH_PAGE, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location") or plain(await answer.text())


async def ask(house: House, session: Session, headers: dict[str, str]) -> tuple[int, Any]:
    """Ask for the checkout by the API."""
    path = f"/api/sessions/{session.id}/pay"
    async with house.client.post(path, json={}, headers=headers) as answer:
        return answer.status, await answer.json()


async def taken(house: House, session: Session) -> int:
    """Return what a session has of its card: charged, held or kept for later; a card counts 1."""
    async with house.stripe.get("/_sim/ledger") as answer:
        lines = [x for x in await answer.json() if x["customer"] == session.customer_id]
    path = f"/v1/payment_methods?customer={session.customer_id}"
    async with house.stripe.get(path, headers={"Authorization": "Bearer sk_test_web"}) as answer:
        cards = len((await answer.json())["data"])
    amounts = (x["charged_minor"] - x["refunded_minor"] + x["held_minor"] for x in lines)
    return cards + sum(amounts)


async def charged(house: House) -> int:
    """Return what all cards were charged, as the provider tells it."""
    async with house.stripe.get("/_sim/ledger") as answer:
        return sum(line["charged_minor"] for line in await answer.json())


REASONS = [
    ("generic_decline", "Votre banque a refusé le paiement.", "Your bank declined the payment."),
    ("insufficient_funds", "faute de provision", "for lack of funds"),
    ("authentication_required", "confirmer vous-même", "confirm this payment yourself"),
    ("expired_card", "a expiré", "has expired"),
    ("lost_card", "Votre banque a refusé le paiement.", "Your bank declined the payment."),
]


@pytest.mark.parametrize(("code", "french", "english"), REASONS)
async def test_the_page_says_why_how_much_and_gives_one_button(
    house: House, code: str, french: str, english: str
) -> None:
    """Never that a card is reported lost: whoever reads may be the thief or the owner."""
    session = await in_debt(house, code)
    page = await house.page(page_of(session))
    assert french in page
    assert "6,52 €" in page
    assert page.count("<button") == 1
    assert f'action="{page_of(session)}/pay"' in page
    english_page = await house.page(page_of(session), ENGLISH_PAGE)
    assert english in english_page
    assert "Pay now" in english_page


async def test_paying_on_the_page_leads_to_the_receipt(house: House) -> None:
    """With another card, and only what was due, once."""
    session = await in_debt(house)
    status, url = await press(house, session)
    assert (status, url) == (303, (await house.desk.session(session.id)).checkout_url)
    await house.pay(session.id)
    page = await house.page(f"{page_of(session)}/return")
    assert "Merci" in page
    assert "6,52 €" in page
    settled = await house.desk.session(session.id)
    assert (settled.state, settled.paid_minor) == (State.SETTLED, 652)
    assert await charged(house) == 652


async def test_two_taps_lead_to_one_checkout(house: House) -> None:
    session = await in_debt(house)
    first, second = await asyncio.gather(press(house, session), press(house, session))
    assert first == second == await press(house, session)
    assert first[0] == 303


async def test_a_checkout_that_is_over_is_replaced(house: House) -> None:
    session = await in_debt(house)
    _, first = await press(house, session)
    opened = await house.desk.session(session.id)
    key = {"Authorization": "Bearer sk_test_web"}
    path = f"/v1/checkout/sessions/{opened.checkout_id}/expire"
    async with house.stripe.post(path, headers=key) as answer:
        assert answer.status == 200
    ended = replace(opened, checkout_expires_at=house.clock.now())
    looked_at = facts.CheckoutOverdue(**fact_of(house, session))
    await house.storage.transact(lambda tx: tx.sessions.save(ended, (), looked_at))
    status, second = await press(house, session)
    assert status == 303
    assert second != first
    await house.pay(session.id)
    assert "Merci" in await house.page(f"{page_of(session)}/return")
    assert await charged(house) == 652


async def test_leaving_the_checkout_keeps_it_for_later(house: House) -> None:
    session = await in_debt(house)
    _, url = await press(house, session)
    assert "Payer maintenant" in await house.page(f"{page_of(session)}/cancelled")
    assert await press(house, session) == (303, url)


async def test_what_was_paid_at_the_checkout_is_seen_even_where_the_driver_says_cancel(
    house: House,
) -> None:
    session = await in_debt(house)
    await press(house, session)
    await house.pay(session.id)
    assert "Merci" in await house.page(f"{page_of(session)}/cancelled")


async def test_a_tap_after_it_was_paid_shows_the_receipt(house: House) -> None:
    session = await in_debt(house)
    await press(house, session)
    await house.pay(session.id)
    await house.page(f"{page_of(session)}/return")
    assert await press(house, session) == (303, page_of(session))
    assert await charged(house) == 652


async def test_a_checkout_that_does_not_open_in_time_is_told_in_a_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await in_debt(house)
    monkeypatch.setattr(debts, "CHECKOUT_TIMEOUT_S", 0.0)
    status, page = await press(house, session)
    assert status == 504
    assert "pas ouverte à temps" in page
    assert "Payer maintenant" in page
    monkeypatch.undo()
    assert (await press(house, session))[0] == 303


async def test_a_debt_given_up_asks_for_nothing_more(house: House) -> None:
    session = await in_debt(house)
    await house.handler.apply(facts.DebtTermPassed(**fact_of(house, session)))
    page = await house.page(page_of(session))
    assert "plus rien ne vous est demandé" in page
    assert "Payer" not in page
    assert await press(house, session) == (303, page_of(session))


async def test_a_lowered_debt_shows_what_is_left(house: House) -> None:
    session = await in_debt(house)
    await house.desk.decide(session.id, 300)
    page = await house.page(page_of(session))
    assert "3,00 €" in page
    assert "Payer maintenant" in page


async def test_no_session_no_payment(house: House) -> None:
    async with house.client.post("/c/guessed/pay", headers=FRENCH_PAGE) as answer:
        assert answer.status == 404


class TestTheCardIsChargedAgain:
    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(callbacks=False, debt_retries=(timedelta(days=2),))

    async def test_the_page_says_when(self, house: House) -> None:
        session = await in_debt(house, "insufficient_funds")
        assert "sera de nouveau débitée le" in await house.page(page_of(session))
        await press(house, session)
        assert "sera de nouveau" not in await house.page(page_of(session))


async def test_the_api_gives_the_same_checkout_to_the_driver_and_the_csms(house: House) -> None:
    session = await in_debt(house)
    status, answer = await ask(house, session, {"Authorization": f"Bearer {session.token}"})
    assert status == 200
    assert (answer["amount"], answer["currency"]) == (652, "EUR")
    assert answer["expires_at"]
    assert await ask(house, session, CSMS) == (200, answer)
    assert await press(house, session) == (303, answer["url"])


async def test_the_api_lets_nobody_else_ask(house: House) -> None:
    session = await in_debt(house)
    for headers in ({}, {"Authorization": "Bearer guessed"}):
        status, answer = await ask(house, session, headers)
        assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert (await house.desk.session(session.id)).paying_since is None


async def test_the_api_refuses_where_nothing_is_due(house: House) -> None:
    session = await house.secured()
    status, answer = await ask(house, session, CSMS)
    assert (status, answer["error"]["code"]) == (409, "nothing_due")


@pytest.mark.parametrize(
    ("plan", "fields", "sentence"),
    [
        ("dynamic", {}, "Rien ne vient d'être débité."),
        ("estimated", {"energy_kwh": 30}, "la réservation sur votre carte est libérée"),
        ("fixed", {"amount": 2000}, "vous est remboursé en totalité"),
    ],
)
async def test_a_card_in_debt_settles_the_earlier_charge_first(
    house: House, plan: str, fields: dict[str, int], sentence: str
) -> None:
    """The same card is the same holder, who may have the earlier charge's link."""
    earlier = await in_debt(house)
    created = await house.order(plan, **fields)
    paid = await house.pay(created["session_id"])
    await house.desk.look(paid)
    refused = await house.until(paid.id, State.RELEASED)
    assert (refused.outcome, refused.debt_session_id) == ("card_in_debt", earlier.id)
    assert await taken(house, refused) == 0
    page = await house.page(page_of(refused))
    assert "Une charge précédente d'abord" in page
    assert sentence in page
    assert f'href="{page_of(earlier)}"' in page
    assert "6,52 €" in page
    await press(house, earlier)
    await house.pay(earlier.id)
    await house.page(f"{page_of(earlier)}/return")
    after = await house.page(page_of(refused))
    assert "Votre charge précédente est réglée." in after
    assert page_of(earlier) not in after
