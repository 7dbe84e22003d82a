"""What is due after a charge: retried where that may help, lowered, forgiven, paid after all."""

from dataclasses import replace
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.debts import ITS_HOLDERS, PASSING, may_authenticate, may_pass
from irve_bridge.domain.decide import Decision, decide
from irve_bridge.domain.intents import Do, Kind
from irve_bridge.domain.lifecycle import wanted
from irve_bridge.domain.session import PlanName, Session, State
from tests.books import Books, decided
from tests.unit.domain.sessions import LATER, NOW, session

AT: dict[str, Any] = {"at": LATER, "session_id": "ses_1"}


def owing(plan: PlanName = PlanName.DYNAMIC, **changes: Any) -> Session:
    """A session whose card was declined for 12.00."""
    fields = {
        "state": State.DUE,
        "secured_at": NOW,
        "secured_minor": 3000,
        "decided_minor": 1200,
        "due_since": NOW,
        "payment_method_id": "pm_1",
        "payment_intent_id": "pi_1",
        "outcome": "insufficient_funds",
    }
    return session(plan, **fields | changes)


def calls(decision: Decision) -> list[tuple[Kind, Any]]:
    return [(i.kind, next(iter(i.parameters.values()), None)) for i in decision.intents]


def paid(payment_intent_id: str, amount_minor: int = 1200) -> facts.PaymentSucceeded:
    return facts.PaymentSucceeded(
        **AT, payment_intent_id=payment_intent_id, amount_minor=amount_minor
    )


def declined(code: str, payment_intent_id: str | None = "pi_1") -> facts.PaymentDeclined:
    return facts.PaymentDeclined(**AT, code=code, message="no", payment_intent_id=payment_intent_id)


@pytest.mark.parametrize("code", sorted(PASSING))
def test_a_refusal_that_may_pass_is_tried_again_with_the_same_payment(code: str) -> None:
    due = owing(outcome=code)
    assert may_pass(due)
    again = decided(due, facts.RetryDue(**AT))
    assert calls(again) == [(Kind.CONFIRM_CHARGE, "pi_1")]
    assert again.session.charge_tries == 1


@pytest.mark.parametrize("code", ["authentication_required", "expired_card", "lost_card", "x"])
def test_a_refusal_that_only_the_driver_can_put_right_is_not_tried_again(code: str) -> None:
    assert not may_pass(owing(outcome=code))


@pytest.mark.parametrize("plan", [PlanName.FIXED, PlanName.ESTIMATED])
def test_only_a_kept_card_can_be_charged_again(plan: PlanName) -> None:
    assert not may_pass(owing(plan))
    assert not may_pass(owing(payment_method_id=None))


def test_the_same_refusal_once_more_is_no_news_and_another_says_whether_to_go_on() -> None:
    due = owing()
    assert decided(due, declined("insufficient_funds")) == Decision(due)
    blocked = decided(due, declined("stolen_card")).session
    assert blocked.state is State.DUE
    assert not may_pass(blocked)


def test_what_befalls_the_card_at_the_checkout_is_not_the_kept_cards() -> None:
    """The driver's second card is declined on the page: the first one's retries stand."""
    due = owing()
    assert decided(due, declined("stolen_card", "pi_2")) == Decision(due)


def test_a_second_payment_that_cannot_go_back_does_not_say_that_the_card_may_be_tried() -> None:
    """A refund fails for want of the operator's funds, too, and the code is the same."""
    due = owing(outcome="authentication_required")
    lost = facts.RefundFailed(
        **AT,
        refund_id="",
        payment_intent_id="pi_2",
        amount_minor=700,
        code="insufficient_funds",
        left_minor=700,
    )
    after = decide(due, lost)
    assert after.tell == ("review_needed",)
    assert not may_pass(after.session)


def test_before_a_driver_pays_otherwise_the_old_payment_can_be_made_no_more() -> None:
    paying = decided(owing(), facts.PayAsked(**AT))
    assert calls(paying) == [(Kind.CANCEL_CHARGE, "pi_1"), (Kind.OPEN_CHECKOUT, 1200)]
    assert paying.session.paying_since == LATER
    gone = decided(paying.session, facts.ChargeCanceled(**AT, payment_intent_id="pi_1"))
    assert (gone.session.state, gone.session.payment_intent_id) == (State.DUE, None)
    settled = decided(gone.session, paid("pi_2"))
    assert (settled.session.state, settled.session.payment_intent_id) == (State.SETTLED, "pi_2")
    assert settled.session.paying_since is None


def test_a_payment_created_while_the_driver_pays_is_not_made() -> None:
    """A retry was under way when the driver asked to pay: the two must not both charge."""
    paying = owing(payment_intent_id=None, paying_since=LATER)
    vain = facts.ChargeCreated(**AT, payment_intent_id="pi_2", amount_minor=1200)
    created = decided(paying, vain)
    assert calls(created) == [(Kind.CANCEL_CHARGE, "pi_2")]
    gone = decided(created.session, facts.ChargeCanceled(**AT, payment_intent_id="pi_2"))
    assert decided(gone.session, paid("pi_3")).session.state is State.SETTLED


def test_a_second_wish_to_pay_finds_the_first_checkout() -> None:
    paying = decided(owing(), facts.PayAsked(**AT)).session
    assert decided(paying, facts.PayAsked(**AT)) == Decision(paying)


def test_a_checkout_for_a_debt_that_ends_unpaid_leaves_it_due() -> None:
    paying = owing(payment_intent_id=None, paying_since=NOW, checkout_url="https://x")
    left = decided(paying, facts.CheckoutExpired(**AT)).session
    assert (left.state, left.paying_since, left.checkout_url) == (State.DUE, None, None)
    assert left.outcome == "insufficient_funds"
    overdue = decided(paying, facts.CheckoutOverdue(**AT))
    assert [intent.kind for intent in overdue.intents] == [Kind.CLOSE_CHECKOUT]


@pytest.mark.parametrize("paying", [None, NOW])
def test_a_lowered_debt_can_no_longer_be_paid_at_its_old_amount(paying: Any) -> None:
    lowered = decided(owing(paying_since=paying), facts.ReviewDecided(**AT, amount_minor=700))
    assert (lowered.session.state, lowered.session.decided_minor) == (State.DUE, 700)
    closing = [Kind.CLOSE_CHECKOUT] if paying else []
    assert [intent.kind for intent in lowered.intents] == [*closing, Kind.CANCEL_CHARGE]


def test_a_lowered_debt_is_charged_at_its_new_amount() -> None:
    """Less being due does not make the card's refusal another one."""
    lowered = decided(owing(), facts.ReviewDecided(**AT, amount_minor=700)).session
    gone = decided(lowered, facts.ChargeCanceled(**AT, payment_intent_id="pi_1")).session
    assert may_pass(gone)
    assert calls(decided(gone, facts.RetryDue(**AT))) == [(Kind.CREATE_CHARGE, 700)]


@pytest.mark.parametrize("amount_minor", [0, 49])
def test_a_debt_lowered_below_what_a_card_can_be_charged_is_forgiven(amount_minor: int) -> None:
    forgiven = decided(owing(), facts.ReviewDecided(**AT, amount_minor=amount_minor))
    assert (forgiven.session.state, forgiven.session.decided_minor) == (State.WRITTEN_OFF, 0)
    assert [intent.do for intent in forgiven.intents] == [Do.VOID, Do.FORGET]
    assert forgiven.tell == ("debt_written_off",)


def test_a_debt_past_its_term_is_written_off_and_its_card_forgotten() -> None:
    off = decided(owing(), facts.DebtTermPassed(**AT))
    assert (off.session.state, off.session.outcome) == (State.WRITTEN_OFF, "written_off")
    assert [intent.do for intent in off.intents] == [Do.VOID, Do.FORGET]
    assert all(wanted(off.session, intent.do) for intent in off.intents)


def test_what_is_paid_after_it_was_written_off_is_paid() -> None:
    off = decided(owing(), facts.DebtTermPassed(**AT)).session
    settled = decided(off, paid("pi_1"))
    assert (settled.session.state, settled.session.paid_minor) == (State.SETTLED, 1200)
    assert settled.tell == ("payment_succeeded",)


@pytest.mark.parametrize(("lowered_minor", "back_minor"), [(700, 500), (0, 1200)])
def test_what_was_paid_while_less_was_decided_goes_back(
    lowered_minor: int, back_minor: int
) -> None:
    """A person has decided already: nobody needs to be asked again, forgiven or lowered."""
    lowered = decided(owing(), facts.ReviewDecided(**AT, amount_minor=lowered_minor)).session
    over = Books().decide(lowered, paid("pi_1"))
    assert (over.session.state, over.session.paid_minor) == (State.SETTLING, 1200)
    assert [(i.kind, i.parameters["amount_minor"]) for i in over.intents] == [
        (Kind.REFUND, back_minor)
    ]


def test_a_charge_that_was_created_for_more_than_is_due_by_now_is_not_confirmed() -> None:
    """It was lowered, or paid another way, while the call was under way."""
    due = owing(payment_intent_id=None)
    lowered = decided(due, facts.ReviewDecided(**AT, amount_minor=700)).session
    created = facts.ChargeCreated(**AT, payment_intent_id="pi_9", amount_minor=1200)
    assert [i.kind for i in decided(lowered, created).intents] == [Kind.CANCEL_CHARGE]


def test_an_earlier_checkout_s_end_says_nothing_of_the_one_that_is_open() -> None:
    """A slow answer about the old one must not make room for a third."""
    paying = replace(owing(), paying_since=NOW, checkout_id="cs_2", checkout_url="https://x")
    stale = decided(paying, facts.CheckoutExpired(**AT, checkout_id="cs_1"))
    assert stale.steps == ()
    waiting = replace(paying, checkout_id=None, checkout_url=None)
    assert decided(waiting, facts.CheckoutExpired(**AT, checkout_id="cs_1")).steps == ()
    over = decided(paying, facts.CheckoutExpired(**AT, checkout_id="cs_2")).session
    assert (over.paying_since, over.checkout_url) == (None, None)


def test_moments_to_try_again_that_were_missed_are_not_made_up_for() -> None:
    """After an outage one try follows, not four."""
    late = decided(owing(), facts.RetryDue(**AT, tries=3)).session
    assert late.charge_tries == 3


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        (PlanName.FIXED, Kind.REFUND),
        (PlanName.ESTIMATED, Kind.CANCEL_HOLD),
        (PlanName.DYNAMIC, Kind.FORGET_CARD),
    ],
)
def test_a_card_in_debt_gets_no_second_charge(plan: PlanName, kind: Kind) -> None:
    """What it secured goes back, and the session knows which debt to have paid first."""
    books = Books(debtor=owing(id="ses_0"))
    proof = facts.PaymentSecured(
        **AT,
        secured_minor=3000,
        payment_intent_id=None if plan is PlanName.DYNAMIC else "pi_9",
        payment_method_id="pm_9" if plan is PlanName.DYNAMIC else None,
        card_fingerprint="fp_1",
    )
    refused = books.decide(session(plan), proof)
    assert refused.session.state is State.RELEASING
    assert (refused.session.outcome, refused.session.debt_session_id) == ("card_in_debt", "ses_0")
    assert [intent.kind for intent in refused.intents] == [kind]


def test_a_card_without_a_fingerprint_is_nobodys_debt() -> None:
    books = Books(debtor=owing(id="ses_0"))
    proof = facts.PaymentSecured(**AT, payment_method_id="pm_9")
    assert books.decide(session(), proof).session.state is State.SECURED


def test_whoever_can_pay_at_a_checkout_is_paying() -> None:
    """One that opens after it was thought to be over keeps the retries away all the same."""
    due = session(PlanName.DYNAMIC, state=State.DUE, secured_at=NOW, secured_minor=3000)
    opened = facts.CheckoutOpened(
        at=LATER, session_id=due.id, url="https://pay", expires_at=LATER, checkout_id="cs_2"
    )
    assert decided(due, opened).session.paying_since == LATER


@pytest.mark.parametrize("code", sorted(ITS_HOLDERS))
def test_what_only_its_holder_can_mend_is_theirs_to_confirm_and_not_tried_again(code: str) -> None:
    assert may_authenticate(owing(outcome=code))
    assert not may_pass(owing(outcome=code))


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "generic_decline"},
        {"paying_since": NOW},
        {"payment_intent_id": None},
        {"payment_method_id": None},
        {"plan": PlanName.ESTIMATED},
        {"state": State.SETTLING},
        {"state": State.WRITTEN_OFF},
    ],
    ids="-".join,
)
def test_nothing_else_is_confirmed(changes: dict[str, Any]) -> None:
    """Above all not once a checkout was asked for: its payment comes in the place of this one."""
    assert not may_authenticate(replace(owing(outcome="authentication_required"), **changes))


def test_that_the_bank_asks_once_more_is_no_news_of_a_holder_who_did_not_convince_it() -> None:
    failed = owing(outcome="payment_intent_authentication_failure")
    assert decided(failed, declined("authentication_required")).session == failed
    lacking = decided(failed, declined("insufficient_funds")).session
    assert lacking.outcome == "insufficient_funds"
