"""Copies of the database."""

import argparse
import asyncio
from pathlib import Path

from irve_bridge.cli.common import Actions, add, console, open_database, settings_of
from irve_bridge.cli.progress import busy
from irve_bridge.clock import SharedClock
from irve_bridge.service.restored import forget_statuses
from irve_bridge.storage.backup import back_up, put_back


def add_to(commands: Actions) -> None:
    """Add these commands."""
    parser = add(commands, "backup", backup, "copy the SQLite database, while the bridge runs")
    parser.add_argument("file", type=Path, help="a file that is not there yet")
    parser = add(commands, "restore", restore, "put such a copy back, while no bridge runs")
    parser.add_argument(
        "file", type=Path, nargs="?", help="the copy; leave it out after pg_restore has put it back"
    )


async def backup(arguments: argparse.Namespace) -> int:
    """Make a copy."""
    url = settings_of(arguments).database_url.get_secret_value()
    arguments.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds personal data
    with busy("Copying the database"):
        size = await asyncio.to_thread(back_up, url, arguments.file)
    console.print(f"{arguments.file} is a whole copy ({size:,} bytes).")
    return 0


async def restore(arguments: argparse.Namespace) -> int:
    """Put a copy back, and have charge points asked anew for what it cannot know."""
    settings = settings_of(arguments)
    if arguments.file is not None:
        url = settings.database_url.get_secret_value()
        with busy("Putting the copy back"):
            await asyncio.to_thread(put_back, url, arguments.file)
    now = SharedClock(settings.clock_epoch, settings.clock_speed).now()
    async with open_database(arguments) as storage:
        connectors = await storage.transact(lambda tx: forget_statuses(tx, now))
    console.print(f"The database is put back; {connectors} connectors will be asked how they are.")
    console.print("Start the bridge, then compare: irve-bridge reconcile --days 40")
    return 0
