"""Logs: readable on a terminal, JSON in a rotating file, and no secret in either."""

import logging
import logging.handlers
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from irve_bridge.telemetry.tracing import add_trace_id

_HIDDEN_NAMES = "token|secret|password|authorization|signature|card|cookie|api_key|id_?tag"
_SECRET_KEY = re.compile(_HIDDEN_NAMES, re.IGNORECASE)
_SECRET_PAIR = re.compile(  # as JSON or Python write it: "idTag":"…", password='…', token=b'…'
    rf"""((?:{_HIDDEN_NAMES})\w*\\*["']?\s*[:=]\s*b?\\*(["']))(?:(?!\2).)*""", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"\b(?:sk|rk|pk)_(?:live|test)_\w+"  # Stripe keys
    r"|\bwhsec_[\w+/=]+"  # webhook secrets
    r"|\b(?:\d[ -]?){13,19}\b"  # card numbers
    r"|(?<=/c/)[\w-]{16,}"  # drivers' links
    r"|(?<=[Bb]earer )\S+|(?<=\b[Bb]asic )[\w+/=]{8,}"
    r"|\b\w+_secret_\w+"  # client secrets
)
# {"key": "AuthorizationKey", "value": "…"}, whole or cut off: its value has no telling name.
_SECRET_OBJECT = re.compile(r"[{(][^{}()]*AuthorizationKey[^{}()]*[)}]?", re.IGNORECASE)
MASK = "[hidden]"
ROTATE_BYTES = 10_000_000
ROTATE_KEEP = 5


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what must never be in a log, wherever it stands."""
    return _masked_pairs(event)


def _masked_pairs(pairs: Mapping[Any, Any]) -> dict[str, Any]:
    if str(pairs.get("key")).casefold() == "authorizationkey":
        pairs = {**pairs, "value": MASK}
    return {
        _masked_text(str(key)): MASK
        if _SECRET_KEY.search(str(key)) and not isinstance(value, bool | None)
        else _masked(value)
        for key, value in pairs.items()
    }


def _masked(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return _masked_text(value)
        case bytes() | bytearray():
            return _masked_text(value.decode("utf-8", "replace"))
        case Mapping():
            return _masked_pairs(value)
        case list() | tuple() | set() | frozenset():
            return [_masked(item) for item in value]
        case _:
            return _masked_text(repr(value))


def _masked_text(text: str) -> str:
    text = _SECRET_OBJECT.sub(MASK, text)
    return _SECRET_TEXT.sub(MASK, _SECRET_PAIR.sub(rf"\1{MASK}", text))


def configure(level: str = "INFO", file: str | None = None) -> None:
    """Send every log of the program, the libraries' included, to the terminal and the file."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_trace_id,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handlers = [_handler(logging.StreamHandler(sys.stderr), shared, _console())]
    if file:
        rotating = logging.handlers.RotatingFileHandler(
            file, maxBytes=ROTATE_BYTES, backupCount=ROTATE_KEEP, encoding="utf-8"
        )
        handlers.append(_handler(rotating, shared, structlog.processors.JSONRenderer()))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for noisy in ("websockets", "httpx", "httpcore", "stripe", "alembic", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _console() -> structlog.types.Processor:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _handler(
    handler: logging.Handler,
    shared: list[structlog.types.Processor],
    renderer: structlog.types.Processor,
) -> logging.Handler:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )
    handler.setFormatter(formatter)
    return handler
