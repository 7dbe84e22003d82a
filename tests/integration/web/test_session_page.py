"""The driver's own page, from the checkout to the receipt."""

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.tariff import Breakdown
from irve_bridge.service.commands import RemoteStop
from tests.integration.web.conftest import ENGLISH_PAGE, FRENCH_PAGE, House

DECLINES_WHEN_CHARGED = "4000000000000341"


async def happened(house: House, fact: facts.SessionFact) -> None:
    await house.handler.apply(fact)


def page_of(session: Session) -> str:
    return f"/c/{session.token}"


async def test_an_open_session_leads_back_to_its_checkout(house: House) -> None:
    created = await house.order()
    page = await house.page(f"/c/{created['token']}")
    assert "En attente de votre paiement" in page
    assert created["url"] in page


async def test_the_return_from_the_checkout_needs_no_webhook(house: House) -> None:
    """The provider is asked, so that a late webhook keeps nobody waiting."""
    created = await house.order()
    session = await house.pay(created["session_id"])
    path = f"{page_of(session)}/return"
    async with house.client.get(path, headers=FRENCH_PAGE, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, page_of(session))
    await house.until(session.id, State.SECURED)
    assert "Branchez le câble" in await house.page(page_of(session))


async def test_returning_unpaid_changes_nothing(house: House) -> None:
    created = await house.order()
    page = await house.page(f"/c/{created['token']}/return")
    assert "En attente de votre paiement" in page


async def test_leaving_the_checkout_closes_it_and_offers_another_try(house: House) -> None:
    """Nobody shall pay for a place they gave up."""
    created = await house.order("fixed", amount=2000)
    page = await house.page(f"/c/{created['token']}/cancelled")
    assert "Aucun paiement n'a été fait" in page
    assert 'href="/s/CP1/1"' in page
    assert (await house.desk.session(created["session_id"])).state is State.ABANDONED


async def test_cancelling_after_the_payment_keeps_the_session(house: House) -> None:
    """The cancel link is a GET: it never gives money back, even before the payment is known."""
    created = await house.order("fixed", amount=2000)
    session = await house.pay(created["session_id"])
    for _ in range(2):
        await house.page(f"{page_of(session)}/cancelled")
        assert (await house.desk.session(session.id)).state is State.SECURED


async def test_waiting_says_what_the_station_does(house: House) -> None:
    session = await house.secured()
    await house.report(ConnectorStatus.PREPARING)
    assert "le câble est branché" in await house.page(page_of(session))
    await house.unplug_socket()
    assert "hors ligne" in await house.page(page_of(session))


async def test_the_charging_page_shows_energy_power_cost_and_time(house: House) -> None:
    session = await house.charging()
    await house.read(session, 5_000)
    page = await house.page(page_of(session))
    for text in ("5,00 kWh", "11 kW", "3,00 €", "10 min", "Charge en cours", "150,00 €"):
        assert text in page
    assert '<noscript><meta http-equiv="refresh"' in page


async def test_the_stop_button_asks_the_charge_point_to_stop(house: House) -> None:
    session = await house.charging()
    page = await house.page(page_of(session))
    assert f'action="{page_of(session)}/stop"' in page
    async with house.client.post(f"{page_of(session)}/stop", headers=FRENCH_PAGE) as answer:
        assert "Arrêt en cours" in await answer.text()
    stopped = await house.until(session.id, State.STOPPING)
    assert stopped.stop_cause is StopCause.DRIVER
    await house.end(session, 0)
    assert RemoteStop(session.transaction_id or "") in house.commands


async def test_the_receipt_adds_up(house: House) -> None:
    """12.34 kWh x 0.48 + 0.60 = 6.5232, rounded once: 6.52, VAT 1.09."""
    session = await house.settled()
    page = await house.page(page_of(session))
    for text in ("6,52 €", "5,92 €", "0,60 €", "1,09 €", "20 %", "12,34 kWh x 0,48 €/kWh"):
        assert text in page
    assert "Paiement selon la charge réelle" in page
    assert f"<dd>{session.transaction_id}</dd>" in page
    assert "10 min" in page
    assert 'href="/s/CP1/1"' in page


async def test_the_receipt_speaks_the_reader_s_language(house: House) -> None:
    session = await house.settled()
    page = await house.page(page_of(session), ENGLISH_PAGE)
    assert "€6.52" in page
    assert "12.34 kWh" in page


@pytest.mark.parametrize(
    ("plan", "fields", "words"),
    [
        ("fixed", {"amount": 2000}, ("20,00 €", "Remboursé", "13,48 €")),
        ("estimated", {"energy_kwh": 30}, ("15,00 €", "Libéré", "8,48 €")),
    ],
)
async def test_the_receipt_shows_what_was_given_back(
    house: House, plan: str, fields: dict[str, int], words: tuple[str, ...]
) -> None:
    session = await house.settled(plan, **fields)
    page = await house.page(page_of(session))
    for text in (*words, "Payé au final", "6,52 €"):
        assert text in page


async def test_no_energy_is_told_as_nothing_to_pay(house: House) -> None:
    session = await house.charging()
    await house.end(session, 0)
    await house.until(session.id, State.RELEASED)
    page = await house.page(page_of(session))
    assert "Vous n'avez rien à payer" in page
    assert "Aucune énergie" in page


async def test_a_refused_start_is_told_with_what_to_do(house: House) -> None:
    session = await house.secured("fixed", amount=2000)
    now = house.clock.now()
    await house.report(ConnectorStatus.AVAILABLE)
    await happened(house, facts.NoStart(at=now, session_id=session.id))
    await house.until(session.id, State.RELEASED)
    page = await house.page(page_of(session))
    assert "pas démarré à temps" in page
    assert "20,00 €" in page
    assert "Réessayer" in page


async def test_a_declined_card_is_told_with_the_amount_and_the_phone(house: House) -> None:
    created = await house.order()
    paid = await house.pay(created["session_id"], card=DECLINES_WHEN_CHARGED)
    await house.desk.look(paid)
    session = await house.until(paid.id, State.SECURED)
    now = house.clock.now()
    start = facts.ChargingBegan(at=now, session_id=session.id, transaction_id="9", started_at=now)
    await happened(house, start)
    await house.desk.stop(session.id, StopCause.DRIVER)
    charging = await house.desk.session(session.id)
    await _bill(house, charging)
    await house.until(session.id, State.DUE)
    page = await house.page(page_of(session))
    assert "n'a pas abouti" in page
    assert "6,52 €" in page
    assert "tel:+33123456789" in page


async def _bill(house: House, session: Session) -> None:
    now = house.clock.now()
    ended = facts.ChargingEnded(
        at=now,
        session_id=session.id,
        stopped_at=now,
        energy_wh=12_340,
        cost=Breakdown("EUR", 652, 543),
    )
    await happened(house, ended)


async def test_untrusted_readings_are_told_as_being_checked(house: House) -> None:
    session = await house.charging()
    await house.read(session, 5_000)
    await house.end(session, 4_000)
    await house.until(session.id, State.REVIEW)
    assert "Nous vérifions votre charge" in await house.page(page_of(session))


async def test_a_link_that_names_no_session_is_404(house: House) -> None:
    async with house.client.get("/c/guessed", headers=FRENCH_PAGE) as answer:
        assert answer.status == 404
        assert "Nous ne connaissons pas cette charge" in await answer.text()


async def test_the_page_leaves_a_cookie_that_scripts_and_other_sites_cannot_use(
    house: House,
) -> None:
    session = await house.secured()
    async with house.client.get(page_of(session), headers=FRENCH_PAGE) as answer:
        cookie = answer.cookies["irve_session"]
    assert cookie.value == session.token
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"


async def test_the_token_never_leaves_in_a_referrer_or_a_log(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    session = await house.secured()
    async with house.client.get(page_of(session), headers=FRENCH_PAGE) as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    logged = capsys.readouterr()
    assert "/c/***" in logged.out
    assert session.token not in logged.out + logged.err
