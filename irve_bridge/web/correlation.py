"""What lines of log and spans of one request have in common."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from aiohttp import web
from structlog.contextvars import (
    bind_contextvars,
    bound_contextvars,
    get_contextvars,
    unbind_contextvars,
)

REQUEST_ID = web.RequestKey("request_id", str)
_SANE_ID = re.compile(r"[\w.:-]{8,64}", re.ASCII)
_SESSION_ID = re.compile(r"ses_[0-9a-f]{24}")


@contextmanager
def correlated(request: web.Request) -> Iterator[None]:
    """Have what is logged within carry the request's id, and its session's once that is known."""
    request[REQUEST_ID] = request_id = _id_of(request)
    with bound_contextvars(request_id=request_id):
        concern(request.match_info.get("session_id"))
        try:
            yield
        finally:
            unbind_contextvars("session_id")


def concern(session_id: str | None) -> None:
    """Note which session the request is about; what cannot be the id of one is passed over."""
    if session_id and _SESSION_ID.fullmatch(session_id):
        bind_contextvars(session_id=session_id)


def concerned() -> str | None:
    """Return the session that the request is about, as far as is known by now."""
    session_id: str | None = get_contextvars().get("session_id")
    return session_id


def _id_of(request: web.Request) -> str:
    """Return the id that a proxy gave the request, if it is one, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if _SANE_ID.fullmatch(given) else uuid4().hex
