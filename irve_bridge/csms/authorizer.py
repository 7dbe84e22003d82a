"""Whether an id tag may charge, asked of the operator's CSMS.

The request is signed as callbacks are (Standard Webhooks 1.0): `{"type": "authorize", "timestamp":
…, "data": {"charge_point_id": …, "id_tag": …}}`. A 200 answers `{"status": "Accepted"}` or Blocked,
Expired, Invalid, with `parent_id_tag` and `expires_at` where there are any; a 404 is Invalid.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated

import aiohttp
import msgspec
import structlog

from irve_bridge.csms.signing import signed
from irve_bridge.domain.id_tag import INVALID, PATTERN, Authorization, IdTagStatus

log = structlog.get_logger()

ANSWER_BYTES_MAX = 4096
_UNKNOWN = 404
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Told(msgspec.Struct):
    """What the CSMS answers; a moment without a zone is in UTC."""

    status: IdTagStatus
    parent_id_tag: Annotated[str, msgspec.Meta(pattern=PATTERN)] | None = None
    expires_at: datetime | None = None

    @property
    def authorization(self) -> Authorization:
        expires_at = self.expires_at
        if expires_at is not None and expires_at.tzinfo is None:
            expires_at = expires_at.replace(tzinfo=UTC)
        return Authorization(
            status=self.status, parent_id_tag=self.parent_id_tag, expires_at=expires_at
        )


_decode = msgspec.json.Decoder(_Told).decode


@dataclass(frozen=True, slots=True)
class CsmsAuthorizer:
    """Implements `ports.Authorizer` by one signed request."""

    http: aiohttp.ClientSession
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    timeout_s: float

    async def ask(self, charge_point_id: str, id_tag: str) -> Authorization | None:
        """Return what a tag is worth at a charge point now; None where nobody answered usably."""
        sent_at = datetime.now(UTC)  # signatures use real time
        data = {"charge_point_id": charge_point_id, "id_tag": id_tag}
        body = msgspec.json.encode({"type": "authorize", "timestamp": sent_at, "data": data})
        try:
            async with self.http.post(
                self.url,
                data=body,
                headers=signed(self.secrets, f"authorize.{token_hex(8)}", sent_at, body),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            ) as response:
                if response.status == _UNKNOWN:
                    return INVALID
                response.raise_for_status()
                return _decode(await _beginning(response.content)).authorization
        except (aiohttp.ClientError, TimeoutError, *_UNREADABLE) as error:
            log.warning("id_tag_not_answered", id_tag=id_tag, reason=str(error) or "no answer")
            return None


async def _beginning(body: aiohttp.StreamReader) -> bytes:
    """Return an answer whole, in however many packets it comes; too long a one is cut off."""
    read = b""
    while left := ANSWER_BYTES_MAX - len(read):
        piece = await body.read(left)
        if not piece:
            break
        read += piece
    return read
