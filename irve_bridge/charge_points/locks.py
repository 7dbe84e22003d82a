"""Which key a charge point showed: at no cost where it can be, and slowly to who guesses."""

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable

import structlog

from irve_bridge.domain import credentials
from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.service.passwords import is_quick, matches

AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
"""Slow checks at a time: the other cores are for the charge points that are in already."""
WAITING_MOST = 200 * AT_ONCE
"""More would not be answered within the handshake's time."""
DOUBLED_MOST = 6
"""A minute or so: 2⁶ seconds."""

log = structlog.get_logger()


class HeldBack(Exception):
    """Nothing was compared: come back after so many seconds."""

    def __init__(self, pause_s: float) -> None:
        super().__init__(f"come back in {pause_s:.0f} s")
        self.pause_s = pause_s


class Busy(Exception):
    """Nothing was compared: too many wait."""


class Locks:
    """Compares what charge points show with the hashes of their keys.

    A key of 16 to 20 bytes costs nothing to compare and cannot be guessed. Another password is
    compared with a slow hash once, and remembered while the bridge runs: a fleet that comes back
    costs nothing either. Each wrong guess at such a password doubles the pause before the next
    one at the same charge point is looked at; who knows the password and was in before never waits.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._secret = secrets.token_bytes(32)
        self._known: dict[str, tuple[str, bytes]] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self._comparing: set[str] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def opened_by(self, point: ChargePoint, password: bytes) -> str | None:
        """Return the stored hash that this password fits, None for none.

        Raises:
            HeldBack: Wrong passwords were tried a moment ago.
            Busy: Too many are looked at already.
        """
        stored = credentials.keys(point)
        for key in stored:
            if is_quick(key) and matches(password, key):
                return key
        slow = tuple(key for key in stored if not is_quick(key))
        if not slow:
            return None
        digest = hmac.digest(self._secret, password, hashlib.sha256)
        known, known_digest = self._known.get(point.id, ("", b""))
        if known in slow and hmac.compare_digest(known_digest, digest):
            return known
        found = await self._compare(point.id, password, slow)
        if found:
            self._known[point.id] = (found, digest)
        return found

    async def _compare(self, name: str, password: bytes, stored: tuple[str, ...]) -> str | None:
        failures, until_s = self._failures.get(name, (0, 0.0))
        if (pause_s := until_s - self._now_s()) > 0:
            raise HeldBack(pause_s)
        if name in self._comparing:
            raise HeldBack(1)
        if len(self._comparing) >= WAITING_MOST:
            raise Busy
        self._comparing.add(name)
        try:
            async with self._slots:
                found = await asyncio.to_thread(_first, password, stored)
        finally:
            self._comparing.discard(name)
        if found:
            self._failures.pop(name, None)
        else:
            until_s = self._now_s() + 2.0 ** min(failures, DOUBLED_MOST)
            self._failures[name] = (failures + 1, until_s)
        return found


def _first(password: bytes, stored: tuple[str, ...]) -> str | None:
    return next((key for key in stored if matches(password, key)), None)
