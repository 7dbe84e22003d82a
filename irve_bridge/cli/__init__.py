"""The command line. It asks the database or stores facts; the running bridge performs them."""

import argparse
import asyncio
import sys
from importlib.metadata import version

import uvloop

from irve_bridge.cli import (
    accounts,
    backups,
    charge_points,
    comparing,
    id_tags,
    labels,
    money,
    places,
    serving,
    sessions,
    tariffs,
)
from irve_bridge.cli.common import group
from irve_bridge.domain.errors import BridgeError

__all__ = ["main", "parser"]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 misused."""
    arguments = parser().parse_args(argv)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status: int = runner.run(arguments.command(arguments))
            return status
    except (BridgeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks on its terminal
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return what reads every command's words."""
    parser = argparse.ArgumentParser(prog="irve-bridge", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('irve-bridge')}")
    parser.add_argument("--env-file", default=".env", help="settings (default: .env)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving.add_to(commands)
    backups.add_to(commands)
    accounts.add_to(commands)
    places.add_to(commands)
    labels.add_to(commands)
    charge_points.add_to(commands)
    id_tags.add_to(commands)
    tariffs.add_to(commands)
    comparing.add_to(commands)
    session = group(commands, "sessions", "charging sessions")
    sessions.add_to(session)
    money.add_to(session)
    return parser
