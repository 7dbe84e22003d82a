"""Idempotency keys: https://docs.stripe.com/api/idempotent_requests."""

from dataclasses import dataclass, field

from aiohttp import web

from simulators.stripe.store import Clock
from simulators.stripe.wire import StripeError

KEPT_S = 24 * 3600
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it is kept: what is replayed is exactly what was answered."""

    status: int
    body: bytes
    request_id: str

    def response(self, **headers: str) -> web.Response:
        """Return a new response with this content."""
        return web.Response(
            status=self.status,
            body=self.body,
            content_type="application/json",
            headers={"Request-Id": self.request_id} | headers,
        )


@dataclass(slots=True)
class _Record:
    request: tuple[str, ...]
    started_at: float
    answer: Answer | None = None


@dataclass(eq=False)
class IdempotencyKeys:
    """The answers of the last 24 hours by account and key."""

    clock: Clock
    _records: dict[tuple[str, str], _Record] = field(default_factory=dict)

    def begin(self, account_id: str, key: str, request: tuple[str, ...]) -> Answer | None:
        """Return the answer kept under a key, or None after reserving it for this request.

        Raises:
            StripeError: 400 for other parameters, 409 while the first request is under way.
        """
        if len(key) > LONGEST_KEY:
            raise StripeError(400, "Idempotency-Key can be at most 255 characters long.")
        record = self._fresh(account_id, key)
        if record is None:
            record = _Record(request, self.clock.timestamp())
            self._records[account_id, key] = record
            return None
        if record.request != request:
            raise StripeError(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                type="idempotency_error",
            )
        if record.answer is None:
            raise StripeError(
                409,
                "There is currently another in-progress request using this Idempotent Key "
                f"({key}). Please try again later.",
                type="idempotency_error",
                code="idempotency_key_in_use",
            )
        return record.answer

    def _fresh(self, account_id: str, key: str) -> _Record | None:
        record = self._records.get((account_id, key))
        if record and self.clock.timestamp() - record.started_at >= KEPT_S:
            return None
        return record

    def keep(self, account_id: str, key: str, answer: Answer) -> None:
        """Keep the answer of a request that began."""
        self._records[account_id, key].answer = answer

    def forget(self, account_id: str, key: str) -> None:
        """Free the key of a request that never began."""
        self._records.pop((account_id, key), None)
