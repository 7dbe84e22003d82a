"""The three ways to pay: the same road with four verbs.

| plan      | secure             | limit          | settle              | release         |
|-----------|--------------------|----------------|---------------------|-----------------|
| fixed     | a payment          | the payment    | refund the unused   | refund all      |
| estimated | a hold             | the hold       | capture the cost    | cancel the hold |
| dynamic   | a card for later   | the ceiling    | charge the cost     | forget the card |
"""

from typing import Protocol

from irve_bridge.domain.errors import Bug
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import PlanName, Session


class Plan(Protocol):
    """What owing, settling and releasing mean."""

    def decide(self, session: Session, cost_minor: int) -> int:
        """Return what the driver owes for this cost, never more than was secured."""

    def settle(self, session: Session) -> Intent | None:
        """Return the call that takes what is owed; None where no money has to move."""

    def release(self, session: Session) -> Intent | None:
        """Return the call that gives everything back; None where no money has to move."""


def secure(session: Session) -> Intent:
    """Return the call that lets the driver secure the payment, whatever the plan."""
    if session.payment_method_id is not None:
        return Intent(
            Do.SECURE, Kind.CONFIRM_SETUP, {"payment_method_id": session.payment_method_id}
        )
    return Intent(Do.SECURE, Kind.OPEN_CHECKOUT, {"amount_minor": session.amount_minor})


class Fixed:
    """An amount paid now; what is not used goes back."""

    def decide(self, session: Session, cost_minor: int) -> int:
        """Keep the exact cost, however small: it was paid already."""
        return min(cost_minor, _secured(session))

    def settle(self, session: Session) -> Intent | None:
        """Refund what was not used."""
        return self._refund(session, Do.SETTLE, _secured(session) - _decided(session))

    def release(self, session: Session) -> Intent | None:
        """Refund everything."""
        return self._refund(session, Do.RELEASE, _secured(session))

    def _refund(self, session: Session, do: Do, amount_minor: int) -> Intent | None:
        if amount_minor == 0:
            return None
        return Intent(
            do,
            Kind.REFUND,
            {"payment_intent_id": session.payment_intent_id, "amount_minor": amount_minor},
        )


class Estimated:
    """A hold now; the cost is captured and the rest let go."""

    def decide(self, session: Session, cost_minor: int) -> int:
        """Never more than the hold; nothing below the least amount a card can be charged."""
        return _chargeable(session, cost_minor)

    def settle(self, session: Session) -> Intent | None:
        """Capture the cost; a partial capture releases the rest."""
        return Intent(
            Do.SETTLE,
            Kind.CAPTURE,
            {
                "payment_intent_id": session.payment_intent_id,
                "amount_minor": _decided(session),
            },
        )

    def release(self, session: Session) -> Intent | None:
        """Cancel the hold."""
        return Intent(
            Do.RELEASE, Kind.CANCEL_HOLD, {"payment_intent_id": session.payment_intent_id}
        )


class Dynamic:
    """A card now; the cost is charged when it is known."""

    def decide(self, session: Session, cost_minor: int) -> int:
        """Never more than the ceiling; nothing below the least amount a card can be charged."""
        return _chargeable(session, cost_minor)

    def settle(self, session: Session) -> Intent | None:
        """Create the payment; it is confirmed once its id is stored."""
        return Intent(Do.SETTLE, Kind.CREATE_CHARGE, {"amount_minor": _decided(session)})

    def release(self, session: Session) -> Intent | None:
        """Forget the card."""
        return Intent(
            Do.RELEASE, Kind.FORGET_CARD, {"payment_method_id": session.payment_method_id}
        )


PLANS: dict[PlanName, Plan] = {
    PlanName.FIXED: Fixed(),
    PlanName.ESTIMATED: Estimated(),
    PlanName.DYNAMIC: Dynamic(),
}


def _secured(session: Session) -> int:
    if session.secured_minor is None:
        raise Bug(f"session {session.id} settles what was never secured")
    return session.secured_minor


def _decided(session: Session) -> int:
    if session.decided_minor is None:
        raise Bug(f"session {session.id} settles what was never decided")
    return session.decided_minor


def _chargeable(session: Session, cost_minor: int) -> int:
    amount_minor = min(cost_minor, _secured(session))
    return amount_minor if amount_minor >= session.least_minor else 0
