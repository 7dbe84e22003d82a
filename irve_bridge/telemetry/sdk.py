"""OpenTelemetry's SDK, of the extra `otel`: imported only where traces are asked for."""

from collections.abc import Callable
from importlib.metadata import version
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision

from irve_bridge.telemetry import tracing

FLUSH_MS = 3000
"""A collector that does not answer must not hold up the end of the process for longer."""


class SessionIds(RandomIdGenerator):
    """Gives a session's first span the ids that everybody derives from the session."""

    def generate_trace_id(self) -> int:
        """Return the trace id of the session that is being opened, else a random one."""
        ids = tracing.root_ids.get()
        return super().generate_trace_id() if ids is None else ids[0]

    def generate_span_id(self) -> int:
        """Return the span id of that session's first span, else a random one."""
        ids = tracing.root_ids.get()
        return super().generate_span_id() if ids is None else ids[1]


def begin(exporter: str, service_name: str) -> Callable[[], None]:
    """Send spans to `otlp` or the `console`; return what ends that, sending what is left."""
    about = {
        "service.name": service_name,
        "service.version": version("irve-bridge"),
        "service.instance.id": str(uuid4()),  # one node's spans are told from another's
    }
    provider = TracerProvider(
        resource=Resource.create(about), id_generator=SessionIds(), shutdown_on_exit=False
    )
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter() if exporter == "otlp" else ConsoleSpanExporter())
    )

    def sampled(trace_id: int) -> bool:
        decision = provider.sampler.should_sample(None, trace_id, "session").decision
        return decision is Decision.RECORD_AND_SAMPLE

    def end() -> None:
        tracing.switch(None)
        provider.force_flush(FLUSH_MS)
        provider.shutdown()

    tracing.switch(tracing.Tracing(provider.get_tracer("irve_bridge"), sampled))
    return end
