"""Spans on their way to a collector, as OpenTelemetry's standard environment asks for.

Off unless OTEL_TRACES_EXPORTER or an OTLP endpoint is named. OTEL_TRACES_SAMPLER,
OTEL_RESOURCE_ATTRIBUTES and the OTEL_BSP_… and OTEL_EXPORTER_OTLP_… variables are the SDK's own
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
OTLP_HTTP = "http/protobuf"
SERVICE_NAME = "irve-bridge"


class TracingRefused(ValueError):
    """Traces are asked for in a way that cannot be had; the sentence says what to do."""


def exporter_of(environment: Mapping[str, str]) -> str | None:
    """Return which exporter the environment asks for: otlp or console; None for none.

    Raises:
        TracingRefused: Another exporter, or another protocol.
    """
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    named = any(environment.get(name) for name in ENDPOINTS)
    exporter = environment.get("OTEL_TRACES_EXPORTER") or ("otlp" if named else "none")
    if exporter == "none":
        return None
    if exporter not in ("otlp", "console"):
        raise TracingRefused(f"OTEL_TRACES_EXPORTER: {exporter} is none of otlp, console, none.")
    protocol = next((environment[name] for name in PROTOCOLS if environment.get(name)), OTLP_HTTP)
    if exporter == "otlp" and protocol != OTLP_HTTP:
        raise TracingRefused(
            f"OTEL_EXPORTER_OTLP_PROTOCOL: {protocol} is not spoken here; set {OTLP_HTTP} and the "
            "collector's HTTP endpoint (port 4318)."
        )
    return exporter


@asynccontextmanager
async def exporting(environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Send spans where the environment asks for while the context is open; usually nowhere.

    Raises:
        TracingRefused: It asks for what cannot be had.
    """
    exporter = exporter_of(environment)
    if exporter is None:
        yield
        return
    try:
        from irve_bridge.telemetry import sdk  # noqa: PLC0415 - it imports what the extra installs
    except ImportError as missing:
        raise TracingRefused(
            "OTEL_TRACES_EXPORTER: traces need what the extra installs: "
            "pip install 'irve-bridge[otel]'."
        ) from missing
    service_name = environment.get("OTEL_SERVICE_NAME") or SERVICE_NAME
    ended = sdk.begin(exporter, service_name)
    try:
        yield
    finally:
        await asyncio.to_thread(ended)
