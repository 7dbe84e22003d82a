"""A storm: faults that happen by dice to any request, for campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Trouble(StrEnum):
    """What a storm throws; ``after`` is after the request took effect."""

    RATE_LIMITED = "429"
    LOCKED = "409"
    ERROR = "500"
    ERROR_AFTER = "500_after"
    DROPPED = "dropped_before"
    DROPPED_AFTER = "dropped_after"
    TIMEOUT = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    SLOW = "slow"


_STATUS = {"429": 429, "409": 409, "500": 500, "500_after": 500, "slow": 200}


@dataclass(eq=False, slots=True)
class Storm:
    """Dice with one seed: the same requests in the same order meet the same troubles."""

    dice: Random
    probability: float = 0.0
    kinds: Sequence[Trouble] = tuple(Trouble)
    slow_s: float = 0.5
    timeout_s: float = 3600.0

    def thrown(self, effect: str) -> tuple[int | None, float] | None:
        """Return a status (None: no answer) and a delay in seconds, or None for fair weather.

        The dice are thrown before and after the effect; a trouble of the other moment is none.
        """
        if not self.kinds or self.dice.random() >= self.probability:
            return None
        kind = self.dice.choice(self.kinds)
        if kind.endswith("_after") != (effect == "after"):
            return None
        delays_s = {"slow": self.dice.uniform(0, self.slow_s)} | dict.fromkeys(
            (Trouble.TIMEOUT, Trouble.TIMEOUT_AFTER), self.timeout_s
        )
        return _STATUS.get(kind), delays_s.get(kind, 0.0)
