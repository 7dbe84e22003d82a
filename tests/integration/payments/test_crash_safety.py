"""Whatever is lost on the way, each intent has its effect exactly once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import PlanName, State
from irve_bridge.payments import StripePayments, StripeSettings
from irve_bridge.service.ports import Again, Done, ProviderUnreachable
from tests.integration.payments.conftest import Simulator, Till, Tills, WorldClock, only

NOW = timedelta(0)
A_DAY = timedelta(hours=24)
SILENT_S = 60.0


async def customer(till: Till, _simulator: Simulator) -> None:
    till.intents.append(Intent(Do.CREATE_CUSTOMER, Kind.CREATE_CUSTOMER))


async def checkout(till: Till, _simulator: Simulator) -> None:
    await till.perform(Intent(Do.CREATE_CUSTOMER, Kind.CREATE_CUSTOMER))


async def charging(till: Till, simulator: Simulator) -> None:
    await till.secure(simulator)
    await till.charge(732)


async def created(till: Till, simulator: Simulator) -> None:
    await charging(till, simulator)
    await till.do(Kind.CREATE_CHARGE)


async def refused(till: Till, simulator: Simulator) -> None:
    await till.secure(simulator)
    till.refuse_start()


Reach = Callable[[Till, Simulator], Awaitable[None]]
CALLS: list[tuple[PlanName, Reach, Kind, str]] = [
    (PlanName.FIXED, checkout, Kind.OPEN_CHECKOUT, "checkout/sessions"),
    (PlanName.FIXED, charging, Kind.REFUND, "refunds"),
    (PlanName.ESTIMATED, charging, Kind.CAPTURE, "payment_intents/*/capture"),
    (PlanName.ESTIMATED, refused, Kind.CANCEL_HOLD, "payment_intents/*/cancel"),
    (PlanName.DYNAMIC, charging, Kind.CREATE_CHARGE, "payment_intents"),
    (PlanName.DYNAMIC, created, Kind.CONFIRM_CHARGE, "payment_intents/*/confirm"),
    (PlanName.DYNAMIC, refused, Kind.FORGET_CARD, "payment_methods/*/detach"),
]
Loss = tuple[str, int | None, timedelta, float]
LOSSES = [
    pytest.param(("after", None, NOW, 0), id="answer lost"),
    pytest.param(("after", None, A_DAY, 0), id="answer lost, a day ago"),
    pytest.param(("after", 500, NOW, 0), id="effect, then 500"),
    pytest.param(("before", None, NOW, 0), id="never arrived"),
    pytest.param(("before", None, A_DAY, 0), id="never arrived, a day ago"),
    pytest.param(("after", None, NOW, SILENT_S), id="effect, then no answer in time"),
    pytest.param(("before", None, NOW, SILENT_S), id="no answer in time, no effect"),
    pytest.param(("before", 500, NOW, 0), id="500 without effect"),
    pytest.param(("before", 409, NOW, 0), id="409"),
    pytest.param(("before", 429, NOW, 0), id="429"),
]


async def truth(simulator: Simulator, till: Till) -> Any:
    """Return what moved and what exists for a session, without what differs from run to run."""
    customer_id = till.session.customer_id
    amounts = ("charged_minor", "refunded_minor", "released_minor", "held_minor", "status")
    lines = [line for line in await simulator.ledger() if line["customer"] == customer_id]
    ledger = [[line[name] for name in amounts] for line in lines]
    kinds = ("checkout/sessions", "payment_intents", "setup_intents", "payment_methods")
    counts = [len(await simulator.listed(f"{kind}?customer={customer_id}")) for kind in kinds]
    refunds = [
        refund["amount"]
        for line in lines
        for refund in await simulator.listed(f"refunds?payment_intent={line['id']}")
    ]
    return ledger, counts, refunds


@pytest.fixture
async def impatient(settings: StripeSettings, clock: WorldClock) -> AsyncIterator[StripePayments]:
    """The hand of one who waits no longer than a quarter of a second for an answer."""
    payments = StripePayments(replace(settings, timeout_s=0.25), clock)
    yield payments
    await payments.close()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("plan", "reach", "kind", "path"), CALLS)
async def test_every_call_takes_effect_exactly_once(
    plan: PlanName,
    reach: Reach,
    kind: Kind,
    path: str,
    loss: Loss,
    new_till: Tills,
    simulator: Simulator,
    impatient: StripePayments,
) -> None:
    twin = new_till(plan, id="s-2")
    await reach(twin, simulator)
    await twin.do(kind)
    till = new_till(plan)
    await reach(till, simulator)
    effect, status, after, delay_s = loss
    await simulator.fault(path, effect, status, delay_s=delay_s)
    patient, till.payments = till.payments, impatient
    async with asyncio.timeout(30):
        outcome = await till.do(kind)
    till.payments = patient
    assert isinstance(outcome, Again)
    for _ in range(3):
        if isinstance(outcome, Again):
            outcome = await till.again(outcome, after)
    assert isinstance(outcome, Done), outcome
    assert only(outcome)
    repeated = await till.again(Again(reason="killed before it was noted", known=False))
    assert isinstance(repeated, Done)
    assert [type(fact) for fact in repeated.facts] == [type(fact) for fact in outcome.facts]
    assert await truth(simulator, till) == await truth(simulator, twin)


async def test_a_lost_refund_is_found_and_not_made_twice(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await charging(till, simulator)
    await simulator.fault("refunds", "after", None)
    lost = await till.do(Kind.REFUND)
    assert lost == Again(reason="APIConnectionError", known=False)
    await till.again(lost, after=timedelta(days=3))
    (refund,) = await simulator.listed("refunds")
    assert refund["amount"] == 1268


async def test_a_call_that_never_arrived_is_repeated_under_its_key(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await charging(till, simulator)
    await simulator.fault("refunds", "before", None)
    lost = await till.do(Kind.REFUND)
    assert isinstance(await till.again(lost, after=timedelta(hours=22)), Done)
    (refund,) = await simulator.listed("refunds")
    assert refund["metadata"]["attempt"].endswith(":1")


async def test_a_key_that_stripe_may_have_forgotten_is_not_used_again(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await charging(till, simulator)
    await simulator.fault("refunds", "before", None)
    lost = await till.do(Kind.REFUND)
    absent = await till.again(lost, after=timedelta(hours=24))
    assert absent == Again(reason="proven absent", known=True, after=NOW)
    assert isinstance(await till.again(absent), Done)
    (refund,) = await simulator.listed("refunds")
    assert refund["metadata"]["attempt"].endswith(":2")


async def test_a_key_that_would_replay_a_500_is_not_used_again(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await created(till, simulator)
    await simulator.fault("payment_intents/*/confirm", "before", 500)
    error = await till.do(Kind.CONFIRM_CHARGE)
    assert isinstance(error, Again)
    assert (error.known, error.burnt) == (False, True)
    absent = await till.again(error)
    assert absent == Again(reason="proven absent", known=True, after=NOW)
    assert isinstance(await till.again(absent), Done)


async def test_an_attempt_stays_unknown_while_stripe_cannot_be_asked(
    new_till: Tills, simulator: Simulator
) -> None:
    """Neither a broken line nor a 429 to the question proves anything about the call."""
    till = new_till(PlanName.FIXED)
    await charging(till, simulator)
    await simulator.fault("refunds", "after", 500)
    outcome = await till.do(Kind.REFUND)
    for status in (None, 429, 500):
        await simulator.fault("refunds", "before", status, method="GET")
        outcome = await till.again(outcome)
        assert isinstance(outcome, Again)
        assert (outcome.known, outcome.burnt) == (False, True)
    assert isinstance(await till.again(outcome), Done)
    assert len(await simulator.listed("refunds")) == 1


async def test_a_key_used_for_something_else_counts_as_unknown(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await charging(till, simulator)
    refund = next(each for each in till.intents if each.kind is Kind.REFUND)
    await till.do(Kind.REFUND)
    till.count -= 1
    other = Intent(refund.do, refund.kind, {**refund.parameters, "amount_minor": 5})
    outcome = await till.perform(other)
    assert outcome == Again(reason="IdempotencyError 400", known=False, burnt=True)
    assert len(await simulator.listed("refunds")) == 1


async def test_a_wrong_key_waits_for_the_operator(
    new_till: Tills, settings: StripeSettings, clock: WorldClock
) -> None:
    fields = ("webhook_secrets", "return_url_template", "cancel_url_template", "api_base")
    same = {name: getattr(settings, name) for name in fields}
    payments = StripePayments(StripeSettings(secret_key="rk_test_wrong", **same), clock)
    till = new_till(PlanName.FIXED)
    till.payments = payments
    outcome = await till.perform(Intent(Do.CREATE_CUSTOMER, Kind.CREATE_CUSTOMER))
    await payments.close()
    assert isinstance(outcome, Again)
    assert outcome.known
    assert outcome.after == timedelta(hours=1)


@pytest.mark.parametrize("status", [401, 403], ids=["revoked", "without permission"])
async def test_a_key_that_may_not_charge_charges_once_when_it_may(
    status: int, new_till: Tills, simulator: Simulator
) -> None:
    """The operator is told, and the driver pays when that is put right: nothing was refused."""
    till = new_till(PlanName.DYNAMIC)
    await created(till, simulator)
    await simulator.fault("payment_intents/*/confirm", "before", status, times=2)
    with capture_logs() as logs:
        turned_away = await till.do(Kind.CONFIRM_CHARGE)
        again = await till.again(turned_away, after=timedelta(hours=1))
    assert [line["event"] for line in logs] == ["payment_call_needs_operator"] * 2
    assert till.session.state is State.SETTLING
    assert isinstance(await till.again(again, after=timedelta(hours=1)), Done)
    (line,) = await simulator.ledger()
    assert (till.session.state, line["charged_minor"]) == (State.SETTLED, 732)


async def test_a_lost_customer_is_made_again_and_harms_nobody(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await customer(till, simulator)
    await simulator.fault("customers", "after", None)
    lost = await till.do(Kind.CREATE_CUSTOMER)
    assert isinstance(await till.again(lost), Done)
    (made,) = await simulator.listed("customers")
    assert made["id"] == till.session.customer_id


async def test_a_lost_setup_of_a_brought_card_is_found(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC, payment_method_id="pm_card_visa")
    await checkout(till, simulator)
    await simulator.fault("setup_intents", "after", None)
    lost = await till.do(Kind.CONFIRM_SETUP)
    assert isinstance(await till.again(lost, after=timedelta(days=2)), Done)
    assert len(await simulator.listed("setup_intents")) == 1


async def test_observing_is_repeated_until_it_is_answered(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await till.open()
    await simulator.pay(till.session.checkout_id)
    await simulator.fault("checkout/sessions/*", "before", None, method="GET")
    unanswered = await till.perform(Intent(Do.OBSERVE, Kind.OBSERVE))
    outcome = await till.again(unanswered)
    assert isinstance(outcome, Done)
    assert only(outcome)


async def test_an_unreachable_stripe_is_told_as_such(new_till: Tills, simulator: Simulator) -> None:
    till = new_till(PlanName.FIXED)
    await till.open()
    await simulator.fault("checkout/sessions/*", "before", None, method="GET")
    with pytest.raises(ProviderUnreachable):
        await till.observe()


async def test_an_earlier_intents_effect_is_not_taken_for_a_later_ones(
    new_till: Tills, simulator: Simulator
) -> None:
    """A person decides again after a failed refund; the second refund never arrives at first."""
    till = new_till(PlanName.FIXED)
    till.books.policy = replace(till.books.policy, refund_retries=0)
    await till.secure(simulator, "4000000000005126")
    await till.charge(732)
    await simulator.fault("refunds", "after", None)
    await till.again(await till.do(Kind.REFUND))
    assert till.session.state is State.REVIEW
    session_id, at = till.session.id, till.clock.now()
    till.apply(facts.ReviewDecided(session_id=session_id, at=at, amount_minor=700))
    await simulator.fault("refunds", "before", None)
    await till.again(await till.do(Kind.REFUND))
    amounts = [refund["amount"] for refund in await simulator.listed("refunds")]
    assert amounts == [1300, 1268]


async def test_a_second_checkout_is_not_taken_for_the_first(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await till.open()
    first = till.session.checkout_id
    await simulator.fault("checkout/sessions", "after", None)
    lost = await till.perform(Intent(Do.SECURE, Kind.OPEN_CHECKOUT, {"amount_minor": 700}))
    opened = only(await till.again(lost))
    assert isinstance(opened, facts.CheckoutOpened)
    assert opened.checkout_id != first
    assert len(await simulator.listed("checkout/sessions")) == 2
