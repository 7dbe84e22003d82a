"""What is decreed about cards, holds and refunds to come: the simulated world's weather."""

from dataclasses import dataclass, field

from simulators.stripe.cards import Decline, RefundMode


@dataclass(slots=True)
class CardBehaviour:
    """What a customer's kept cards do off-session: ``times`` times, or until told otherwise."""

    decline: Decline | None
    times: int | None = None


@dataclass(slots=True)
class Features:
    """What Stripe offers to accounts with IC+ pricing only.

    ``increments_declined`` counts the next incremental authorizations that the bank refuses,
    ``overcaptures_refused`` the next captures above their hold.
    """

    incremental: bool = False
    overcapture_percent: int = 0
    extended: bool = False
    increments_declined: int = 0
    overcaptures_refused: int = 0


@dataclass(eq=False)
class Conditions:
    """The decrees in force for every account."""

    hold_lasts_s: int | None = None
    features: Features = field(default_factory=Features)
    refund_mode: RefundMode = RefundMode.SUCCEED
    refund_times: int = 0
    behaviours: dict[str, CardBehaviour] = field(default_factory=dict)

    def overcapture_refused(self) -> bool:
        """Return whether this capture above its hold is refused."""
        if self.features.overcaptures_refused == 0:
            return False
        self.features.overcaptures_refused -= 1
        return True

    def next_refund(self) -> RefundMode | None:
        """Return what the next refund does, None where its card decides."""
        if self.refund_times == 0:
            return None
        self.refund_times -= 1
        return self.refund_mode

    def next_answer(self, customer_id: str | None) -> CardBehaviour | None:
        """Return how a customer's card answers off-session now, None where it has its own way."""
        behaviour = self.behaviours.get(customer_id or "")
        if behaviour is None or behaviour.times == 0:
            return None
        if behaviour.times is not None:
            behaviour.times -= 1
        return behaviour

    def increment_declined(self) -> bool:
        """Tell whether the bank refuses the incremental authorization that is asked for now."""
        declined = self.features.increments_declined > 0
        self.features.increments_declined -= declined
        return declined
