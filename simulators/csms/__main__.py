"""``python -m simulators.csms``: receive callbacks until interrupted."""

import argparse
import asyncio
import signal
from collections.abc import Sequence

from .app import serve


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    cli = argparse.ArgumentParser(prog="python -m simulators.csms", description=__doc__)
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=8470, help="0 is any free port")
    cli.add_argument("--secret", required=True, help="whsec_… shared with the sender")
    cli.add_argument("--quiet", action="store_true", help="print the address only")
    return cli


async def run(arguments: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    report = _silent if arguments.quiet else _say
    async with serve(arguments.secret, arguments.host, arguments.port, report) as inbox:
        _say(f"callbacks to {inbox.url}")
        await stopped.wait()


def _say(line: str) -> None:
    print(line, flush=True)


def _silent(_line: str) -> None:
    return


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    asyncio.run(run(parser().parse_args(argv)))


if __name__ == "__main__":
    main()
