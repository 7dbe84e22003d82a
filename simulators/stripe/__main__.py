"""``python -m simulators.stripe``: a simulated Stripe on this machine only."""

import argparse
import asyncio
import contextlib
import ipaddress
import signal
from collections.abc import Sequence

from aiohttp import web

from simulators.clock import ManualClock
from simulators.stripe.app import create_app


def _loopback(host: str) -> str:
    if not ipaddress.ip_address(host).is_loopback:
        raise argparse.ArgumentTypeError("only loopback addresses: this is no payment service")
    return host


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a command line; an invalid one ends the process."""
    parser = argparse.ArgumentParser(prog="python -m simulators.stripe", description=__doc__)
    parser.add_argument("--host", type=_loopback, default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8460, help="0 for any free port")
    parser.add_argument("--webhook-url", help="where the bridge takes webhooks")
    parser.add_argument("--webhook-secret", default="whsec_simulated")
    parser.add_argument("--public-url", help="where browsers reach the hosted pages")
    parser.add_argument(
        "--manual-clock",
        action="store_true",
        help='let time pass only by POST /_sim/clock {"advance_s": …}',
    )
    return parser.parse_args(argv)


async def serve(options: argparse.Namespace) -> None:
    """Serve until the process is told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app = create_app(
        clock=ManualClock() if options.manual_clock else None,
        webhook_url=options.webhook_url,
        webhook_secret=options.webhook_secret,
        public_url=options.public_url,
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, options.host, options.port).start()
        print(f"SIMULATED Stripe on http://{options.host}:{runner.addresses[0][1]}", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
