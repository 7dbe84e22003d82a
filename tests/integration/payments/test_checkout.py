"""Opening and closing what a driver pays on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import PlanName, State
from irve_bridge.service.ports import Again, Failed
from tests.integration.payments.conftest import Simulator, Till, Tills, WorldClock, only

CUSTOMER = Intent(Do.CREATE_CUSTOMER, Kind.CREATE_CUSTOMER)


def give_up(till: Till) -> None:
    till.apply(facts.GivenUp(session_id=till.session.id, at=till.clock.now()))


async def bring(till: Till) -> facts.Fact:
    """Open a session whose card the CSMS brought."""
    await till.perform(CUSTOMER)
    return only(await till.do(Kind.CONFIRM_SETUP))


@pytest.mark.parametrize("plan", list(PlanName))
async def test_a_checkout_leads_back_to_its_session(
    plan: PlanName, new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    till = new_till(plan, client_id="fleet-42", locale="en_GB")
    await till.open()
    (checkout,) = await simulator.listed("checkout/sessions")
    assert checkout["client_reference_id"] == "fleet-42"
    assert checkout["metadata"] == {"session_id": "s-1", "intent": "2", "attempt": "s-1:2:1"}
    assert checkout["locale"] == "en"
    assert checkout["success_url"] == "https://bridge.example/session/token-of-the-driver"
    assert checkout["mode"] == ("setup" if plan is PlanName.DYNAMIC else "payment")
    assert till.session.checkout_id == checkout["id"]
    assert till.session.checkout_url == checkout["url"]
    assert till.session.checkout_expires_at == clock.now() + timedelta(minutes=31)


async def test_a_request_prepared_twice_is_the_same(new_till: Tills) -> None:
    """What is stored before a call must not depend on anything but session, intent and moment."""
    till = new_till(PlanName.FIXED, customer_id="cus_1")
    intent = Intent(Do.SECURE, Kind.OPEN_CHECKOUT, {"amount_minor": 2000})
    prepared = till.payments.prepare(till.session, intent)
    assert till.payments.prepare(till.session, intent) == prepared


async def test_a_checkout_that_stripe_refuses_ends_the_session(new_till: Tills) -> None:
    till = new_till(PlanName.FIXED, amount_minor=10)
    await till.perform(CUSTOMER)
    outcome = await till.do(Kind.OPEN_CHECKOUT)
    assert isinstance(outcome, Failed)
    refused = only(outcome)
    assert isinstance(refused, facts.CheckoutRefused)
    assert refused.code == "amount_too_small"
    assert till.session.state is State.ABANDONED


async def test_a_checkout_stored_too_long_ago_is_prepared_anew(
    new_till: Tills, simulator: Simulator
) -> None:
    """Its expiry would come sooner than Stripe allows: that ends the attempt, not the session."""
    till = new_till(PlanName.FIXED)
    await till.perform(CUSTOMER)
    await simulator.fault("checkout/sessions", "before", None)
    lost = await till.do(Kind.OPEN_CHECKOUT)
    too_late = await till.again(lost, after=timedelta(minutes=10))
    assert isinstance(too_late, Again)
    assert too_late.known
    assert isinstance(only(await till.again(too_late)), facts.CheckoutOpened)


async def test_a_declined_card_on_the_page_leaves_the_checkout_open(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.open()
    await simulator.pay(till.session.checkout_id, card="4000000000000002")
    assert await till.observe() == ()
    await simulator.pay(till.session.checkout_id)
    await till.observe()
    assert till.session.state is State.SECURED


async def test_an_expired_checkout_abandons_the_session(new_till: Tills, clock: WorldClock) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.open()
    clock.pass_(timedelta(minutes=32))
    (expired,) = await till.observe()
    assert isinstance(expired, facts.CheckoutExpired)
    assert till.session.state is State.ABANDONED


@pytest.mark.parametrize("plan", list(PlanName))
async def test_nobody_can_pay_for_a_place_that_was_given_up(
    plan: PlanName, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(plan)
    await till.open()
    give_up(till)
    assert isinstance(only(await till.do(Kind.CLOSE_CHECKOUT)), facts.CheckoutExpired)
    (checkout,) = await simulator.listed("checkout/sessions")
    assert checkout["status"] == "expired"


@pytest.mark.parametrize("plan", list(PlanName))
async def test_a_payment_that_wins_against_the_closing_is_told(
    plan: PlanName, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(plan)
    await till.open()
    await simulator.pay(till.session.checkout_id)
    give_up(till)
    assert isinstance(only(await till.do(Kind.CLOSE_CHECKOUT)), facts.PaymentSecured)
    assert till.session.state is State.RELEASING


async def test_a_checkout_whose_answer_was_lost_is_closed_too(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await till.perform(CUSTOMER)
    await simulator.fault("checkout/sessions", "after", None)
    await till.do(Kind.OPEN_CHECKOUT)
    give_up(till)
    assert till.session.checkout_id is None
    assert isinstance(only(await till.do(Kind.CLOSE_CHECKOUT)), facts.CheckoutExpired)
    (checkout,) = await simulator.listed("checkout/sessions")
    assert checkout["status"] == "expired"


async def test_without_a_checkout_there_is_nothing_to_close(new_till: Tills) -> None:
    till = new_till(PlanName.FIXED)
    await till.perform(CUSTOMER)
    give_up(till)
    assert isinstance(only(await till.do(Kind.CLOSE_CHECKOUT)), facts.CheckoutExpired)


@pytest.mark.parametrize("card", ["pm_card_visa", "tok_visa"])
async def test_a_card_that_the_csms_brings_is_kept(
    card: str, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC, payment_method_id=card)
    secured = await bring(till)
    assert isinstance(secured, facts.PaymentSecured)
    assert (secured.payment_method_id or "").startswith("pm_")
    assert (secured.setup_intent_id or "").startswith("seti_")
    assert till.session.state is State.SECURED
    await till.charge(732)
    await till.do(Kind.CREATE_CHARGE)
    await till.do(Kind.CONFIRM_CHARGE)
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 732


async def test_a_brought_card_that_is_declined_ends_the_session(new_till: Tills) -> None:
    till = new_till(PlanName.DYNAMIC, payment_method_id="pm_card_visa_chargeDeclined")
    refused = await bring(till)
    assert isinstance(refused, facts.CheckoutRefused)
    assert refused.code == "generic_decline"
    assert till.session.state is State.ABANDONED


async def test_a_brought_card_that_needs_its_holder_gives_a_page_that_can_be_closed(
    new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    till = new_till(PlanName.DYNAMIC, payment_method_id="pm_card_authenticationRequired")
    opened = await bring(till)
    assert isinstance(opened, facts.CheckoutOpened)
    assert opened.url.startswith(simulator.url)
    assert opened.expires_at == clock.now() + timedelta(minutes=31)
    assert till.session.setup_intent_id == opened.setup_intent_id
    assert await till.observe() == ()
    give_up(till)
    assert isinstance(only(await till.do(Kind.CLOSE_CHECKOUT)), facts.CheckoutExpired)
    (setup,) = await simulator.listed("setup_intents")
    assert setup["status"] == "canceled"


async def test_a_session_is_not_over_while_one_of_its_checkouts_is_open(
    new_till: Tills, simulator: Simulator
) -> None:
    """Both answers were lost; the one that expired proves nothing about the other."""
    till = new_till(PlanName.FIXED)
    await till.open()
    await simulator.post(f"checkout/sessions/{till.session.checkout_id}/expire")
    await till.perform(Intent(Do.SECURE, Kind.OPEN_CHECKOUT, {"amount_minor": 2000}))
    second = till.session.checkout_id
    till.session = replace(till.session, checkout_id=None)
    assert await till.observe() == ()
    await simulator.pay(second)
    (secured,) = await till.observe()
    assert isinstance(secured, facts.PaymentSecured)
