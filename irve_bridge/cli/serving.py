"""Run the bridge, and say what it still lacks."""

import argparse
import asyncio
import os
import sys

from dotenv import dotenv_values

from irve_bridge import telemetry
from irve_bridge.cli.common import Actions, add, console, open_database, refusals, settings_of
from irve_bridge.cli.progress import busy
from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile
from irve_bridge.settings import Settings, SettingsRefused
from irve_bridge.storage.migrate import migrate


def add_to(commands: Actions) -> None:
    """Add these commands."""
    add(commands, "serve", serve_bridge, "run the bridge")
    add(commands, "migrate", bring_up_to_date, "bring the database to this release's schema")
    add(commands, "check", check, "check settings and database, and say what is missing")


async def serve_bridge(arguments: argparse.Namespace) -> int:
    """Run until a signal ends it."""
    settings = settings_of(arguments)
    _open_log(settings)
    _take_otel(arguments.env_file)
    from irve_bridge.bootstrap import serve  # noqa: PLC0415 - it imports every room

    await serve(settings)
    return 0


def _take_otel(env_file: str) -> None:
    """OpenTelemetry reads the environment alone: what `.env` says of it belongs there, too."""
    for name, value in dotenv_values(env_file).items():
        if name.startswith("OTEL_") and value:
            os.environ.setdefault(name, value)


async def bring_up_to_date(arguments: argparse.Namespace) -> int:
    """Migrate, as every start does, and say from where to where."""
    telemetry.configure("WARNING")
    url = settings_of(arguments).database_url.get_secret_value()
    with busy("Bringing the database up to date"):
        before, after = await asyncio.to_thread(migrate, url)
    if before == after:
        console.print(f"The database has schema {after} already.")
    else:
        console.print(f"The database is brought from {before or 'nothing'} to schema {after}.")
    return 0


def _open_log(settings: Settings) -> None:
    try:
        if settings.log_file:
            telemetry.configure(settings.log_level, settings.log_file)
            console.print(f"The log is in {settings.log_file}; here are warnings only.")
        else:
            telemetry.configure(settings.log_level, terminal=sys.stdout)
    except OSError as error:
        sentence = f"LOG_FILE: {settings.log_file} cannot be written: {error.strerror}."
        raise SettingsRefused([sentence]) from error


async def check(arguments: argparse.Namespace) -> int:
    """Say whether everything is there."""
    settings = settings_of(arguments)
    async with open_database(arguments) as storage:
        points = await storage.read(lambda tx: tx.stations.charge_points())
        refused = await storage.read(refusals)
    console.print(f"Settings are complete ({'LIVE' if settings.live else 'test'} mode).")
    console.print(f"Webhook endpoint to register with Stripe: {settings.public_url}/webhook")
    if accounts := sorted({point.account for point in points if point.account}):
        console.print(
            "A second one, for events of connected accounts, at the same address: stations are of "
            f"{', '.join(accounts)}. STRIPE_WEBHOOK_SECRET takes both secrets, comma-separated."
        )
    console.print(f"Callbacks: {settings.csms_notification_url or 'none, no URL is set'}")
    if not points:
        console.print("No charge point is registered: irve-bridge stations apply FILE")
        return 1
    console.print(f"{len(points)} charge points are registered.")
    changing = settings.qr_secrets and settings.qr_rotates_s
    if not changing and (shown := [point.id for point in points if point.display]):
        console.print(
            f"No code is sent to the displays of {', '.join(shown)}: QR_SECRET is not set, or "
            "QR_ROTATES_S is 0."
        )
    for sentence in refused:
        console.print(sentence)
    outside = [*_unreachable(settings), *_outside(settings, points)]
    for sentence in outside:
        console.print(sentence)
    unnamed = [point.id for point in points if not point.operator_identified]
    if unnamed:
        console.print(
            f"Receipts do not name who operates {', '.join(unnamed)} by SIREN or VAT number: "
            "irve-bridge stations apply FILE"
        )
    return 1 if unnamed or outside else 0


def _unreachable(settings: Settings) -> list[str]:
    """Return what keeps drivers out: labels and links name the pages' address."""
    host = settings.base_url.host or ""
    if settings.live and (host == "localhost" or host.startswith("127.") or host == "[::1]"):
        return [f"No driver reaches BASE_URL {settings.public_url}: it is this machine's own."]
    return []


def _outside(settings: Settings, points: list[ChargePoint]) -> list[str]:
    """Return what keeps charge points out.

    Raises:
        TlsRefused: A certificate or key cannot be used.
    """
    from irve_bridge.bootstrap import tls_settings  # noqa: PLC0415 - it imports every room
    from irve_bridge.charge_points.tls import Tls  # noqa: PLC0415 - likewise

    tls = tls_settings(settings)
    if tls is not None:
        Tls(tls)
    if settings.ocpp_trusted_proxies:  # which end TLS, and ask for certificates
        return []
    missing = {
        SecurityProfile.TLS: "" if tls else "OCPP_TLS_CERTIFICATES",
        SecurityProfile.CERTIFICATE: "" if tls and tls.client_ca else "OCPP_CLIENT_CA",
    }
    return [
        f"{point.id} cannot connect with security profile {point.security_profile:d}: {name} is "
        "not set."
        for point in points
        if (name := missing.get(point.security_profile))
    ]
