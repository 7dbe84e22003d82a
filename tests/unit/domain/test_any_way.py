"""Whatever happens in whatever order, the driver pays what is owed, once; the rest goes back."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.decide import Decision
from irve_bridge.domain.facts import SessionFact, StopCause
from irve_bridge.domain.intents import Intent, Kind
from irve_bridge.domain.lifecycle import DONE, wanted
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.ends import most_decided_minor
from tests.books import Books
from tests.unit.domain.sessions import LATER, NOW, session

AT: dict[str, Any] = {"at": LATER, "session_id": "ses_1"}
TAKES = {Kind.CAPTURE, Kind.CREATE_CHARGE, Kind.CONFIRM_CHARGE}


def ended(cost_minor: int, *, doubt: bool = False, presumed: bool = False) -> SessionFact:
    return facts.ChargingEnded(
        **AT,
        stopped_at=LATER,
        energy_wh=cost_minor * 10,
        cost=Breakdown("EUR", cost_minor, cost_minor),
        doubt="dropped" if doubt else None,
        presumed=presumed,
    )


amounts = st.integers(0, 4000)
AROUND: st.SearchStrategy[SessionFact] = st.one_of(
    st.sampled_from(
        [
            facts.GivenUp(**AT),
            facts.StopAsked(**AT, cause=StopCause.DRIVER),
            facts.ChargingBegan(**AT, transaction_id="7", started_at=NOW),
            facts.StartAccepted(**AT),
            facts.StartRefused(**AT),
            facts.NoStart(**AT),
            facts.CheckoutExpired(**AT),
            facts.CheckoutOverdue(**AT),
            facts.EndOverdue(**AT),
            facts.HoldEnding(**AT),
            facts.PayAsked(**AT),
            facts.RetryDue(**AT),
            facts.DebtTermPassed(**AT),
            facts.SettlementRefused(**AT, code="x", message="x"),
        ]
    ),
    amounts.map(ended),
    amounts.map(lambda cost_minor: ended(cost_minor, doubt=True)),
    amounts.map(lambda cost_minor: ended(cost_minor, presumed=True)),
)
"""What charge points, drivers and time bring, whether or not it fits."""


@dataclass
class Provider:
    """The provider as far as its promises go: what each payment took, and gave back."""

    taken: dict[str, int] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def left(self, payment_intent_id: str) -> int:
        return self.taken[payment_intent_id] - self.back.get(payment_intent_id, 0)


@dataclass
class World:
    """One session with its books, its waiting intents and the provider."""

    session: Session
    books: Books = field(default_factory=Books)
    provider: Provider = field(default_factory=Provider)
    intents: list[Intent] = field(default_factory=list)
    settlements: int = 0
    given_up: set[str] = field(default_factory=set)

    def happen(self, fact: SessionFact) -> None:
        """Apply one fact, and check what must hold after every single one."""
        before = self.session
        decision = self.books.decide(before, fact)
        self.session = decision.session
        self.intents += decision.intents
        self._check(before, decision)
        if "review_needed" in decision.tell and isinstance(fact, facts.RefundFailed):
            self.given_up.add(fact.payment_intent_id)

    def _check(self, before: Session, decision: Decision) -> None:
        now = decision.session
        assert (now.decided_minor or 0) <= (now.secured_minor or 0)
        if now.state is State.SETTLED and before.state is not State.SETTLED:
            assert now.paid_minor == now.decided_minor, "settled on proof only"
        if before.state in DONE and now.state is not before.state:
            lost = now.state is State.REVIEW
            late = before.state in (State.ABANDONED, State.WRITTEN_OFF)
            assert lost or late, "an end is an end"
        asked = [intent for intent in decision.intents if intent.kind in TAKES]
        assert len(asked) <= 1, "money is taken by one call at a time"
        assert not (asked and now.paid_minor), "what is paid is not charged again"

    def perform(self, data: st.DataObject) -> None:
        """Let the provider do the first thing that is still wanted, or refuse to."""
        intent = self.intents.pop(0)
        if not wanted(self.session, intent.do):
            return
        for fact in self._outcome(intent, data):
            self.happen(fact)

    def _outcome(self, intent: Intent, data: st.DataObject) -> list[SessionFact]:
        named = intent.parameters.get("payment_intent_id") or ""
        refuses = data.draw(st.booleans(), label=f"{intent.kind} refused")
        match intent.kind:
            case Kind.CREATE_CHARGE:
                created = {"payment_intent_id": self.provider.new("pi")}
                amount = intent.parameters["amount_minor"]
                return [facts.ChargeCreated(**AT, **created, amount_minor=amount)]
            case Kind.CAPTURE | Kind.CONFIRM_CHARGE if named in self.provider.taken:
                return [self._succeeded(named)]
            case Kind.CAPTURE | Kind.CONFIRM_CHARGE if refuses:
                code = data.draw(st.sampled_from(["insufficient_funds", "expired_card"]))
                return [facts.PaymentDeclined(**AT, code=code, message="no")]
            case Kind.CAPTURE | Kind.CONFIRM_CHARGE:
                amount = intent.parameters.get("amount_minor", self.session.decided_minor)
                self.provider.taken[named] = amount
                self.settlements += 1
                return [self._succeeded(named)]
            case Kind.CANCEL_CHARGE | Kind.CANCEL_HOLD:
                if named in self.provider.taken:
                    return [self._succeeded(named)]
                if self.session.plan is PlanName.ESTIMATED:
                    return [facts.HoldReleased(**AT, payment_intent_id=named)]
                return [facts.ChargeCanceled(**AT, payment_intent_id=named)]
            case Kind.REFUND:
                return [self._refund(named, intent.parameters["amount_minor"], refuses)]
            case Kind.FORGET_CARD:
                card = intent.parameters["payment_method_id"]
                return [facts.CardForgotten(**AT, payment_method_id=card)]
            case Kind.CLOSE_CHECKOUT:
                return [facts.CheckoutExpired(**AT)]
        return []

    def _succeeded(self, payment_intent_id: str) -> SessionFact:
        amount = self.provider.taken[payment_intent_id]
        if self.session.plan is PlanName.FIXED:
            return facts.PaymentSecured(
                **AT, payment_intent_id=payment_intent_id, secured_minor=amount
            )
        return facts.PaymentSucceeded(
            **AT, payment_intent_id=payment_intent_id, amount_minor=amount
        )

    def _refund(self, payment_intent_id: str, amount_minor: int, refuses: bool) -> SessionFact:
        back = self.provider.back.get(payment_intent_id, 0)
        if refuses or back + amount_minor > self.provider.taken.get(payment_intent_id, 0):
            return facts.RefundFailed(
                **AT, refund_id="", payment_intent_id=payment_intent_id, amount_minor=amount_minor
            )
        self.provider.back[payment_intent_id] = back + amount_minor
        return facts.Refunded(
            **AT,
            refund_id=self.provider.new("re"),
            payment_intent_id=payment_intent_id,
            amount_minor=amount_minor,
        )

    def secure(self) -> None:
        """The driver completes the checkout, perhaps a second one."""
        match self.session.plan:
            case PlanName.DYNAMIC:
                self.happen(facts.PaymentSecured(**AT, payment_method_id="pm_1"))
            case PlanName.ESTIMATED:
                held = self.provider.new("pi")
                self.happen(facts.PaymentSecured(**AT, payment_intent_id=held, secured_minor=3000))
            case PlanName.FIXED:
                paid = self.provider.new("pi")
                self.provider.taken[paid] = 3000
                self.happen(self._succeeded(paid))

    def pay_at_checkout(self) -> None:
        """The driver pays what is due, if there is a checkout open for it."""
        if self.session.state is State.DUE and self.session.paying_since is not None:
            if any(intent.kind is Kind.CANCEL_CHARGE for intent in self.intents):
                return
            paid = self.provider.new("pi")
            self.provider.taken[paid] = self.session.decided_minor or 0
            self.settlements += 1
            self.happen(self._succeeded(paid))

    def look_again(self) -> None:
        """Everything that the provider ever told is told once more."""
        for payment_intent_id in list(self.provider.taken):
            self.happen(self._succeeded(payment_intent_id))

    def review(self, data: st.DataObject) -> None:
        """A person decides, within what the service lets them."""
        if self.session.state in (State.REVIEW, State.DUE):
            most_minor = most_decided_minor(self.session)
            amount = data.draw(st.integers(0, max(most_minor, 0)), label="decided")
            self.happen(facts.ReviewDecided(**AT, amount_minor=amount))


@given(plan=st.sampled_from(PlanName), data=st.data())
def test_every_way_ends_with_exactly_what_is_owed(plan: PlanName, data: st.DataObject) -> None:
    """Random facts, refusals, repetitions and people: no end is reached with money unaccounted."""
    world = World(session(plan))
    for _ in range(data.draw(st.integers(1, 30), label="steps")):
        match data.draw(st.integers(0, 9), label="what happens"):
            case 0 | 1 | 2 | 3 if world.intents:
                world.perform(data)
            case 4:
                world.secure()
            case 5:
                world.pay_at_checkout()
            case 6:
                world.look_again()
            case 7:
                world.review(data)
            case _:
                world.happen(data.draw(AROUND))
    while world.intents:
        world.perform(data)
    world.look_again()
    _conclude(world, data)


def _conclude(world: World, data: st.DataObject) -> None:
    """Where nothing waits any more, the provider keeps what is owed, or a person was told."""
    if world.intents or world.session.state not in DONE:
        return
    now = world.session
    assert world.settlements <= 1 or world.provider.back
    owed = (now.decided_minor or 0) if now.state is State.SETTLED else 0
    assert now.paid_minor == owed
    for payment_intent_id in world.provider.taken:
        left_minor = world.provider.left(payment_intent_id)
        own = payment_intent_id == now.payment_intent_id
        assert left_minor == (owed if own else 0) or payment_intent_id in world.given_up
