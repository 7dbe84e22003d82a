"""``python -m simulators.charge_point``: run charge points until interrupted."""

import argparse
import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import Sequence

from aiohttp import web

from .charge_point import ChargePoint
from .control import create_app

LOOPBACK = "127.0.0.1"


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar; seconds are seconds of the virtual clock."""
    cli = argparse.ArgumentParser(prog="python -m simulators.charge_point", description=__doc__)
    cli.add_argument("--url", default="ws://127.0.0.1:9000/ocpp", help="the central system")
    cli.add_argument("--id", dest="ids", action="append", required=True, help="repeatable")
    cli.add_argument("--connectors", type=int, default=1)
    cli.add_argument("--password", help="for HTTP Basic authentication")
    cli.add_argument("--ca", metavar="FILE", help="who signs the certificate behind a wss:// URL")
    cli.add_argument("--certificate", metavar="FILE", help="the charge point's own, for profile 3")
    cli.add_argument("--key", metavar="FILE", help="the key of --certificate")
    cli.add_argument("--power-kw", type=float, default=22)
    cli.add_argument("--sample-interval", type=int, default=10, metavar="SECONDS")
    cli.add_argument("--connection-timeout", type=int, default=60, metavar="SECONDS")
    cli.add_argument("--control-port", type=int, help="loopback HTTP control; 0 is any free port")
    cli.add_argument(
        "--auto-plug",
        type=float,
        metavar="SECONDS",
        help="a car comes so long after an accepted start, and leaves so long after its end",
    )
    cli.add_argument("--seed", type=int, help="makes cars and registers repeatable")
    cli.add_argument("--sign", action="store_true", help="the meter signs begin and end (OCMF)")
    cli.add_argument("--sign-badly", action="store_true", help="its signatures do not fit")
    cli.add_argument("--quiet", action="store_true", help="print the control address only")
    return cli


def charge_points(arguments: argparse.Namespace) -> list[ChargePoint]:
    """Return the charge points the command line asks for."""
    signs, tls = arguments.sign or arguments.sign_badly, _tls(arguments)
    made = [
        ChargePoint(
            arguments.url,
            charge_point_id,
            connectors=arguments.connectors,
            password=arguments.password,
            tls=tls,
            power_w=round(arguments.power_kw * 1000),
            configuration={
                "MeterValueSampleInterval": arguments.sample_interval,
                "ConnectionTimeOut": arguments.connection_timeout,
            },
            auto_plug_s=arguments.auto_plug,
            seed=arguments.seed,
            signs=signs,
            report=_silent if arguments.quiet else _say,
        )
        for charge_point_id in arguments.ids
    ]
    for charge_point in made:
        charge_point.misbehaviour.sign_badly = arguments.sign_badly
        if charge_point.meter:
            _say(f"{charge_point.id} meter_public_key {charge_point.meter.public_key}")
    return made


def _tls(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    if not arguments.url.startswith("wss:"):
        return None
    context = ssl.create_default_context(cafile=arguments.ca)
    if arguments.certificate:
        context.load_cert_chain(arguments.certificate, arguments.key)
    return context


async def run(arguments: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        running = [await stack.enter_async_context(cp) for cp in charge_points(arguments)]
        if arguments.control_port is not None:
            runner = web.AppRunner(create_app(running), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, LOOPBACK, arguments.control_port)
            await site.start()
            _say(f"control on http://{LOOPBACK}:{runner.addresses[0][1]}")
        await stopped.wait()


def _say(line: str) -> None:
    print(line, flush=True)


def _silent(_line: str) -> None:
    return


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    logging.getLogger("simulators").setLevel(logging.CRITICAL)
    asyncio.run(run(parser().parse_args(argv)))


if __name__ == "__main__":
    main()
