"""What follows a charge at Stripe: debts paid anew, refunds, disputes, second payments, fees."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import PlanName, State
from irve_bridge.payments import StripePayments, texts
from irve_bridge.service.ports import Again, Done, Failed, ProviderUnreachable
from tests.integration.payments.conftest import Simulator, Till, Tills, WorldClock, only

DECLINED = "4000000000000341"


def now(till: Till) -> dict[str, Any]:
    return {"session_id": till.session.id, "at": till.clock.now()}


async def due(till: Till, simulator: Simulator, card: str = DECLINED) -> None:
    """Go as far as a cost that the kept card does not pay."""
    await till.secure(simulator, card)
    await till.charge(732)
    await till.do(Kind.CREATE_CHARGE)
    await till.do(Kind.CONFIRM_CHARGE)
    assert till.session.state is State.DUE


async def settled(till: Till, simulator: Simulator, *kinds: Kind) -> None:
    await till.secure(simulator)
    await till.charge(732)
    for kind in kinds:
        await till.do(kind)
    assert till.session.state is State.SETTLED


def waiting(till: Till) -> list[Kind]:
    of_charger = {Kind.REMOTE_START, Kind.RESERVE_NOW}
    return [intent.kind for intent in till.intents if intent.kind not in of_charger]


# Debts


async def test_a_card_that_was_declined_pays_the_same_payment_later(
    new_till: Tills, simulator: Simulator
) -> None:
    """A declined payment lets go of its card: it is named anew."""
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator, "4000008260003178")
    await simulator.control(f"customers/{till.session.customer_id}/cards", {"behaviour": "ok"})
    till.apply(facts.RetryDue(**now(till)))
    first = till.session.payment_intent_id
    taken = only(await till.do(Kind.CONFIRM_CHARGE))
    assert isinstance(taken, facts.PaymentSucceeded)
    assert (taken.payment_intent_id, till.session.state) == (first, State.SETTLED)
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 732


async def test_a_second_decline_that_was_lost_is_found(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator, "4000008260003178")
    till.apply(facts.RetryDue(**now(till)))
    await simulator.fault("payment_intents/*/confirm", "after", None)
    lost = await till.do(Kind.CONFIRM_CHARGE)
    await till.again(lost)
    assert (till.session.state, till.session.charge_tries) == (State.DUE, 1)


@pytest.mark.parametrize("plan", [PlanName.DYNAMIC, PlanName.ESTIMATED])
async def test_a_debt_is_paid_at_a_checkout_once_the_old_payment_is_impossible(
    plan: PlanName, new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    till = new_till(plan)
    if plan is PlanName.DYNAMIC:
        await due(till, simulator)
        till.apply(facts.PayAsked(**now(till)))
        gone = only(await till.do(Kind.CANCEL_CHARGE))
        assert isinstance(gone, facts.ChargeCanceled)
    else:
        await till.secure(simulator)
        await till.charge(732)
        clock.pass_(timedelta(days=8))
        await till.do(Kind.CAPTURE)
        till.apply(facts.PayAsked(**now(till)))
    assert till.session.payment_intent_id is None
    opened = only(await till.do(Kind.OPEN_CHECKOUT))
    assert isinstance(opened, facts.CheckoutOpened)
    await till.observe()
    assert (till.session.state, till.session.paid_minor) == (State.DUE, 0), "opened is not paid"
    await simulator.pay(opened.checkout_id)
    await till.observe()
    assert (till.session.state, till.session.paid_minor) == (State.SETTLED, 732)
    again = await till.observe()
    assert again
    assert till.session.paid_minor == 732, "told again, counted once"
    assert sum(line["charged_minor"] for line in await simulator.ledger()) == 732


ASKS_EACH_TIME = "4000002760003184"


async def test_the_payment_that_a_bank_refused_is_confirmed_by_its_secret(
    new_till: Tills, simulator: Simulator, payments: StripePayments
) -> None:
    """It is the session's own payment, with the card that is kept; printed, it tells no secret."""
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator, ASKS_EACH_TIME)
    found = await payments.confirmation(till.session)
    assert found is not None
    assert found.client_secret.startswith(f"{till.session.payment_intent_id}_secret_")
    assert (found.payment_method_id, found.account) == (till.session.payment_method_id, "")
    assert found.client_secret not in repr(found)


async def test_a_payment_that_is_over_or_of_another_amount_is_not_confirmed(
    new_till: Tills, simulator: Simulator, payments: StripePayments
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator, ASKS_EACH_TIME)
    assert await payments.confirmation(replace(till.session, decided_minor=731)) is None
    await simulator.post(f"payment_intents/{till.session.payment_intent_id}/cancel")
    assert await payments.confirmation(till.session) is None
    await till.observe()
    assert till.session.payment_intent_id is None
    assert await payments.confirmation(till.session) is None


async def test_what_confirms_a_payment_is_not_known_while_the_provider_is_silent(
    new_till: Tills, simulator: Simulator, payments: StripePayments
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator, ASKS_EACH_TIME)
    await simulator.fault("payment_intents/*", "before", 500, method="GET")
    with pytest.raises(ProviderUnreachable):
        await payments.confirmation(till.session)


async def test_a_debts_checkout_says_what_it_is_and_keeps_no_card(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator)
    till.apply(facts.PayAsked(**now(till)))
    await till.do(Kind.CANCEL_CHARGE)
    await till.do(Kind.OPEN_CHECKOUT)
    checkouts = await simulator.listed("checkout/sessions")
    (checkout,) = (each for each in checkouts if each["id"] == till.session.checkout_id)
    assert (checkout["mode"], checkout["amount_total"]) == ("payment", 732)
    assert checkout["custom_text"]["submit"]["message"] == texts.promise(till.session, debt=True)
    await simulator.pay(checkout["id"], card="4242424242424242")
    cards = await simulator.listed(f"payment_methods?customer={till.session.customer_id}")
    assert [card["id"] for card in cards] == [till.session.payment_method_id]


async def test_a_payment_that_was_made_after_all_is_not_cancelled(
    new_till: Tills, simulator: Simulator
) -> None:
    """Somebody retried it by hand in the meantime: the debt is paid, no checkout opens."""
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator)
    customer, payment = till.session.customer_id, till.session.payment_intent_id
    await simulator.control(f"customers/{customer}/cards", {"behaviour": "ok"})
    card = till.session.payment_method_id or ""
    await simulator.post(
        f"payment_intents/{payment}/confirm", off_session="true", payment_method=card
    )
    till.apply(facts.PayAsked(**now(till)))
    taken = only(await till.do(Kind.CANCEL_CHARGE))
    assert isinstance(taken, facts.PaymentSucceeded)
    assert till.session.state is State.SETTLED


@pytest.mark.parametrize("effect", ["before", "after"])
async def test_a_lost_cancellation_takes_effect_once(
    effect: str, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await due(till, simulator)
    till.apply(facts.PayAsked(**now(till)))
    await simulator.fault("payment_intents/*/cancel", effect, None)
    lost = await till.do(Kind.CANCEL_CHARGE)
    assert isinstance(only(await till.again(lost)), facts.ChargeCanceled)


async def test_what_is_wrong_with_the_request_is_no_refusal_of_the_card(
    new_till: Tills, simulator: Simulator
) -> None:
    """The driver owes nothing because the operator's account is not in order: a person looks."""
    till = new_till(PlanName.DYNAMIC, customer_id="cus_1", payment_method_id="pm_1")
    wrong = Intent(Do.SETTLE, Kind.CREATE_CHARGE, {"amount_minor": 0})
    refused = await till.perform(wrong)
    assert isinstance(refused, Failed)
    assert isinstance(only(refused), facts.SettlementRefused)


async def test_a_card_that_is_gone_is_a_refusal_of_the_card(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.secure(simulator)
    await simulator.post(f"payment_methods/{till.session.payment_method_id}/detach")
    await till.charge(732)
    refused = only(await till.do(Kind.CREATE_CHARGE))
    assert isinstance(refused, facts.PaymentDeclined), refused
    assert till.session.state is State.DUE


# Paid twice


@pytest.mark.parametrize("plan", list(PlanName))
async def test_a_second_payment_for_one_session_goes_back(
    plan: PlanName, new_till: Tills, simulator: Simulator
) -> None:
    """Two checkouts of one session were paid, since the answer to the first was lost."""
    till = new_till(plan)
    await till.open()
    first = till.session.checkout_id
    if plan is PlanName.DYNAMIC:
        await simulator.pay(first)
        await till.observe()
        await till.charge(732)
        await till.do(Kind.CREATE_CHARGE)
        await till.do(Kind.CONFIRM_CHARGE)
    second = Intent(Do.COLLECT, Kind.OPEN_CHECKOUT, {"amount_minor": 732})
    if plan is not PlanName.DYNAMIC:
        second = Intent(Do.SECURE, Kind.OPEN_CHECKOUT, {"amount_minor": 2000})
        await simulator.pay(first)
        await till.observe()
    extra = only(await till.perform(second))
    assert isinstance(extra, facts.CheckoutOpened)
    await simulator.pay(extra.checkout_id)
    await till.observe()
    back = Kind.CANCEL_HOLD if plan is PlanName.ESTIMATED else Kind.REFUND
    assert waiting(till).count(back) == 1
    await till.observe()
    assert waiting(till).count(back) == 1, "seen twice, given back once"
    assert isinstance(await till.do(back), Done)
    own = till.session.payment_intent_id
    (line,) = (each for each in await simulator.ledger() if each["id"] != own)
    assert line["charged_minor"] - line["refunded_minor"] == 0
    assert line["held_minor"] == 0


# Refunds


async def test_a_refund_made_by_hand_is_seen_and_taken_as_done(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await settled(till, simulator, Kind.CREATE_CHARGE, Kind.CONFIRM_CHARGE)
    await simulator.post(
        "refunds", payment_intent=till.session.payment_intent_id or "", amount="200"
    )
    await till.observe()
    assert (till.session.decided_minor, till.session.paid_minor) == (532, 532)
    assert Kind.REFUND not in waiting(till)


async def test_a_refund_that_waits_is_no_refund_yet(new_till: Tills, simulator: Simulator) -> None:
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    await till.charge(732)
    await simulator.control("refunds", {"mode": "pending", "times": 1})
    with capture_logs() as logged:
        outcome = await till.do(Kind.REFUND)
    assert isinstance(outcome, Again)
    assert till.session.state is State.SETTLING
    assert [line["event"] for line in logged if line["log_level"] == "error"] == []
    (refund,) = await simulator.listed("refunds")
    await simulator.control(f"refunds/{refund['id']}/settle", {"status": "succeeded"})
    assert isinstance(only(await till.again(outcome)), facts.Refunded)
    assert till.session.state is State.SETTLED


async def test_a_key_that_stripe_turns_away_is_told_to_the_operator(
    new_till: Tills, simulator: Simulator
) -> None:
    """Nothing moves until a person puts it right; then it goes on by itself."""
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    await till.charge(732)
    await simulator.fault("refunds", "before", 401)
    with capture_logs() as logged:
        outcome = await till.do(Kind.REFUND)
    errors = [line["event"] for line in logged if line["log_level"] == "error"]
    assert errors == ["payment_call_needs_operator"]
    assert isinstance(only(await till.again(outcome)), facts.Refunded)


async def test_a_refund_that_fails_after_the_end_is_made_again(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await settled(till, simulator, Kind.REFUND)
    (refund,) = await simulator.listed("refunds")
    await simulator.control(
        f"refunds/{refund['id']}/settle",
        {"status": "failed", "failure_reason": "lost_or_stolen_card"},
    )
    await till.observe()
    assert (till.session.state, till.session.paid_minor) == (State.SETTLED, 2000)
    assert isinstance(only(await till.do(Kind.REFUND)), facts.Refunded)
    await till.observe()
    assert (till.session.paid_minor, Kind.REFUND in waiting(till)) == (732, False)


async def test_a_dispute_is_seen_from_beginning_to_end(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await settled(till, simulator, Kind.CAPTURE)
    raised = await simulator.control(
        f"payment_intents/{till.session.payment_intent_id}/dispute", {"reason": "fraudulent"}
    )
    await till.observe()
    assert (till.session.state, till.session.dispute) == (State.SETTLED, "needs_response")
    await simulator.control(f"disputes/{raised['id']}/close", {"status": "lost"})
    await till.observe()
    assert (till.session.dispute, till.session.paid_minor) == ("lost", 732)
    assert waiting(till) == []


async def test_of_several_disputes_the_newest_is_how_it_stands(
    new_till: Tills, simulator: Simulator
) -> None:
    """One was won; what is learnt of both at once must not say that the other is, too."""
    till = new_till(PlanName.ESTIMATED)
    await settled(till, simulator, Kind.CAPTURE)
    dispute = f"payment_intents/{till.session.payment_intent_id}/dispute"
    first = await simulator.control(dispute, {})
    await simulator.control(f"disputes/{first['id']}/close", {"status": "won"})
    await simulator.control(dispute, {})
    await till.observe()
    assert till.session.dispute == "needs_response"


# Holds that grow


async def test_a_hold_grows_where_its_charge_says_that_it_may(
    new_till: Tills, simulator: Simulator
) -> None:
    await simulator.control("features", {"incremental": True})
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    assert till.session.incremental
    grow = Intent(Do.EXTEND, Kind.INCREMENT_HOLD, {
        "payment_intent_id": till.session.payment_intent_id, "amount_minor": 2500,
    })  # fmt: skip
    await simulator.fault("payment_intents/*/increment_authorization", "after", None)
    grown = only(await till.again(await till.perform(grow)))
    assert isinstance(grown, facts.HoldExtended)
    assert grown.secured_minor == 2500
    (line,) = await simulator.ledger()
    assert line["held_minor"] == 2500


async def test_a_hold_that_may_not_grow_stays_what_it_is(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    assert not till.session.incremental
    grow = Intent(Do.EXTEND, Kind.INCREMENT_HOLD, {
        "payment_intent_id": till.session.payment_intent_id, "amount_minor": 2500,
    })  # fmt: skip
    assert isinstance(only(await till.perform(grow)), facts.ExtensionRefused)


# The end


@pytest.mark.parametrize("effect", [None, "before", "after"])
async def test_a_guest_customer_is_deleted_once_and_its_payment_is_still_seen(
    effect: str | None, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await settled(till, simulator, Kind.CREATE_CHARGE, Kind.CONFIRM_CHARGE)
    customer = till.session.customer_id or ""
    till.apply(facts.CustomerTermPassed(**now(till), customer_id=customer))
    if effect:
        await simulator.fault("customers/*", effect, None, method="DELETE")
    outcome = await till.do(Kind.FORGET_CUSTOMER)
    if effect:
        outcome = await till.again(outcome)
    assert isinstance(only(outcome), facts.CustomerForgotten)
    assert till.session.payment_method_id is None
    assert [type(fact) for fact in await till.observe()] == [facts.PaymentSucceeded]
    assert await simulator.listed("customers") == []


# Fees


@pytest.mark.parametrize("plan", list(PlanName))
async def test_the_platform_s_share_is_taken_of_what_is_kept(
    plan: PlanName, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(plan, account="acct_operator", application_fee_bps=1000)
    kinds = {
        PlanName.FIXED: [Kind.REFUND],
        PlanName.ESTIMATED: [Kind.CAPTURE],
        PlanName.DYNAMIC: [Kind.CREATE_CHARGE, Kind.CONFIRM_CHARGE],
    }[plan]
    await settled(till, simulator, *kinds)
    (line,) = await simulator.ledger()
    assert line["application_fee_minor"] in (73, 74), "ten per cent of 7.32, given back rounded"


@pytest.mark.parametrize("fields", [{"account": "acct_operator"}, {"application_fee_bps": 1000}])
async def test_without_a_share_or_an_account_no_fee_is_named(
    fields: dict[str, Any], new_till: Tills
) -> None:
    """Stripe refuses a fee on the platform's own charges."""
    till = new_till(PlanName.DYNAMIC, customer_id="cus_1", payment_method_id="pm_1", **fields)
    charge = Intent(Do.SETTLE, Kind.CREATE_CHARGE, {"amount_minor": 732})
    assert "application_fee_amount" not in till.payments.prepare(till.session, charge)
