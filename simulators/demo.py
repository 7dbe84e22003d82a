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
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import segno
from rich.console import Console
from rich.table import Table

from simulators.driver import DRIVES, World, drive, faults

ROOT = Path(__file__).parent.parent
PORTS = {"web": 8080, "ocpp": 9000, "stripe": 8460, "csms": 8470, "control": 8480}
READY_S = 40.0
AUTO_SPEED, HAND_SPEED = 60.0, 20.0
CHARGE_POINTS = (("CP1", 2, 22.0), ("CP2", 1, 7.4), ("CP3", 1, 150.0))
console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Ports, secrets and the folder of one demo."""

    folder: Path
    ports: dict[str, int]
    environment: dict[str, str]
    api_key: str
    callback_secret: str

    def url(self, name: str) -> str:
        """Return where one of the parts listens."""
        return f"http://127.0.0.1:{self.ports[name]}"


def main(argv: list[str] | None = None) -> int:
    """Run the demo; the exit status is 0 only if everybody paid what the meter says."""
    parser = argparse.ArgumentParser(prog="python -m simulators.demo", description=__doc__)
    parser.add_argument("--auto", action="store_true", help="play a driver of each plan and leave")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument("--speed", type=float, help="how fast the clock runs")
    parser.add_argument("--data", type=Path, default=ROOT / ".demo", help="folder, made anew")
    arguments = parser.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(run(arguments))
    return 130


async def run(arguments: argparse.Namespace) -> int:
    """Start everything, then play the drivers or wait for a person."""
    speed = arguments.speed or (AUTO_SPEED if arguments.auto else HAND_SPEED)
    place = make_place(arguments.data, speed)
    async with everything(place, verbose=not arguments.auto), aiohttp.ClientSession() as http:
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
        table = Table(*(name.removesuffix("_minor") for name in rows[0]))
        for row in rows:
            table.add_row(*(_cell(value) for value in row.values()))
        Console().print(table)
    wrong = [fault for row in rows for fault in faults(row)]
    for fault in wrong:
        console.print(f"[red]{fault}")
    return 1 if wrong else 0


def _cell(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else str(value)


def make_place(folder: Path, speed: float) -> Place:
    """Return fresh ports and secrets, and an emptied folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ports = {name: _free(port) for name, port in PORTS.items()}
    callback_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    api_key = secrets.token_urlsafe(32)
    environment = {
        "STRIPE_SECRET_KEY": "sk_test_demo",
        "STRIPE_PUBLIC_KEY": "pk_test_demo",
        "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
        "STRIPE_API_BASE": f"http://127.0.0.1:{ports['stripe']}",
        "BASE_URL": f"http://127.0.0.1:{ports['web']}",
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
    return Place(folder, ports, environment, api_key, callback_secret)


def _free(port: int) -> int:
    """Return the usual port, or any free one where it is taken."""
    for candidate in (port, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", candidate))
            return int(probe.getsockname()[1])
    raise OSError("no free port")


@contextlib.asynccontextmanager
async def everything(place: Place, *, verbose: bool) -> AsyncIterator[None]:
    """Run all parts as processes of their own while the context is open."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(name: str, *arguments: str) -> None:
            await stack.enter_async_context(part(place, name, *arguments, verbose=verbose))

        stripe = ("--port", str(place.ports["stripe"]))
        hook = ("--webhook-url", f"{place.url('web')}/webhook")
        secret = ("--webhook-secret", place.environment["STRIPE_WEBHOOK_SECRET"])
        await start("stripe", "simulators.stripe", *stripe, *hook, *secret)
        csms = ("--port", str(place.ports["csms"]), "--secret", place.callback_secret)
        await start("csms", "simulators.csms", *csms)
        await _once(place, "irve_bridge", "stations", "apply", "config/stations.yaml")
        await start("bridge", "irve_bridge", "serve")
        await start_charge_points(place, start, verbose=verbose)
        await _ready(f"{place.url('web')}/readyz")
        yield


async def start_charge_points(place: Place, start: Any, *, verbose: bool) -> None:
    """Start the charge points; by hand their cars come and go by themselves."""
    ids = [word for name, _, _ in CHARGE_POINTS for word in ("--id", name)]
    url = f"ws://127.0.0.1:{place.ports['ocpp']}/ocpp"
    control = ("--control-port", str(place.ports["control"]), "--connectors", "2")
    cars = ("--auto-plug", "30") if verbose else ()
    await start("charge points", "simulators.charge_point", "--url", url, *ids, *control, *cars)


@contextlib.asynccontextmanager
async def part(
    place: Place, name: str, module: str, *arguments: str, verbose: bool
) -> AsyncIterator[None]:
    """Run one module as a process; its words go to the terminal or to a file of the folder."""
    with (place.folder / f"{name.replace(' ', '_')}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=ROOT,
            env=os.environ | place.environment,
            stdout=asyncio.subprocess.PIPE if verbose else log,
            stderr=asyncio.subprocess.STDOUT,
        )
        echo = asyncio.create_task(_echo(name, process)) if verbose else None
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            if echo:
                await echo


async def _echo(name: str, process: asyncio.subprocess.Process) -> None:
    stream = process.stdout
    while stream and (line := await stream.readline()):
        console.print(f"[dim]{name:>13}[/]  {line.decode().rstrip()}", markup=True, highlight=False)


async def _once(place: Place, module: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, env=os.environ | place.environment,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await process.wait():
        raise RuntimeError(f"{module} {' '.join(arguments)} failed")


async def _ready(url: str) -> None:
    """Return once the bridge answers; it says why it does not in its log."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(url) as response:
                    if response.ok:
                        return
            await asyncio.sleep(0.1)


def _show_address(place: Place, speed: float) -> None:
    url = f"{place.url('web')}/s/CP1/1"
    segno.make(url).terminal(compact=True)
    console.print(f"\n[bold]{url}[/]   pay with 4242 4242 4242 4242, any date, any code")
    console.print(f"The clock runs {speed:g} times as fast; Ctrl-C ends the demo.\n")


if __name__ == "__main__":
    sys.exit(main())
