"""The driver's own page, from the checkout to the receipt."""

import asyncio
import re
from zoneinfo import ZoneInfo

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from irve_bridge.service.commands import RemoteStop
from irve_bridge.service.desk import Opening
from irve_bridge.service.handle import topic
from irve_bridge.service.policy import Policy, start_deadline
from tests.integration.web.conftest import ENGLISH_PAGE, FRENCH_PAGE, House, plain

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


async def test_waiting_says_what_the_station_does(house: House, policy: Policy) -> None:
    """And until when to plug in, on its clock, unless nothing can be heard of it anyway."""
    session = await house.secured()
    page = await house.page(page_of(session))
    (told,) = re.findall(r"n'a pas démarré à (\d\d:\d\d), elle est annulée", page)
    both = (session, await house.desk.session(session.id))
    zone = ZoneInfo("Europe/Paris")
    assert told in {f"{start_deadline(each, policy).astimezone(zone):%H:%M}" for each in both}
    await house.report(ConnectorStatus.PREPARING)
    assert "le câble est branché" in await house.page(page_of(session))
    await house.unplug_socket()
    offline = await house.page(page_of(session))
    assert "hors ligne" in offline
    assert "elle est annulée" not in offline


async def test_the_charging_page_shows_energy_power_cost_and_time(house: House) -> None:
    session = await house.charging()
    await house.read(session, 5_000)
    page = await house.page(page_of(session))
    for text in ("5,00 kWh", "11 kW", "3,00 €", "4 min", "Charge en cours", "150,00 €"):
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
    await house.commanded(RemoteStop(session.transaction_id or ""))
    await house.end(session, 0)


async def test_the_question_whether_to_stop_has_a_page_that_stays(house: House) -> None:
    """Nothing on it moves or loads anew; once nothing is to be stopped it leads back."""
    session = await house.charging()
    question = await house.page(f"{page_of(session)}/stop")
    assert f'action="{page_of(session)}/stop"' in question
    assert f'href="{page_of(session)}">Non' in question
    assert 'http-equiv="refresh"' not in question
    assert "data-events" not in question
    await house.end(session, 0)
    await house.until(session.id, State.RELEASED)
    async with house.client.get(f"{page_of(session)}/stop", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, page_of(session))


async def test_the_receipt_adds_up(house: House) -> None:
    """12.34 kWh x 0.48 + 0.60 = 6.5232, rounded once: 6.52, VAT 1.09."""
    session = await house.settled()
    page = await house.page(page_of(session))
    for text in ("6,52 €", "5,92 €", "0,60 €", "1,09 €", "20 %", "12,34 kWh x 0,48 €/kWh"):
        assert text in page
    assert "Paiement selon la charge réelle" in page
    assert f"<dd>{session.transaction_id}</dd>" in page
    assert "4 min" in page
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


async def test_a_refund_that_failed_is_told_with_what_to_do_until_it_is_made(
    house: House,
) -> None:
    """The driver is not sent back to a payment page; their money is on its way all the same."""
    session = await house.secured("fixed", amount=2000)
    await house.report(ConnectorStatus.AVAILABLE)
    async with house.stripe.post("/_sim/refunds", json={"mode": "fail", "times": 1}) as answer:
        assert answer.status == 200
    await happened(house, facts.NoStart(at=house.clock.now(), session_id=session.id))
    await house.until(session.id, State.RELEASING)
    async with asyncio.timeout(30), house.bus.subscribe(topic(session.id)) as updates:
        while not (await house.desk.session(session.id)).refund_tries:
            await updates.next(1)
    page = await house.page(page_of(session))
    assert "Le remboursement n'a pas abouti : nous le refaisons." in page
    assert "appelez l'exploitant indiqué ci-dessous" in page
    assert "tel:+33123456789" in page
    assert re.search(r"Remboursement en cours\s*</dt>\s*<dd>20,00 €", page)
    assert "pu être ouvert" not in page


async def test_a_hold_that_is_let_go_was_never_money_given_back(house: House) -> None:
    session = await house.secured("estimated", energy_kwh=30)
    await happened(house, facts.NoStart(at=house.clock.now(), session_id=session.id))
    await house.until(session.id, State.RELEASED)
    page = await house.page(page_of(session))
    assert re.search(r"Réservation libérée\s*</dt>\s*<dd>15,00 €", page)
    assert "Remboursé sur votre carte" not in page


def gone(house: House, session: Session) -> facts.HoldReleased:
    return facts.HoldReleased(
        at=house.clock.now(),
        session_id=session.id,
        payment_intent_id=session.payment_intent_id or "",
    )


async def test_a_hold_that_ended_before_the_start_is_told_as_such(house: House) -> None:
    session = await house.secured("estimated", energy_kwh=30)
    await happened(house, gone(house, session))
    page = await house.page(page_of(session))
    assert "a pris fin avant le début de la charge" in page


async def test_a_hold_that_ended_before_the_capture_is_told_with_the_way_to_pay(
    house: House,
) -> None:
    session = await house.charging("estimated", energy_kwh=30)
    ended = bill(house, session)
    await house.handler.run(
        lambda work: work.advance(work.advance(session, ended), gone(house, session))
    )
    assert (await house.desk.session(session.id)).state is State.DUE
    page = await house.page(page_of(session))
    assert "a pris fin avant le règlement" in page
    assert f'action="{page_of(session)}/pay"' in page
    assert "6,52 €" in page


async def test_what_the_csms_meters_is_not_stopped_here(house: House) -> None:
    """The page offers no stop, and an old page's button is refused in plain words."""
    opening = Opening(
        plan=PlanName.DYNAMIC,
        charge_point_id="CP1",
        connector_number=1,
        metered_by=MeteredBy.CSMS,
        payment_method_id="pm_card_visa",
    )
    session = await house.desk.open(opening)
    await house.until(session.id, State.CHARGING)
    assert f'action="{page_of(session)}/stop"' not in await house.page(page_of(session))
    async with house.client.post(f"{page_of(session)}/stop", headers=FRENCH_PAGE) as answer:
        assert answer.status == 409
        assert "appelez l'exploitant" in plain(await answer.text())
    finishing = f"/finish-dynamic-charge/{session.id}"
    async with house.client.post(finishing, json={"token": session.token}) as answer:
        assert answer.status == 409
        assert (await answer.json())["error"]["code"] == "conflict"
    assert (await house.desk.session(session.id)).stop_cause is None


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
    await happened(house, bill(house, charging))
    await house.until(session.id, State.DUE)
    page = await house.page(page_of(session))
    assert "n'a pas abouti" in page
    assert "6,52 €" in page
    assert "tel:+33123456789" in page


def bill(house: House, session: Session) -> facts.ChargingEnded:
    now = house.clock.now()
    return facts.ChargingEnded(
        at=now,
        session_id=session.id,
        stopped_at=now,
        energy_wh=12_340,
        cost=Breakdown("EUR", 652, 543),
    )


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
