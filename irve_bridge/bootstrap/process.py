"""The process: its limits, its signals, and the bridge that runs between them."""

import asyncio
import contextlib
import gc
import os
import resource
import signal

import structlog

from irve_bridge.bootstrap.running import running
from irve_bridge.deadline import end_within
from irve_bridge.settings import Settings
from irve_bridge.telemetry.otel import exporting

log = structlog.get_logger()

GARBAGE_FIRST = 20_000


def raise_file_limit() -> None:
    """Allow as many sockets as the system lets this process have: usual limits end at 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems refuse what they call the limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(settings: Settings) -> None:
    """Run the bridge until the process is asked to stop, be it that it still waits for NATS."""
    raise_file_limit()
    stopped, started, task = asyncio.Event(), asyncio.Event(), asyncio.current_task()

    def stop() -> None:
        stopped.set()
        if task is not None and not started.is_set():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        async with exporting(os.environ), running(settings) as bridge:
            started.set()
            log.info(
                "started",
                pages=settings.public_url,
                ocpp_port=bridge.ocpp_port,
                ocpp_tls_port=bridge.ocpp_tls_port,
            )
            _spare_the_collector()
            await stopped.wait()
            log.info("stopping")
            end_within(settings.shutdown_s)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        log.info("stopped before it had started")


def _spare_the_collector() -> None:
    """What is there at the start stays; and what messages leave behind is seldom a cycle."""
    gc.freeze()
    gc.set_threshold(GARBAGE_FIRST, *gc.get_threshold()[1:])
