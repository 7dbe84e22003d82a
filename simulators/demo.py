"""`make demo`: the bridge with a simulated Stripe, three charge points and a CSMS, on one clock.

By hand the page's address is printed with its QR code, and cars come by themselves. With `--auto`
a driver of each plan is played, one table says what each paid and what the charge point's own
meter says, and any difference is a failure.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import segno
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulators.driver import DRIVES, World, drive, faults
from simulators.processes import ROOT, PartFailed, Parts

PORTS = {"web": 8080, "ocpp": 9000, "stripe": 8460, "csms": 8470, "control": 8480}
READY_S = 40.0
AUTO_SPEED, HAND_SPEED = 60.0, 20.0
CHARGE_POINTS = ("CP1", "CP2", "CP3")
MARKER = ".irve-demo"
ACCOUNT = "demo"
# The settings are the demo's own: a developer's `.env` is not read.
BRIDGE = ("irve_bridge", "--env-file", os.devnull)
console = Console(stderr=True)


class FolderRefused(Exception):
    """The folder holds something else than a demo; nothing in it was touched."""


@dataclass(frozen=True, slots=True)
class Place:
    """Ports, secrets and the folder of one demo."""

    folder: Path
    ports: dict[str, int]
    environment: dict[str, str]
    api_key: str
    callback_secret: str
    password: str

    def url(self, name: str) -> str:
        """Return where one of the parts listens."""
        return f"http://127.0.0.1:{self.ports[name]}"


def main(argv: list[str] | None = None) -> int:
    """Run the demo; the exit status is 0 only if everybody paid what the meter says."""
    parser = argparse.ArgumentParser(prog="python -m simulators.demo", description=__doc__)
    parser.add_argument("--auto", action="store_true", help="play a driver of each plan and leave")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument("--speed", type=float, help="how fast the clock runs")
    parser.add_argument("--data", type=Path, default=ROOT / ".demo", help="folder, emptied first")
    arguments = parser.parse_args(argv)
    try:
        return asyncio.run(_until_ended(arguments))
    except (PartFailed, FolderRefused) as failure:
        console.print(f"[red]{escape(str(failure))}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


async def _until_ended(arguments: argparse.Namespace) -> int:
    """Whatever ends the demo ends all of its parts; asyncio itself cancels at a SIGINT."""
    running = asyncio.create_task(run(arguments))
    for by in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(by, running.cancel)
    return await running


async def run(arguments: argparse.Namespace) -> int:
    """Start everything, then play the drivers or wait for a person."""
    speed = arguments.speed or (AUTO_SPEED if arguments.auto else HAND_SPEED)
    place = make_place(arguments.data, speed)
    async with everything(place, by_hand=not arguments.auto), aiohttp.ClientSession() as http:
        if not arguments.auto:
            _show_address(place, speed)
            await asyncio.Event().wait()
        world = World(
            bridge=place.url("web"),
            stripe=place.url("stripe"),
            charge_points=place.url("control"),
            csms=place.url("csms"),
            api_key=place.api_key,
            http=http,
        )
        rows = await asyncio.gather(*(drive(world, plan, console.print) for plan in DRIVES))
    return report(rows, as_json=arguments.json)


def report(rows: list[dict[str, Any]], *, as_json: bool) -> int:
    """Print the table and what is wrong with it; return the exit status."""
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        table = Table("plan", "Wh", "expected", "charged", "given back", "status", "callbacks")
        for row in rows:
            table.add_row(*_cells(row))
        Console().print(table)
    wrong = [fault for row in rows for fault in faults(row)]
    for fault in wrong:
        console.print(f"[red]{fault}")
    return 1 if wrong else 0


def _cells(row: dict[str, Any]) -> Iterator[str]:
    yield row["plan"]
    yield str(row["energy_wh"])
    yield _money(row["expected_minor"], row)
    yield _money(row["charged_minor"], row)
    yield _money(row["refunded_minor"] + row["released_minor"], row)
    yield row["status"]
    yield str(len(row["callbacks"]))


def _money(amount_minor: int, row: dict[str, Any]) -> str:
    return f"{amount_minor / 100:.2f} {row['currency']}"


def make_place(folder: Path, speed: float) -> Place:
    """Return fresh ports and secrets, and an emptied folder.

    Raises:
        FolderRefused: The folder is not empty, and no demo made it.
    """
    _empty(folder)
    ports = {name: _free(port) for name, port in PORTS.items()}
    callback_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    api_key = secrets.token_urlsafe(32)
    environment = {
        "STRIPE_SECRET_KEY": "sk_test_demo",
        "STRIPE_PUBLIC_KEY": "pk_test_demo",
        "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
        "STRIPE_API_BASE": f"http://127.0.0.1:{ports['stripe']}",
        "BASE_URL": f"http://127.0.0.1:{ports['web']}",
        "HELP_PHONE": "+33 1 23 45 67 89",
        "WEB_PORT": str(ports["web"]),
        "OCPP_PORT": str(ports["ocpp"]),
        "CSMS_NOTIFICATION_URL": f"http://127.0.0.1:{ports['csms']}/callbacks",
        "CSMS_NOTIFICATION_SECRET": callback_secret,
        "CSMS_API_KEY": api_key,
        "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "LOG_FILE": str(folder / "app.log"),
        "CLOCK_EPOCH": str(time.time()),
        "CLOCK_SPEED": str(speed),
    }
    password = secrets.token_urlsafe(12)
    return Place(folder, ports, environment, api_key, callback_secret, password)


def _empty(folder: Path) -> None:
    if (folder / MARKER).exists():
        shutil.rmtree(folder)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderRefused(f"{folder} was not made by a demo: remove it, or name another.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()


def _free(port: int) -> int:
    """Return the usual port, or any free one where it is taken."""
    for candidate in (port, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", candidate))
            return int(probe.getsockname()[1])
    raise OSError("no free port")


@contextlib.asynccontextmanager
async def everything(place: Place, *, by_hand: bool) -> AsyncIterator[None]:
    """Run all parts while the context is open; by hand, cars come and go by themselves."""
    parts = Parts(place.folder, place.environment, _echo if by_hand else _hush)
    ports = {name: str(port) for name, port in place.ports.items()}
    hook = ("--webhook-url", f"{place.url('web')}/webhook")
    secret = ("--webhook-secret", place.environment["STRIPE_WEBHOOK_SECRET"])
    ids = [word for charge_point_id in CHARGE_POINTS for word in ("--id", charge_point_id)]
    ocpp = ("--url", f"ws://127.0.0.1:{ports['ocpp']}/ocpp", "--connectors", "2")
    cars = ("--auto-plug", "30") if by_hand else ()
    async with contextlib.AsyncExitStack() as stack:

        async def start(name: str, module: str, *arguments: str) -> None:
            await stack.enter_async_context(parts.part(name, module, *arguments))

        await start("stripe", "simulators.stripe", "--port", ports["stripe"], *hook, *secret)
        csms = ("--port", ports["csms"], "--secret", place.callback_secret)
        await start("csms", "simulators.csms", *csms)
        await parts.run(*BRIDGE, "stations", "apply", "config/stations.yaml")
        account = ("accounts", "add", ACCOUNT, "--role", "operator")
        await parts.run(*BRIDGE, *account, given=f"{place.password}\n")
        await start("bridge", *BRIDGE, "serve")
        await _ready(f"{place.url('web')}/readyz", parts)
        control = ("--control-port", ports["control"])
        await start("charge points", "simulators.charge_point", *ocpp, *ids, *control, *cars)
        yield


def _echo(name: str, line: str) -> None:
    """Show what charge points and CSMS see; the bridge's log and Stripe's are in their files."""
    if name in ("charge points", "csms"):
        words = f"[dim]{name:>13}[/]  {escape(line)}"
        console.print(words, no_wrap=True, overflow="ellipsis", highlight=False)


def _hush(_name: str, _line: str) -> None:
    """Say nothing: nobody watches."""


async def _ready(url: str, parts: Parts) -> None:
    """Return once the bridge answers."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(url) as response:
                    if response.ok:
                        return
            parts.check()
            await asyncio.sleep(0.1)


def _show_address(place: Place, speed: float) -> None:
    url = f"{place.url('web')}/s/CP1/1"
    segno.make(url).terminal(compact=True)
    console.print(f"\n[bold]{url}[/]   pay with 4242 4242 4242 4242, any date, any code")
    pages = f"{place.url('web')}/operator"
    console.print(f"[bold]{pages}[/]   sign in as {ACCOUNT} with {escape(place.password)}")
    console.print(
        f"The clock runs {speed:g} times as fast. The bridge's log is {place.folder / 'app.log'}; "
        "Ctrl-C ends the demo.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
