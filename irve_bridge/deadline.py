"""The end of the process, whatever hangs."""

import logging
import os
import threading

import structlog

log = structlog.get_logger()


def end_within(seconds: float) -> None:
    """End this process by then, with status 0, unless it has ended by itself.

    A database, a thread or a loop that hangs would keep it until somebody kills it. Nothing is lost
    by ending: what was acknowledged is stored, and the rest is taken up as after a crash.
    """
    ending = threading.Timer(seconds, _end, (seconds,))
    ending.daemon = True
    ending.start()


def _end(seconds: float) -> None:
    log.warning("stopped_at_deadline", after_s=seconds)
    logging.shutdown()
    os._exit(0)
