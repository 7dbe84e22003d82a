"""The three ways to pay: the same road with four verbs.

| plan      | secure             | limit          | settle              | release         |
|-----------|--------------------|----------------|---------------------|-----------------|
| fixed     | a payment          | the payment    | refund the unused   | refund all      |
| estimated | a hold             | the hold       | capture the cost    | cancel the hold |
| dynamic   | a card for later   | the ceiling    | charge the cost     | forget the card |

To correct is the same for all: what was paid beyond the decided amount goes back.
"""

from typing import Protocol

from irve_bridge.domain.errors import Bug
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import PlanName, Session


class Plan(Protocol):
    """What owing, settling and releasing mean."""

    def bound(self, session: Session, amount_minor: int) -> int:
        """Return what of an amount can be owed, never more than was secured."""

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


def refund(
    session: Session, do: Do, amount_minor: int, payment_intent_id: str | None = None
) -> Intent | None:
    """Return the call that gives this much of a payment back, the session's own by default."""
    if amount_minor <= 0:
        return None
    paid_by = payment_intent_id or session.payment_intent_id
    return Intent(do, Kind.REFUND, {"payment_intent_id": paid_by, "amount_minor": amount_minor})


class Fixed:
    """An amount paid now; what is not used goes back."""

    def bound(self, session: Session, amount_minor: int) -> int:
        """Keep the exact cost, however small: it was paid already."""
        return keepable(session, amount_minor)

    def settle(self, session: Session) -> Intent | None:
        """Refund what was not used."""
        return _correct(session, Do.SETTLE)

    def release(self, session: Session) -> Intent | None:
        """Refund everything."""
        return refund(session, Do.RELEASE, session.paid_minor)


class Estimated:
    """A hold now; the cost is captured and the rest let go."""

    def bound(self, session: Session, amount_minor: int) -> int:
        """Never more than the hold; nothing below the least amount a card can be charged."""
        return _chargeable(session, amount_minor)

    def settle(self, session: Session) -> Intent | None:
        """Capture the cost; a partial capture releases the rest."""
        if session.taken:
            return _correct(session, Do.SETTLE)
        return Intent(
            Do.SETTLE,
            Kind.CAPTURE,
            {"payment_intent_id": session.payment_intent_id, "amount_minor": _decided(session)},
        )

    def release(self, session: Session) -> Intent | None:
        """Cancel the hold; one that was captured is given back."""
        if session.taken:
            return refund(session, Do.RELEASE, session.paid_minor)
        return Intent(
            Do.RELEASE, Kind.CANCEL_HOLD, {"payment_intent_id": session.payment_intent_id}
        )


class Dynamic:
    """A card now; the cost is charged when it is known."""

    def bound(self, session: Session, amount_minor: int) -> int:
        """Never more than the ceiling; nothing below the least amount a card can be charged."""
        return _chargeable(session, amount_minor)

    def settle(self, session: Session) -> Intent | None:
        """Create the payment; it is confirmed once its id is stored."""
        if session.taken:
            return _correct(session, Do.SETTLE)
        return create_charge(session, Do.SETTLE)

    def release(self, session: Session) -> Intent | None:
        """Forget the card."""
        return refund(session, Do.RELEASE, session.paid_minor) or forget_card(session, Do.RELEASE)


PLANS: dict[PlanName, Plan] = {
    PlanName.FIXED: Fixed(),
    PlanName.ESTIMATED: Estimated(),
    PlanName.DYNAMIC: Dynamic(),
}


def create_charge(session: Session, do: Do) -> Intent:
    """Return the call that creates, unconfirmed, the payment of what is owed."""
    return Intent(do, Kind.CREATE_CHARGE, {"amount_minor": _decided(session)})


def confirm_charge(session: Session, do: Do) -> Intent:
    """Return the call that charges the kept card by the payment that exists."""
    return Intent(do, Kind.CONFIRM_CHARGE, {"payment_intent_id": session.payment_intent_id})


def forget_card(session: Session, do: Do) -> Intent | None:
    """Return the call that detaches the kept card; None where none is kept."""
    if session.plan is not PlanName.DYNAMIC or session.payment_method_id is None:
        return None
    return Intent(do, Kind.FORGET_CARD, {"payment_method_id": session.payment_method_id})


def send_receipt(session: Session) -> Intent | None:
    """Return the call that has the provider mail its receipt to who paid before giving an address.

    The other plans name the address when they take the money.
    """
    if session.plan is not PlanName.FIXED or session.email is None:
        return None
    return Intent(Do.RECEIPT, Kind.SEND_RECEIPT, {"payment_intent_id": session.payment_intent_id})


def keepable(session: Session, amount_minor: int) -> int:
    """Return how much of an amount can be kept of what is paid, so that the rest can go back."""
    kept_minor = min(amount_minor, session.paid_minor)
    return kept_minor - kept_minor % session.step_minor


def _correct(session: Session, do: Do) -> Intent | None:
    return refund(session, do, session.paid_minor - _decided(session))


def _secured(session: Session) -> int:
    if session.secured_minor is None:
        raise Bug(f"session {session.id} settles what was never secured")
    return session.secured_minor


def _decided(session: Session) -> int:
    if session.decided_minor is None:
        raise Bug(f"session {session.id} settles what was never decided")
    return session.decided_minor


def _chargeable(session: Session, amount_minor: int) -> int:
    amount_minor = min(amount_minor, _secured(session))
    amount_minor -= amount_minor % session.step_minor
    return amount_minor if amount_minor >= session.least_minor else 0
