"""One trace for each session, from the tap to the settlement, over hours, processes and nodes.

Its trace id is derived from the session's id: whoever has something to tell of a session, on
whichever node, finds the trace without being told. Off, nothing is made and nothing is measured.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_MS = re.compile(r"[0-9]{13}")
_OFF: AbstractContextManager[None] = nullcontext()
TAP_MOST_S = 7200
"""A driver who reads the prices for longer than this began when they ordered."""

# The ids that the next root span is given, and when the driver came, in ns since the epoch.
root_ids: ContextVar[tuple[int, int] | None] = ContextVar("root_ids", default=None)
_tapped_ns: ContextVar[int | None] = ContextVar("tapped_ns", default=None)


@dataclass(frozen=True, slots=True)
class Tracing:
    """Where spans go; `sampled` tells of a trace id whether its spans are kept."""

    tracer: Tracer
    sampled: Callable[[int], bool]


_tracing: Tracing | None = None


def switch(tracing: Tracing | None) -> None:
    """Send spans there from now on; None sends none."""
    global _tracing  # noqa: PLW0603 - as logs are, so that no room is handed it
    _tracing = tracing


def span(
    name: str,
    session_id: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    traceparent: str | None = None,
    **attributes: str | int,
) -> AbstractContextManager[Any]:
    """Return a span to be entered, in its session's trace; what is done within lies below it.

    Without a session it lies below `traceparent`, else below what surrounds it. An exception that
    leaves it is told by its name alone: what it says may hold secrets.
    """
    if _tracing is None:
        return _OFF
    return _span(_tracing, name, _parent(_tracing, session_id, traceparent), kind, attributes)


@contextmanager
def _span(
    tracing: Tracing,
    name: str,
    parent: Context | None,
    kind: SpanKind,
    attributes: Mapping[str, str | int],
) -> Iterator[trace.Span]:
    with tracing.tracer.start_as_current_span(
        name, parent, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made
        except BaseException as error:
            made.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def record(
    name: str,
    session_id: str,
    began_ns: int,
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: str | int,
) -> None:
    """Write down, in a session's trace, what began at a moment and has just ended."""
    if _tracing is not None:
        parent = _parent(_tracing, session_id, None)
        _tracing.tracer.start_span(name, parent, kind, attributes, start_time=began_ns).end()


def opened(session_id: str, began_ns: int, **attributes: str | int) -> None:
    """Write down a session's first span, below which all others lie: from the tap to the order."""
    if _tracing is None:
        return
    root_ids.set(_ids(session_id))
    try:
        start_ns = _tapped_ns.get() or began_ns
        attributes |= {"session.id": session_id}
        _tracing.tracer.start_span(
            "session", Context(), SpanKind.INTERNAL, attributes, start_time=start_ns
        ).end()
    finally:
        root_ids.set(None)


@contextmanager
def tapped(shown_at_ms: str | None) -> Iterator[None]:
    """Have a session that is opened within begin when its driver was shown the station's page.

    `shown_at_ms` is what the driver's browser hands back: believed if it can be.
    """
    now_ns = time.time_ns()
    shown_ns = int(shown_at_ms) * 1_000_000 if shown_at_ms and _MS.fullmatch(shown_at_ms) else 0
    believed = now_ns - TAP_MOST_S * 1_000_000_000 <= shown_ns <= now_ns
    token = _tapped_ns.set(shown_ns if believed else None)
    try:
        yield
    finally:
        _tapped_ns.reset(token)


def traceparent() -> str | None:
    """Return the current span as W3C Trace Context writes it; None where there is none."""
    if _tracing is None:
        return None
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the trace in a line of log: its session's, else the one it is written in."""
    if _tracing is not None:
        if isinstance(session_id := event.get("session_id"), str):
            event["trace_id"] = f"{_ids(session_id)[0]:032x}"
        elif (here := trace.get_current_span().get_span_context()).is_valid:
            event["trace_id"] = f"{here.trace_id:032x}"
    return event


def _ids(session_id: str) -> tuple[int, int]:
    """Return the ids of a session's trace and of its first span."""
    digest = sha256(f"irve_bridge session {session_id}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def _parent(tracing: Tracing, session_id: str | None, traceparent: str | None) -> Context | None:
    if session_id is None:
        told = _TRACEPARENT.fullmatch(traceparent or "")
        if told is None:
            return None
        return _below(int(told[1], 16), int(told[2], 16), sampled=bool(int(told[3], 16) & 1))
    trace_id, root_id = _ids(session_id)
    if trace.get_current_span().get_span_context().trace_id == trace_id:
        return None
    return _below(trace_id, root_id, sampled=tracing.sampled(trace_id))


def _below(trace_id: int, span_id: int, *, sampled: bool) -> Context:
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(parent))
