"""Logs: readable on a terminal, JSON in a rotating file, and no secret in either."""

import logging
import logging.handlers
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEY = re.compile(
    r"token|secret|password|authorization|signature|card|cookie|api_key", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"\b(?:sk|rk|pk)_(?:live|test)_\w+"  # Stripe keys
    r"|\bwhsec_[\w+/=]+"  # webhook secrets
    r"|\b(?:\d[ -]?){13,19}\b"  # card numbers
    r"|(?<=/c/)[\w-]{16,}"  # drivers' links
    r"|(?<=[Bb]earer )\S+"
    r"|\b\w+_secret_\w+"  # client secrets
)
MASK = "[hidden]"
ROTATE_BYTES = 10_000_000
ROTATE_KEEP = 5


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what must never be in a log, wherever it stands."""
    for key, value in event.items():
        if isinstance(value, str):
            hidden = bool(_SECRET_KEY.search(key))
            event[key] = MASK if hidden else _SECRET_TEXT.sub(MASK, value)
    return event


def configure(level: str = "INFO", file: str | None = None) -> None:
    """Send every log of the program, the libraries' included, to the terminal and the file."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
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
