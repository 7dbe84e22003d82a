"""What requests to Stripe take and how they fail, by names of which there are few."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind

from irve_bridge.telemetry import tracing
from irve_bridge.telemetry.metrics import STRIPE_ERRORS, STRIPE_SECONDS

_NAMES = frozenset(
    {
        *("charges", "checkout", "customers", "disputes", "events", "payment_intents"),
        *("payment_methods", "refunds", "sessions", "setup_intents"),
        *("cancel", "capture", "confirm", "detach", "expire", "increment_authorization"),
    }
)
_KINDS = {
    401: "authentication",
    402: "card",
    403: "authentication",
    409: "conflict",
    429: "rate_limit",
}
_FAILED, _SERVER_ERROR = 400, 500


@contextmanager
def request(method: str, url: str) -> Iterator[Callable[[int], None]]:
    """Measure a request; tell what is given the status that it was answered."""
    resource, began_s = resource_of(url), time.perf_counter()
    with tracing.span(
        f"stripe {method.upper()} {resource}", kind=SpanKind.CLIENT, url=urlsplit(url).path
    ) as span:
        kind: str | None = "connection"

        def answered(status: int) -> None:
            nonlocal kind
            kind = error_kind(status)
            if span is not None:
                span.set_attribute("http.response.status_code", status)

        try:
            yield answered
        finally:
            STRIPE_SECONDS.labels(method.upper(), resource).observe(time.perf_counter() - began_s)
            if kind is not None:
                STRIPE_ERRORS.labels(kind).inc()


def resource_of(url: str) -> str:
    """Return what a path is about without the ids in it; `other` for what is not known here."""
    parts = urlsplit(url).path.removeprefix("/v1/").split("/")
    named = [part for part in parts if part in _NAMES]
    return "/".join(named) or "other"


def error_kind(status: int) -> str | None:
    """Return what kind of error a status is, None for none (https://docs.stripe.com/api/errors)."""
    if status < _FAILED:
        return None
    return _KINDS.get(status) or ("api" if status >= _SERVER_ERROR else "invalid_request")
