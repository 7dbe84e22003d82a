"""Faults on demand: errors and lost connections, before or after a request took effect."""

import asyncio
import fnmatch
from dataclasses import dataclass, field
from random import Random

from simulators.stripe.storm import Storm
from simulators.stripe.wire import StripeError

_MESSAGES = {
    400: (
        "invalid_request_error",
        "testmode_charges_only",
        "Your account has not been activated and can only make test charges.",
    ),
    401: ("invalid_request_error", "api_key_expired", "Expired API Key provided: sk_test_********"),
    403: (
        "invalid_request_error",
        None,
        "The provided key does not have the required permissions for this endpoint.",
    ),
    409: ("invalid_request_error", "lock_timeout", "This object cannot be accessed right now."),
    429: ("invalid_request_error", "rate_limit", "Request rate limit exceeded."),
}
_ANY_OTHER = ("api_error", None, "An unknown error occurred.")


class ConnectionDroppedError(Exception):
    """The connection is to be closed without an answer, after a silence of ``after_s`` seconds."""

    def __init__(self, after_s: float) -> None:
        super().__init__(after_s)
        self.after_s = after_s


@dataclass(slots=True)
class Fault:
    """What goes wrong, for which requests (``path`` is a glob), and how many times."""

    method: str
    path: str
    effect: str
    status: int | None
    times: int = 1
    delay_s: float = 0.0

    def matches(self, method: str, path: str, effect: str) -> bool:
        """Tell whether this fault strikes a request now."""
        return (
            self.times > 0
            and self.effect == effect
            and fnmatch.fnmatchcase(method, self.method)
            and fnmatch.fnmatchcase(path, self.path)
        )


@dataclass(eq=False)
class Faults:
    """The faults still to happen, each told beforehand or all left to a storm's dice."""

    listed: list[Fault] = field(default_factory=list)
    storm: Storm = field(default_factory=lambda: Storm(Random(0)))

    async def strike(self, method: str, path: str, effect: str) -> None:
        """Let the first matching fault happen, else what the storm throws.

        Raises:
            StripeError: the error it answers with.
            ConnectionDroppedError: if it answers nothing.
        """
        fault = next((each for each in self.listed if each.matches(method, path, effect)), None)
        if fault:
            fault.times -= 1
            await _happen(fault.status, fault.delay_s)
        else:
            await self.disturb(effect)

    async def disturb(self, effect: str) -> None:
        """Let the storm alone throw its dice.

        Raises:
            StripeError: the error it answers with.
            ConnectionDroppedError: if it answers nothing.
        """
        if trouble := self.storm.thrown(effect):
            await _happen(*trouble)


async def _happen(status: int | None, delay_s: float) -> None:
    if status is None:
        raise ConnectionDroppedError(delay_s)
    await asyncio.sleep(delay_s)
    if status < 400:  # noqa: PLR2004 - a slow answer, not a wrong one
        return
    kind, code, message = _MESSAGES.get(status, _ANY_OTHER)
    raise StripeError(status, message, type=kind, code=code)
