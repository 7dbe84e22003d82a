"""What moves beside the way: second payments, refunds asked, made by hand or failed, disputes."""

from dataclasses import replace
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.decide import Decision
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.policy import Policy
from tests.books import Books, books_of, decided
from tests.unit.domain.sessions import LATER, NOW, session

AT: dict[str, Any] = {"at": LATER, "session_id": "ses_1"}
USING = [State.SECURED, State.CHARGING, State.STOPPING]


def settled(plan: PlanName = PlanName.FIXED, **changes: Any) -> Session:
    """A charge of 12.00, paid exactly."""
    fields = {
        "state": State.SETTLED,
        "secured_at": NOW,
        "secured_minor": 3000,
        "decided_minor": 1200,
        "paid_minor": 1200,
        "payment_intent_id": "pi_1",
        "ended_at": NOW,
    }
    return session(plan, **fields | changes)


def prepaid(state: State, **changes: Any) -> Session:
    """A fixed amount of 30.00, paid, on its way."""
    fields = {
        "state": state,
        "secured_at": NOW,
        "secured_minor": 3000,
        "paid_minor": 3000,
        "payment_intent_id": "pi_1",
    }
    return session(PlanName.FIXED, **fields | changes)


def refunded(amount_minor: int, name: str = "re_1", paid_by: str = "pi_1") -> facts.Refunded:
    return facts.Refunded(
        **AT, refund_id=name, payment_intent_id=paid_by, amount_minor=amount_minor
    )


def failed(amount_minor: int, name: str = "re_1", paid_by: str = "pi_1") -> facts.RefundFailed:
    return facts.RefundFailed(
        **AT, refund_id=name, payment_intent_id=paid_by, amount_minor=amount_minor
    )


def refunds(decision: Decision) -> list[tuple[str, int]]:
    """Return (payment, amount) of each refund that is wanted."""
    assert all(intent.kind is Kind.REFUND for intent in decision.intents)
    return [
        (i.parameters["payment_intent_id"], i.parameters["amount_minor"]) for i in decision.intents
    ]


# Paid twice


def second_payment(plan: PlanName) -> facts.PaymentSecured | facts.PaymentSucceeded:
    if plan is PlanName.FIXED:
        return facts.PaymentSecured(**AT, payment_intent_id="pi_2", secured_minor=3000)
    return facts.PaymentSucceeded(**AT, payment_intent_id="pi_2", amount_minor=3000)


@pytest.mark.parametrize("plan", list(PlanName))
@pytest.mark.parametrize("state", [State.SETTLED, State.SETTLING, State.RELEASING, State.REVIEW])
def test_a_second_payment_goes_back_whole_and_once(plan: PlanName, state: State) -> None:
    before = settled(plan, state=state)
    books = books_of(before)
    extra = books.decide(before, second_payment(plan))
    assert refunds(extra) == [("pi_2", 3000)]
    assert extra.session.paid_minor == 1200, "the session's own payment is what it was"
    assert extra.session.state is state
    assert books.decide(extra.session, second_payment(plan)) == Decision(extra.session)
    back = books.decide(extra.session, refunded(3000, "re_2", "pi_2"))
    assert back == Decision(extra.session)


def test_a_second_hold_is_let_go() -> None:
    held = settled(PlanName.ESTIMATED, state=State.CHARGING, paid_minor=0, decided_minor=None)
    again = facts.PaymentSecured(**AT, payment_intent_id="pi_2", secured_minor=3000)
    books = books_of(held)
    extra = books.decide(held, again)
    assert [(i.kind, i.parameters["payment_intent_id"]) for i in extra.intents] == [
        (Kind.CANCEL_HOLD, "pi_2")
    ]
    assert books.decide(extra.session, again) == Decision(extra.session)
    gone = facts.HoldReleased(**AT, payment_intent_id="pi_2")
    assert books.decide(extra.session, gone) == Decision(extra.session)


@pytest.mark.parametrize("state", [State.CHARGING, State.RELEASING, State.RELEASED])
def test_a_payment_that_nobody_asked_for_is_never_the_sessions_own(state: State) -> None:
    """A kept card has no payment before its charge is decided; what comes then goes back."""
    kept = session(state=state, secured_at=NOW, secured_minor=3000, payment_method_id="pm_1")
    books = Books()
    odd = books.decide(kept, second_payment(PlanName.DYNAMIC))
    assert refunds(odd) == [("pi_2", 3000)]
    assert (odd.session.paid_minor, odd.session.payment_intent_id) == (0, None)


def test_a_second_payment_that_was_given_back_by_hand_is_not_given_back_again() -> None:
    before = settled(PlanName.DYNAMIC)
    books = books_of(before)
    extra = books.decide(before, second_payment(PlanName.DYNAMIC)).session
    books.decide(extra, refunded(3000, "re_2", "pi_2"))
    assert books.decide(extra, failed(3000, "", "pi_2")).intents == ()


def test_a_second_payment_that_cannot_be_given_back_is_a_persons_after_some_tries() -> None:
    """The session itself stays paid: nothing about it is to be decided."""
    before = settled(PlanName.DYNAMIC)
    books = books_of(before)
    books.policy = Policy(refund_retries=2)
    now = books.decide(before, second_payment(PlanName.DYNAMIC)).session
    for _ in range(2):
        again = books.decide(now, failed(3000, "", "pi_2"))
        assert refunds(again) == [("pi_2", 3000)]
        now = again.session
    lost = books.decide(now, failed(3000, "", "pi_2"))
    assert (lost.session.state, lost.intents) == (State.SETTLED, ())
    assert lost.tell == ("review_needed",)


# Refunds


def test_a_refund_asked_for_lowers_what_is_owed_and_gives_the_difference_back() -> None:
    before = settled()
    books = books_of(before)
    asked = books.decide(before, facts.RefundAsked(**AT, amount_minor=500, reason="goodwill"))
    assert refunds(asked) == [("pi_1", 500)]
    done = books.decide(asked.session, refunded(500))
    assert done.tell == ("payment_refunded",)
    assert (done.session.decided_minor, done.session.paid_minor) == (700, 700)


@pytest.mark.parametrize("plan", list(PlanName))
def test_a_refund_made_by_hand_lowers_what_is_owed(plan: PlanName) -> None:
    """Or a later correction would take it again."""
    done = decided(settled(plan), refunded(500)).session
    assert (done.state, done.decided_minor, done.paid_minor) == (State.SETTLED, 700, 700)


@pytest.mark.parametrize("state", USING)
def test_a_refund_made_by_hand_during_the_charge_lowers_what_is_secured(state: State) -> None:
    less = decided(prepaid(state), refunded(1000)).session
    assert (less.state, less.secured_minor, less.paid_minor) == (state, 2000, 2000)


def test_a_refund_that_fails_after_it_was_reported_is_made_again() -> None:
    before = settled(paid_minor=3000, state=State.SETTLING)
    books = books_of(before)
    paid = books.decide(before, refunded(1800)).session
    assert paid.state is State.SETTLED
    again = books.decide(paid, failed(1800))
    assert refunds(again) == [("pi_1", 1800)]
    assert (again.session.state, again.session.paid_minor) == (State.SETTLED, 3000)
    made = books.decide(again.session, refunded(1800, "re_2")).session
    assert (made.paid_minor, made.outcome, made.refund_tries) == (1200, None, 1)


@pytest.mark.parametrize("state", [State.SETTLED, State.RELEASED])
def test_a_refund_that_fails_for_good_goes_to_a_person(state: State) -> None:
    owed = 1200 if state is State.SETTLED else 0
    before = settled(state=state, decided_minor=owed, paid_minor=3000, refund_tries=3)
    lost = decided(before, failed(3000 - owed, ""))
    assert (lost.session.state, lost.tell) == (State.REVIEW, ("review_needed",))


@pytest.mark.parametrize(
    ("state", "amount_minor"), [(State.SETTLING, 1800), (State.RELEASING, 3000)]
)
def test_a_settlement_or_release_whose_refund_fails_is_tried_again(
    state: State, amount_minor: int
) -> None:
    before = settled(state=state, paid_minor=3000)
    again = decided(before, failed(amount_minor, ""))
    assert (again.session.state, again.session.refund_tries) == (state, 1)
    assert refunds(again) == [("pi_1", amount_minor)]
    last = replace(before, refund_tries=3)
    assert decided(last, failed(amount_minor, "")).session.state is State.REVIEW


@pytest.mark.parametrize("state", [State.SETTLING, State.SETTLED])
def test_a_refund_that_failed_and_was_made_good_since_is_not_made_again(state: State) -> None:
    """News may come in any order."""
    before = settled(state=state)
    assert decided(before, failed(1800, "re_0")) == Decision(before)


def test_what_was_given_back_in_full_can_no_longer_be_owed() -> None:
    """Of an amount paid before, nothing can be kept but what is still there."""
    nothing_left = prepaid(State.REVIEW, paid_minor=0)
    decision = decided(nothing_left, facts.ReviewDecided(**AT, amount_minor=1200))
    assert (decision.session.state, decision.session.decided_minor) == (State.RELEASED, 0)


# Disputes


@pytest.mark.parametrize("state", [State.CHARGING, State.SETTLED, State.WRITTEN_OFF])
def test_a_dispute_is_told_and_moves_nothing(state: State) -> None:
    before = settled(state=state)
    books = books_of(before)
    raised = facts.DisputeChanged(
        **AT, dispute_id="dp_1", payment_intent_id="pi_1", status="needs_response",
        reason="fraudulent", amount_minor=1200,
    )  # fmt: skip
    opened = books.decide(before, raised)
    assert opened.tell == ("dispute_opened",)
    assert opened.intents == ()
    assert opened.session == replace(before, dispute="needs_response")
    lost = books.decide(opened.session, replace(raised, status="lost"))
    assert lost.tell == ("dispute_closed",)
    assert lost.session == replace(before, dispute="lost")
    kinds = [movement.kind for movement in books.movements("ses_1")[1:]]
    assert kinds == ["dispute", "dispute_lost"]
