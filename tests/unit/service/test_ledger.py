"""The books count each movement once, however often the provider tells of it."""

from dataclasses import replace
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.decide import Decision
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.policy import Policy
from tests.books import Books, books_of
from tests.unit.domain.sessions import LATER, NOW, session

AT: dict[str, Any] = {"at": LATER, "session_id": "ses_1"}
REFUNDED = facts.Refunded(**AT, refund_id="re_1", payment_intent_id="pi_1", amount_minor=1800)
FAILED = facts.RefundFailed(**AT, refund_id="re_1", payment_intent_id="pi_1", amount_minor=1800)
DISPUTE = facts.DisputeChanged(
    **AT,
    dispute_id="dp_1",
    payment_intent_id="pi_1",
    status="needs_response",
    reason="fraudulent",
    amount_minor=1200,
)


def paid(plan: PlanName = PlanName.FIXED, state: State = State.SETTLING, **changes: Any) -> Session:
    fields = {
        "state": state,
        "secured_at": NOW,
        "secured_minor": 3000,
        "decided_minor": 1200,
        "paid_minor": 3000,
        "payment_intent_id": "pi_1",
    }
    return session(plan, **fields | changes)


@pytest.mark.parametrize(
    "fact",
    [
        REFUNDED,
        DISPUTE,
        replace(DISPUTE, status="won"),
        facts.PaymentSecured(**AT, payment_intent_id="pi_2", secured_minor=3000),
    ],
    ids=["refunded", "disputed", "dispute won", "paid twice"],
)
def test_what_was_heard_already_is_no_news(fact: facts.SessionFact) -> None:
    before = paid()
    books = books_of(before)
    once = books.decide(before, fact)
    assert once.steps
    booked = books.movements("ses_1")
    later = replace(fact, at=LATER.replace(year=2027))
    assert books.decide(once.session, later) == Decision(once.session)
    assert books.movements("ses_1") == booked


def test_a_refund_that_failed_is_heard_once() -> None:
    before = paid()
    books = books_of(before)
    settled = books.decide(before, REFUNDED).session
    failed = books.decide(settled, FAILED)
    assert [intent.kind for intent in failed.intents] == [Kind.REFUND]
    assert books.decide(failed.session, FAILED) == Decision(failed.session)
    assert books.decide(failed.session, REFUNDED) == Decision(failed.session)


def test_a_refund_that_was_refused_is_heard_each_time() -> None:
    """It has no id of its own: each is the answer to another try."""
    refused = replace(FAILED, refund_id="")
    books = books_of(paid())
    once = books.decide(paid(), refused).session
    twice = books.decide(once, refused).session
    assert (once.refund_tries, twice.refund_tries) == (1, 2)


def test_a_refund_that_never_was_booked_returns_no_money() -> None:
    """It failed before anybody heard that it was made."""
    before = paid()
    books = books_of(before)
    after = books.decide(before, FAILED).session
    assert after.paid_minor == 3000
    kinds = [movement.kind for movement in books.movements("ses_1")]
    assert kinds == ["charge", "refund_failed"]


def test_a_slow_answer_does_not_make_a_refund_that_failed() -> None:
    """That it was made is told after its failure, and never holds again."""
    before = paid()
    books = books_of(before)
    failed = books.decide(before, FAILED).session
    assert books.decide(failed, REFUNDED) == Decision(failed)
    assert failed.paid_minor == 3000


def test_a_payment_heard_again_is_no_news_whatever_is_owed_by_now() -> None:
    """A debt lowered while it was paid: the refund under way is not undone by another look."""
    paid_fact = facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=1200)
    due = session(PlanName.DYNAMIC, state=State.DUE, secured_minor=3000, decided_minor=600)
    books = Books()
    once = books.decide(replace(due, secured_at=NOW), paid_fact)
    assert once.session.state is State.SETTLING
    assert books.decide(once.session, paid_fact) == Decision(once.session)


def test_a_booked_refund_that_fails_returns_its_money() -> None:
    before = paid()
    books = books_of(before)
    settled = books.decide(before, REFUNDED).session
    assert settled.paid_minor == 1200
    assert books.decide(settled, FAILED).session.paid_minor == 3000


@pytest.mark.parametrize(("tries", "again"), [(0, True), (1, True), (2, False)])
def test_a_refund_is_tried_again_as_often_as_the_operator_says(tries: int, *, again: bool) -> None:
    before = paid(refund_tries=tries)
    books = books_of(before)
    books.policy = Policy(refund_retries=2)
    state = books.decide(before, FAILED).session.state
    assert state is (State.SETTLING if again else State.REVIEW)


@pytest.mark.parametrize(
    ("plan", "fact", "kinds"),
    [
        (PlanName.FIXED, "secured", [("charge", 3000)]),
        (PlanName.ESTIMATED, "secured", [("hold", 3000)]),
        (PlanName.DYNAMIC, "secured", []),
        (PlanName.ESTIMATED, "taken", [("capture", 1200), ("release", 1800)]),
        (PlanName.DYNAMIC, "taken", [("charge", 1200)]),
        (PlanName.ESTIMATED, "gone", [("release", 3000)]),
        (PlanName.ESTIMATED, "more", [("hold", 1000)]),
    ],
)
def test_each_proof_is_a_movement_of_its_payment(
    plan: PlanName, fact: str, kinds: list[tuple[str, int]]
) -> None:
    intent_id = None if plan is PlanName.DYNAMIC else "pi_1"
    proofs: dict[str, facts.SessionFact] = {
        "secured": facts.PaymentSecured(
            **AT,
            payment_intent_id=intent_id,
            secured_minor=3000 if intent_id else None,
            payment_method_id="pm_1",
        ),
        "taken": facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=1200),
        "gone": facts.HoldReleased(**AT, payment_intent_id="pi_1"),
        "more": facts.HoldExtended(**AT, payment_intent_id="pi_1", secured_minor=4000),
    }
    opened = session(plan)
    if fact != "secured":
        opened = replace(opened, state=State.CHARGING, secured_at=NOW, secured_minor=3000)
        opened = replace(opened, payment_intent_id="pi_1")
    books = Books()
    if plan is PlanName.ESTIMATED and fact in ("gone", "taken"):
        books.decide(session(plan), proofs["secured"])
        kinds = [("hold", 3000), *kinds]
    books.decide(opened, proofs[fact])
    assert [(m.kind, m.amount_minor) for m in books.movements("ses_1")] == kinds
    assert {m.payment_id for m in books.movements("ses_1")} <= {"pi_1"}


def test_a_hold_that_never_was_is_not_let_go() -> None:
    """A checkout for what is due ends with its payment cancelled: nothing was held there."""
    due = paid(PlanName.ESTIMATED, State.DUE, paid_minor=0, payment_intent_id=None)
    books = Books()
    books.decide(due, facts.HoldReleased(**AT, payment_intent_id="pi_of_the_checkout"))
    assert books.movements("ses_1") == []


def test_a_dispute_is_opened_once_and_stays_closed() -> None:
    """What the provider says in between is written down; a slow answer opens nothing again."""
    settled = paid(PlanName.DYNAMIC, State.SETTLED)
    books = books_of(settled)
    told, states = [], []
    for status in ("needs_response", "under_review", "lost", "needs_response"):
        moved = facts.DisputeChanged(
            **AT, dispute_id="du_1", payment_intent_id="pi_1", status=status, reason="x",
            amount_minor=1200,
        )  # fmt: skip
        decision = books.decide(settled, moved)
        settled = decision.session
        told += decision.tell
        states.append(settled.dispute)
    assert told == ["dispute_opened", "dispute_closed"]
    assert states == ["needs_response", "under_review", "lost", "lost"]


def test_a_debt_paid_by_another_payment_is_a_charge_whatever_the_plan() -> None:
    """The hold it began with is gone."""
    due = paid(PlanName.ESTIMATED, State.DUE, paid_minor=0, payment_intent_id=None)
    books = Books()
    anew = facts.PaymentSucceeded(**AT, payment_intent_id="pi_2", amount_minor=1200)
    settled = books.decide(due, anew).session
    assert (settled.state, settled.paid_minor) == (State.SETTLED, 1200)
    assert books.decide(settled, anew) == Decision(settled), "told again, counted once"
    assert [movement.kind for movement in books.movements("ses_1")] == ["charge"]


def test_a_second_hold_that_was_captured_after_all_is_refunded() -> None:
    """Somebody captured it by hand before the bridge let it go."""
    held = paid(PlanName.ESTIMATED, State.CHARGING, paid_minor=0, decided_minor=None)
    books = Books()
    second = facts.PaymentSecured(**AT, payment_intent_id="pi_2", secured_minor=3000)
    hold = books.decide(held, second)
    assert [intent.kind for intent in hold.intents] == [Kind.CANCEL_HOLD]
    taken = facts.PaymentSucceeded(**AT, payment_intent_id="pi_2", amount_minor=3000)
    back = books.decide(hold.session, taken)
    assert [intent.parameters for intent in back.intents] == [
        {"payment_intent_id": "pi_2", "amount_minor": 3000}
    ]


@pytest.mark.parametrize("free", [True, False])
def test_a_connector_that_was_lost_gives_the_payment_back(*, free: bool) -> None:
    books = Books(connector_free=free)
    proof = facts.PaymentSecured(**AT, payment_method_id="pm_1")
    state = books.decide(session(), proof).session.state
    assert state is (State.SECURED if free else State.RELEASING)
