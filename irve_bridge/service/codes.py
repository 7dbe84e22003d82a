"""The codes on stations: whose address they carry, and that nobody put another one over them.

A printed code carries a signature `k` of its connector. A display may show one that changes: its
token `t` is of a window of time, so that a copy of it soon leads nowhere.
"""

import hmac
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote

from irve_bridge.domain.errors import CodeRefused

LENGTH = 12
"""Characters of base32: 60 bits, and short enough to be typed."""
SLACK = timedelta(seconds=30)
"""What a driver's phone takes from seeing a code to asking for its page."""


class Signatures(StrEnum):
    """What is asked of a printed code."""

    OFF = "off"
    ACCEPTED = "accepted"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Codes:
    """Signs and judges the addresses of connectors; the first secret signs, all of them verify.

    `window` is how long a display shows one code, none where codes do not change.
    """

    secrets: tuple[str, ...] = ()
    signatures: Signatures = Signatures.OFF
    window: timedelta = timedelta()

    def path(self, charge_point_id: str, number: int) -> str:
        """Return the way to a connector's page, signed where there is a secret."""
        way = f"/s/{quote(charge_point_id, safe='*:+')}/{number}"
        if not self.secrets:
            return way
        return f"{way}?k={_sign(self.secrets[0], charge_point_id, number)}"

    def passing_path(self, charge_point_id: str, number: int, now: datetime) -> str:
        """Return the way that holds in this window of time and the next."""
        token = _sign(self.secrets[0], charge_point_id, number, str(self._window(now)))
        return f"/s/{quote(charge_point_id, safe='*:+')}/{number}?t={token}"

    def expires_at(self, now: datetime) -> datetime:
        """Return when another code takes the place of the one of now."""
        return datetime.fromtimestamp(0, UTC) + (self._window(now) + 1) * self.window

    def judge(
        self,
        charge_point_id: str,
        number: int,
        now: datetime,
        *,
        signature: str | None,
        token: str | None,
        passing_only: bool = False,
    ) -> None:
        """Let the address that was scanned pass.

        Raises:
            CodeRefused: Its signature is wrong or missing, or its token is no longer good.
        """
        if token is not None and self.window:
            self._judge_token(charge_point_id, number, now, token)
        elif passing_only and self.window:
            raise CodeRefused("Scan the code on the station's display.", "code_passing")
        elif self.signatures is not Signatures.OFF:
            self._judge_signature(charge_point_id, number, signature)

    def _judge_token(self, charge_point_id: str, number: int, now: datetime, token: str) -> None:
        latest = self._window(now)
        windows = range(self._window(now - SLACK) - 1, latest + 1)
        if not any(self._signs(token, charge_point_id, number, str(window)) for window in windows):
            raise CodeRefused("This code has expired: scan the one shown now.", "code_stale")

    def _judge_signature(self, charge_point_id: str, number: int, signature: str | None) -> None:
        if signature is None:
            if self.signatures is Signatures.REQUIRED:
                raise CodeRefused("This address is not complete: scan the code.", "code_missing")
        elif not self._signs(signature, charge_point_id, number):
            raise CodeRefused("This code is not this connector's.", "code_wrong")

    def _signs(self, signature: str, *signed: str | int) -> bool:
        """Compare in constant time; letters may be typed in any case."""
        given = signature.strip().lower().encode()
        fit = [hmac.compare_digest(given, _sign(each, *signed).encode()) for each in self.secrets]
        return any(fit)

    def _window(self, at: datetime) -> int:
        return (at - datetime.fromtimestamp(0, UTC)) // self.window


def _sign(secret: str, *signed: str | int) -> str:
    text = "\0".join(("station", *map(str, signed)))
    digest = hmac.new(secret.encode(), text.encode(), sha256).digest()
    return b32encode(digest).decode().lower()[:LENGTH]
