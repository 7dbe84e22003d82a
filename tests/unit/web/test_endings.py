"""Wherever a session stands, its page says what happened, whatever happened before."""

from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.decide import decide
from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import Delivery, PlanName, Session, State
from irve_bridge.i18n import languages
from irve_bridge.service.views import SessionView
from irve_bridge.web.present import Presenter
from irve_bridge.web.progress import appearance
from irve_bridge.web.wording import (
    DECLINED,
    ENDINGS,
    NOT_OPENED,
    REFUND_FAILED,
    STORIES,
    Story,
)
from tests.books import decided
from tests.unit.domain.sessions import LATER, session
from tests.unit.domain.test_every_fact import FACTS, can_be

LANGUAGES = languages()
TOLD_WHY = {State.ABANDONED, State.RELEASING, State.RELEASED, State.DUE}
AT: dict[str, Any] = {"at": LATER, "session_id": "ses_1"}
REFUSED, REFUND_LOST = "x", "refund_failed"
"""What the provider says in `FACTS` of a card, and of a refund; in truth it has many words."""
BESIDE: list[SessionFact] = [
    *(
        facts.PaymentSecured(**AT, payment_intent_id=paid_by, **why)
        for paid_by in ("pi_1", None)
        for why in ({"connector_lost": True}, {"debt_session_id": "ses_0"})
    ),
    *(
        facts.RefundFailed(
            **AT,
            refund_id="re_9",
            payment_intent_id=paid_by,
            amount_minor=100,
            left_minor=100,
            again=again,
        )
        for paid_by in ("pi_1", "pi_2")
        for again in (True, False)
    ),
]
"""What depends on books of which these know nothing."""


def everywhere() -> list[Session]:
    """Return a session for each way to stand somewhere that the facts lead to."""
    found: dict[tuple[Any, ...], Session] = {}
    ahead = [session(plan) for plan in PlanName]
    while ahead:
        now = ahead.pop()
        if _way(now) not in found:
            found[_way(now)] = now
            ahead += [decided(now, fact).session for fact in FACTS if _possible(now, fact)]
            ahead += [decide(now, fact).session for fact in BESIDE if _possible(now, fact)]
    return list(found.values())


def _possible(now: Session, fact: SessionFact) -> bool:
    """Return whether the provider could say so of this plan."""
    match fact:
        case facts.PaymentSecured():
            return (fact.payment_intent_id is None) is (now.plan is PlanName.DYNAMIC)
        case facts.HoldReleased():
            return now.plan is PlanName.ESTIMATED
        case facts.ChargeCanceled():
            return now.plan is PlanName.DYNAMIC and not now.taken
    return can_be(now, fact)


def _way(now: Session) -> tuple[Any, ...]:
    """What another fact may make something else of."""
    start, money = now.delivery is Delivery.NONE, (now.paid_minor > 0, now.refund_tries > 0)
    why, own = (now.outcome, now.debt_session_id), now.payment_intent_id
    return now.plan, now.state, start, why, own, money


def seen(session: Session) -> SessionView:
    return SessionView(session=session, charge_point=None, connector=None, live=None, movements=())


def story(session: Session, code: str) -> Story:
    """Return what the page says in one language."""
    return Presenter(LANGUAGES[code]).story(seen(session))


def meant(session: Session) -> str:
    """Return the sentence for how a session ended; an outcome that has none is a KeyError."""
    outcome = session.outcome or ""
    match session.state:
        case State.DUE:
            return DECLINED["" if outcome == REFUSED else outcome]
        case State.ABANDONED if outcome == REFUSED:
            return NOT_OPENED
        case State.RELEASED if outcome == "card_in_debt":
            return STORIES["debt_settled"].sentence
    return REFUND_FAILED if outcome in (REFUSED, REFUND_LOST) else ENDINGS[outcome]


@pytest.fixture(scope="module")
def ways() -> list[Session]:
    return everywhere()


@pytest.fixture(scope="module")
def told_why(ways: list[Session]) -> list[Session]:
    return [now for now in ways if now.state in TOLD_WHY]


def test_every_end_is_reached(ways: list[Session], told_why: list[Session]) -> None:
    """What follows would prove nothing otherwise."""
    assert {now.state for now in ways} == set(State)
    assert set(ENDINGS) | {"charge_canceled"} <= {now.outcome for now in told_why}


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_nothing_is_told_without_a_headline_and_a_sentence(ways: list[Session], code: str) -> None:
    assert [now for now in ways if not all(story(now, code))] == []


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_outcome_is_told_by_its_own_sentence(told_why: list[Session], code: str) -> None:
    """A refund that failed is no payment that could not be opened."""
    text = LANGUAGES[code].text
    for now in told_why:
        assert story(now, code).sentence == text(meant(now)), (now.state, now.outcome)


def test_an_open_page_is_loaded_again_when_it_would_say_something_else(ways: list[Session]) -> None:
    """What the live updates compare tells the stories of one session apart."""
    told: dict[tuple[PlanName, str], Story] = {}
    for now in ways:
        if now.state not in DONE:
            said = story(now, "fr")
            assert told.setdefault((now.plan, appearance(seen(now))), said) == said, now.state
