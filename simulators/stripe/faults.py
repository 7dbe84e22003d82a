"""Faults on demand: errors and lost connections, before or after a request took effect."""

import asyncio
import fnmatch
from dataclasses import dataclass, field

from simulators.stripe.wire import StripeError

_MESSAGES = {
    409: ("invalid_request_error", "lock_timeout", "This object cannot be accessed right now."),
    429: ("invalid_request_error", "rate_limit", "Request rate limit exceeded."),
}
_ANY_OTHER = ("api_error", None, "An unknown error occurred.")


class ConnectionDroppedError(Exception):
    """The connection is to be closed without an answer."""


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
    """The faults still to happen."""

    listed: list[Fault] = field(default_factory=list)

    async def strike(self, method: str, path: str, effect: str) -> None:
        """Let the first matching fault happen.

        Raises:
            StripeError: the error it answers with.
            ConnectionDroppedError: if it answers nothing.
        """
        fault = next((each for each in self.listed if each.matches(method, path, effect)), None)
        if fault is None:
            return
        fault.times -= 1
        await asyncio.sleep(fault.delay_s)
        if fault.status is None:
            raise ConnectionDroppedError
        if fault.status < 400:  # noqa: PLR2004 - a slow answer, not a wrong one
            return
        kind, code, message = _MESSAGES.get(fault.status, _ANY_OTHER)
        raise StripeError(fault.status, message, type=kind, code=code)
