"""What a receipt says of the money, by the books."""

from dataclasses import dataclass

from irve_bridge.domain.session import State
from irve_bridge.service.ports import REFUNDED, moved_minor
from irve_bridge.service.views import SessionView


@dataclass(frozen=True, slots=True)
class Money:
    """What went back to the card: what was given back while settling, and what afterwards.

    `under_way_minor` is decided but not yet given back.
    """

    refunded_minor: int
    refunded_later_minor: int
    under_way_minor: int
    released_minor: int

    @property
    def corrected_minor(self) -> int:
        """By how much the operator lowered what was settled."""
        return self.refunded_later_minor + self.under_way_minor


_GOING_BACK = frozenset({State.SETTLING, State.SETTLED, State.RELEASING, State.RELEASED})
"""Where whatever is paid beyond the decided amount goes back; while releasing, nothing is owed."""


def money_of(view: SessionView) -> Money:
    """Return what the books say; a second payment that was given back is not the driver's bill."""
    session = view.session
    back = [m for m in view.movements if m.payment_id == session.payment_intent_id]
    settled = session.state is State.SETTLED
    going_back = session.state in _GOING_BACK
    later = [m for m in back if settled and session.ended_at and m.at > session.ended_at]
    decided_minor = session.decided_minor or 0
    return Money(
        refunded_minor=moved_minor(back, REFUNDED) - moved_minor(later, REFUNDED),
        refunded_later_minor=moved_minor(later, REFUNDED),
        under_way_minor=max(session.paid_minor - decided_minor, 0) if going_back else 0,
        released_minor=moved_minor(view.movements, {"release": 1}),
    )
