"""Every fact in every state of every plan is decided: nothing raises, no money is invented."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.facts import PaymentFact, SessionFact, StopCause
from irve_bridge.domain.intents import Do, Kind
from irve_bridge.domain.lifecycle import TABLE, wanted
from irve_bridge.domain.session import Delivery, MeteredBy, PlanName, Session, State
from tests.books import decided
from tests.unit.domain.sessions import LATER, NOW, session

AT = {"at": LATER, "session_id": "ses_1"}
COST = Breakdown("EUR", 1200, 1200)
FACTS: list[SessionFact] = [
    facts.GivenUp(**AT),
    *(facts.StopAsked(**AT, cause=cause) for cause in StopCause),
    facts.ReviewDecided(**AT, amount_minor=0),
    facts.ReviewDecided(**AT, amount_minor=700),
    facts.ChargingBegan(**AT, transaction_id="7", started_at=NOW),
    facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=0, cost=COST),
    facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=3000, cost=COST),
    facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=None, cost=COST),
    facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=3000, cost=COST, doubt="dropped"),
    *(
        facts.ChargingEnded(**AT, stopped_at=NOW, energy_wh=energy_wh, cost=COST, presumed=True)
        for energy_wh in (0, 2500)
    ),
    facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=900, cost=Breakdown("EUR", 400, 400)),
    facts.StartAccepted(**AT),
    facts.StartUnconfirmed(**AT),
    facts.StartRefused(**AT),
    facts.CablePlugged(**AT),
    facts.NoStart(**AT),
    facts.CheckoutOverdue(**AT),
    facts.EndOverdue(**AT),
    facts.CustomerCreated(**AT, customer_id="cus_1"),
    facts.CheckoutOpened(**AT, url="https://x", expires_at=LATER, checkout_id="cs_1"),
    facts.CheckoutRefused(**AT, code="x", message="x"),
    facts.CheckoutExpired(**AT),
    facts.PaymentSecured(**AT, secured_minor=3000, payment_intent_id="pi_1"),
    facts.PaymentSecured(**AT, payment_method_id="pm_1", connector_lost=True),
    facts.ChargeCreated(**AT, payment_intent_id="pi_1", amount_minor=1200),
    facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=1200),
    facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=3000),
    facts.PaymentDeclined(**AT, code="x", message="x"),
    facts.HoldReleased(**AT, payment_intent_id="pi_1"),
    facts.CardForgotten(**AT, payment_method_id="pm_1"),
    facts.ChargeCanceled(**AT, payment_intent_id="pi_1"),
    facts.SettlementRefused(**AT, code="x", message="x"),
    facts.HoldExtended(**AT, payment_intent_id="pi_1", secured_minor=4000),
    facts.ExtensionRefused(**AT, code="x"),
    facts.HoldLimited(**AT, payment_intent_id="pi_1", secured_minor=100),
    facts.MoreAsked(**AT, amount_minor=4000),
    facts.PayAsked(**AT),
    facts.RetryDue(**AT),
    facts.DebtTermPassed(**AT),
    facts.HoldEnding(**AT),
    facts.CustomerTermPassed(**AT, customer_id="cus_1"),
    facts.CustomerForgotten(**AT, customer_id="cus_1"),
    facts.PersonalDataTermPassed(**AT),
    facts.RefundAsked(**AT, amount_minor=100, reason="goodwill"),
    *(
        facts.Refunded(**AT, refund_id="re_1", payment_intent_id=paid_by, amount_minor=amount)
        for paid_by, amount in (("pi_1", 1800), ("pi_1", 1200), ("pi_1", 5), ("pi_2", 1200))
    ),
    *(
        facts.RefundFailed(**AT, refund_id=name, payment_intent_id=paid_by, amount_minor=100)
        for name, paid_by in (("re_1", "pi_1"), ("", "pi_1"), ("", "pi_2"))
    ),
    facts.PaymentSecured(**AT, secured_minor=3000, payment_intent_id="pi_2"),
    facts.PaymentSucceeded(**AT, payment_intent_id="pi_2", amount_minor=1200),
    *(
        facts.DisputeChanged(
            **AT,
            dispute_id="dp_1",
            payment_intent_id="pi_1",
            status=status,
            reason="fraudulent",
            amount_minor=1200,
        )
        for status in ("needs_response", "lost")
    ),
]
UNSECURED = {State.OPEN, State.ABANDONED}


def paid_minor(plan: PlanName, state: State) -> int:
    """What the books say once a session of a plan has come so far."""
    if state in UNSECURED | {State.RELEASED}:
        return 0
    if state is State.SETTLED:
        return 1200
    return 3000 if plan is PlanName.FIXED else 0


def sessions() -> list[Session]:
    """One session for each plan, state, meter and way the start went."""
    found = []
    for plan, state, by, sent in product(PlanName, State, MeteredBy, Delivery):
        secured = state not in UNSECURED
        owes = state in {State.SETTLING, State.SETTLED, State.DUE, State.WRITTEN_OFF}
        found.append(
            session(
                plan,
                state=state,
                metered_by=by,
                delivery=sent,
                secured_at=NOW if secured else None,
                secured_minor=3000 if secured else None,
                payment_intent_id="pi_1" if secured else None,
                payment_method_id="pm_1" if secured else None,
                decided_minor=1200 if owes else None,
                paid_minor=paid_minor(plan, state),
            )
        )
    return found


def can_be(session: Session, fact: SessionFact) -> bool:
    """Return whether the provider could say so: nothing is refunded that was not paid."""
    own = isinstance(fact, facts.Refunded) and fact.payment_intent_id == session.payment_intent_id
    return not own or fact.amount_minor <= session.paid_minor


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_every_fact_is_decided_in_every_state(fact: SessionFact) -> None:
    """Walked steps are rows of the table, intents are wanted where they lead, owing is bounded."""
    for before in sessions():
        if not can_be(before, fact):
            continue
        decision = decided(before, fact)
        after = decision.session
        if not decision.steps:
            books = ("paid_minor", "taken", "payment_intent_id")
            counted = replace(before, **{name: getattr(after, name) for name in books})
            assert decision == replace(decision, session=counted, intents=(), tell=())
            continue
        for step in decision.steps:
            assert TABLE[step.before, step.event].state is step.after
        assert after.state is decision.steps[-1].after
        assert all(wanted(after, i.do) or i.do is Do.START for i in decision.intents)
        assert (after.decided_minor or 0) <= (after.secured_minor or 0)
        for intent in decision.intents:
            amount = intent.parameters.get("amount_minor", 0)
            agreed_minor = fact.amount_minor if isinstance(fact, facts.MoreAsked) else 0
            assert amount <= max(after.secured_minor or 0, before.amount_minor, agreed_minor)
        assert after.ended_at is None or after.ended_at == LATER


def test_every_kind_of_session_fact_is_among_them() -> None:
    """A fact nobody taught the table would raise in production."""
    kinds = {type(fact).__name__ for fact in FACTS}
    taught = [*SessionFact.__subclasses__(), *PaymentFact.__subclasses__()]
    assert kinds == {kind.__name__ for kind in taught} - {PaymentFact.__name__}


@pytest.mark.parametrize("amount_minor", [5, 1799, 1801, 3000])
def test_a_refund_of_another_amount_is_no_settlement(amount_minor: int) -> None:
    """Only what leaves exactly the owed amount settles; anything else goes to a person."""
    settling = session(
        PlanName.FIXED, state=State.SETTLING, secured_at=NOW, secured_minor=3000,
        decided_minor=1200, payment_intent_id="pi_1", paid_minor=3000,
    )  # fmt: skip
    refunded = facts.Refunded(
        **AT, refund_id="re_1", payment_intent_id="pi_1", amount_minor=amount_minor
    )
    other = decided(settling, refunded).session
    assert (other.state, other.outcome) == (State.REVIEW, "paid_otherwise")
    exact = decided(settling, replace(refunded, amount_minor=1800))
    assert exact.session.state is State.SETTLED


def test_a_hold_that_ends_during_the_charge_stops_it() -> None:
    running = session(
        PlanName.ESTIMATED, state=State.CHARGING, secured_at=NOW, secured_minor=3000,
        payment_intent_id="pi_1", transaction_id="7",
    )  # fmt: skip
    decision = decided(running, facts.HoldReleased(**AT, payment_intent_id="pi_1"))
    assert decision.session.state is State.STOPPING
    assert [i.kind for i in decision.intents] == [Kind.REMOTE_STOP]


def test_a_stop_for_a_charge_that_the_csms_meters_only_tells_the_csms() -> None:
    """The bridge cannot stop a charge point it does not meter."""
    running = session(
        metered_by=MeteredBy.CSMS, state=State.CHARGING, secured_at=NOW, secured_minor=3000
    )
    decision = decided(running, facts.StopAsked(**AT, cause=StopCause.DRIVER))
    assert decision.session.state is State.CHARGING
    assert decision.intents == ()
    assert decision.tell == ("stop_requested",)


def test_no_start_is_sent_any_more_once_a_stop_was_wished() -> None:
    waiting = session(
        state=State.SECURED, secured_at=NOW, secured_minor=3000, delivery=Delivery.ACCEPTED,
        start_sent_at=NOW + timedelta(seconds=1),
    )  # fmt: skip
    assert wanted(waiting, Do.START)
    wished = decided(waiting, facts.StopAsked(**AT, cause=StopCause.DRIVER)).session
    assert not wanted(wished, Do.START)
