"""A token bucket for each client address."""

import time
from collections.abc import Callable
from ipaddress import IPv4Address, ip_address

from aiohttp import web

from irve_bridge.web.context import CONTEXT
from irve_bridge.web.refusals import RequestRefused

ADDRESSES_MOST = 10_000
BURST = 10
_HOST_BITS = 64


class Throttle:
    """Lets each address through `burst` times at once and `per_minute` times on average."""

    def __init__(
        self, per_minute: float, burst: int, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s = per_minute / 60
        self._burst = burst
        self._now_s = now_s
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, address: str) -> bool:
        """Take one token of this address; False when it has none left."""
        now_s = self._now_s()
        tokens, since_s = self._buckets.pop(address, (float(self._burst), now_s))
        tokens = min(self._burst, tokens + (now_s - since_s) * self._per_s)
        allowed = tokens >= 1
        self._buckets[address] = (tokens - allowed, now_s)
        if len(self._buckets) > ADDRESSES_MOST:
            del self._buckets[next(iter(self._buckets))]
        return allowed


THROTTLE = web.AppKey("throttle", Throttle)


def client_address(request: web.Request) -> str:
    """Return who asks; X-Forwarded-For counts only as far as our own proxies wrote it."""
    hops = request.app[CONTEXT].settings.trusted_proxies
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    if hops and len(forwarded) >= hops and (address := forwarded[-hops].strip()):
        return address
    return request.remote or "unknown"


def client_network(request: web.Request) -> str:
    """Return who is counted as one: whoever has an IPv6 address has 2^64 of them (RFC 7421 §2)."""
    address = client_address(request)
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return address
    return str(known.ipv4_mapped or f"{int(known) >> _HOST_BITS:x}/64")


def throttle(request: web.Request) -> None:
    """Take one token of whoever asks, for the route asked: quotes leave the orders theirs.

    Raises:
        RequestRefused: 429, there is none left.
    """
    _refuse_without(request, f"{request.path} {client_network(request)}")


def throttle_asking(request: web.Request, session_id: str) -> None:
    """Take one token of a session whose provider is about to be asked: everybody shares its rate.

    Raises:
        RequestRefused: 429, there is none left.
    """
    _refuse_without(request, f"asking {session_id}")


def _refuse_without(request: web.Request, whose: str) -> None:
    if not request.app[THROTTLE].allows(whose):
        raise RequestRefused(
            429, "too_many_requests", "Too many requests: please wait a minute and try again."
        )
