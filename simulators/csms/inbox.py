"""The callbacks a CSMS has received, and the wait for one."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


@dataclass(slots=True)
class Callback:
    """One callback under its webhook-id, however often it was sent."""

    id: str
    type: str
    timestamp: str | None
    data: dict[str, Any]
    verified: bool
    traceparent: str | None = None
    answers: list[int] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Return whether one of its attempts was answered 204."""
        return HTTPStatus.NO_CONTENT in self.answers

    def as_json(self) -> dict[str, Any]:
        """Return the callback as ``GET /callbacks`` lists it."""
        return {
            "id": self.id,
            "type": self.type,
            "timestamp": self.timestamp,
            "data": self.data,
            "attempts": len(self.answers),
            "answers": self.answers,
            "accepted": self.accepted,
            "verified": self.verified,
        }


class Inbox:
    """Verifies callbacks (Standard Webhooks 1.0, real time) and remembers them in order."""

    def __init__(self, secret: str, report: Callable[[str], None] = lambda _line: None) -> None:
        self.url = ""
        self._webhook = Webhook(secret)
        self._report = report
        self._callbacks: dict[tuple[str, bool], Callback] = {}
        self.id_tags: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self._failures: list[int] = []
        self._arrived = asyncio.Condition()

    def fail(self, status: int, times: int) -> None:
        """Answer the next verified callbacks with this status instead of 204."""
        self._failures = [status] * times

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Remember a callback and return the HTTP status to answer with."""
        verified = self._is_signed(headers, body)
        callback = self._remember(headers.get("webhook-id", ""), _content(body), verified=verified)
        callback.traceparent = headers.get("traceparent")
        callback.answers.append(self._answer(verified=verified))
        self._report(describe(callback))
        async with self._arrived:
            self._arrived.notify_all()
        return callback.answers[-1]

    def judge(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
        """Return what `id_tags` says of the tag that a signed request asks for, None for nothing.

        Raises:
            PermissionError: it is not signed.
        """
        if not self._is_signed(headers, body):
            raise PermissionError("not signed")
        data: dict[str, Any] = _content(body)["data"]
        self.asked.append(data)
        return self.id_tags.get(data["id_tag"])

    def received(
        self, callback_type: str | None = None, *, session_id: str | None = None
    ) -> list[Callback]:
        """Return callbacks in order of first arrival, of one type or session if named."""
        return [
            callback
            for callback in self._callbacks.values()
            if callback_type in {None, callback.type}
            and session_id in {None, callback.data.get("session_id")}
        ]

    async def wait_for(
        self, callback_type: str, *, session_id: str | None = None, timeout_s: float = 10
    ) -> Callback:
        """Return the first accepted callback of this type, once there is one.

        Raises:
            TimeoutError: after so many real seconds, with what came instead.
        """

        def accepted() -> list[Callback]:
            found = self.received(callback_type, session_id=session_id)
            return [callback for callback in found if callback.accepted]

        try:
            async with asyncio.timeout(timeout_s), self._arrived:
                await self._arrived.wait_for(accepted)
        except TimeoutError:
            came = [describe(callback) for callback in self.received(session_id=session_id)]
            raise TimeoutError(f"no {callback_type} in {timeout_s} s, but {came}") from None
        return accepted()[0]

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            self._webhook.verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):  # ValueError: malformed beyond checking
            return False
        return True

    def _remember(self, webhook_id: str, content: dict[str, Any], *, verified: bool) -> Callback:
        data = content.get("data")
        callback = Callback(
            id=webhook_id,
            type=str(content.get("type", "?")),
            timestamp=content.get("timestamp"),
            data=data if isinstance(data, dict) else {},
            verified=verified,
        )
        return self._callbacks.setdefault((webhook_id, verified), callback)

    def _answer(self, *, verified: bool) -> int:
        if not verified:
            return HTTPStatus.BAD_REQUEST
        return self._failures.pop() if self._failures else HTTPStatus.NO_CONTENT


def describe(callback: Callback) -> str:
    """Return one line about the last attempt of a callback."""
    details = " ".join(f"{key}={value}" for key, value in callback.data.items())
    attempt = f" attempt {len(callback.answers)}" if len(callback.answers) > 1 else ""
    signature = "" if callback.verified else " BAD SIGNATURE"
    return f"{callback.type} {details} → {callback.answers[-1]:d}{attempt}{signature}"


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
