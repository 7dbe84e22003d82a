"""A session is one trace, from the tap to the settlement, whatever happens to the process."""

import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from irve_bridge.telemetry import tracing
from irve_bridge.telemetry.otel import TracingRefused, exporter_of, exporting
from tests.integration.world import World, link, served, world
from tests.nats_server import any_nats_server
from tests.ports import free_port
from tests.postgres import database, server


@dataclass
class Collector:
    """An OpenTelemetry collector, as far as OTLP over HTTP goes."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    nodes: dict[bytes, str] = field(default_factory=dict)
    """Of each span, which process told of it."""

    def named(self, *names: str) -> list[Span]:
        return [span for span in self.spans if span.name in names]

    async def take(self, request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            told_by = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
                node = told_by["service.instance.id"]
                self.nodes.update({span.span_id: node for span in scope.spans})
        return web.Response(content_type="application/x-protobuf")


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    made, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", made.take)
    async with served(app) as made.url:
        yield made


async def order(w: World) -> tuple[str, str]:
    """Order as a driver does who came by the code; return the checkout and the session's page."""
    page = await w.page(f"{w.url}/s/CP1/1")
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    sent = await w.http.post(
        f"{w.url}/api/create-payment",
        data=form | {"payment_type": "dynamic"},
        allow_redirects=False,
    )
    assert sent.status == 303, await sent.text()
    return sent.headers["Location"], sent.cookies["irve_session"].value


async def test_a_session_is_one_trace_over_a_crash_and_to_the_csms(tmp_path: Path) -> None:
    """Page, facts, intents, Stripe's requests, commands and callbacks hang below one first span."""
    async with collector() as otlp:
        settings = {"otel_exporter_otlp_endpoint": otlp.url, "otel_bsp_schedule_delay": "100"}
        async with world(tmp_path, process=True, **settings) as w, w.charge_point() as cp:
            await cp.wait_until_online()
            url, token = await order(w)
            back = await w.pay({"url": url})
            await w.page(back)
            await cp.plug(1)
            await cp.wait_for_energy(1, 1000)
            await w.kill()
            await cp.wait_until_online()
            await w.stop(f"{w.url}/c/{token}/return")
            await cp.unplug(1)
            (session_id,) = {callback.data["session_id"] for callback in w.inbox.received()}
            assert (await w.final(session_id))["status"] == "settled"
            await w.told(session_id, "cdr_created")
            callbacks = w.inbox.received(session_id=session_id)
            await w.end_process()

    (first,) = otlp.named("session")
    mine = [span for span in otlp.spans if span.trace_id == first.trace_id]
    names = {span.name for span in mine}
    assert not first.parent_span_id
    assert {
        "POST /api/create-payment",
        "GET /c/{token}/return",
        "POST /webhook",
        "fact PaymentSecured",
        "fact ChargingBegan",
        "fact ChargingEnded",
        "fact PaymentSucceeded",
        "intent open_checkout",
        "stripe POST checkout/sessions",
        "stripe POST payment_intents/confirm",
        "intent remote_start",
        "call RemoteStartTransaction",
        "intent callback",
    } <= names
    ids = {span.span_id for span in mine}
    assert {span.name for span in mine if span.parent_span_id not in ids} == {"session"}
    assert _above(mine, "call RemoteStartTransaction") == "intent remote_start"
    assert _above(mine, "stripe POST checkout/sessions") == "intent open_checkout"
    # The driver looked at the prices before there was a session: the trace begins there.
    (ordered,) = otlp.named("POST /api/create-payment")
    assert first.start_time_unix_nano < ordered.start_time_unix_nano
    sent = {span.span_id.hex() for span in otlp.named("intent callback")}
    for callback in callbacks:
        _, trace_id, span_id, _ = (callback.traceparent or "").split("-")
        assert (trace_id, span_id in sent) == (first.trace_id.hex(), True)
    log = (tmp_path / "app.log").read_text("utf-8")
    assert f'"trace_id": "{first.trace_id.hex()}"' in log


def _above(spans: list[Span], name: str) -> str:
    below = next(span for span in spans if span.name == name)
    return next(span.name for span in spans if span.span_id == below.parent_span_id)


async def test_a_session_is_one_trace_over_two_nodes(tmp_path: Path) -> None:
    """The driver is at one node, the charge point at the other: its call lies below the intent."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(server("traces"))
        otlp = await stack.enter_async_context(collector())
        shared = {
            "database_url": stack.enter_context(database(postgres)),
            "nats_url": stack.enter_context(any_nats_server()),
            "otel_exporter_otlp_endpoint": otlp.url,
        }
        w = await stack.enter_async_context(world(tmp_path, process=True, **shared))
        elsewhere = {"WEB_PORT": str(free_port()), "OCPP_PORT": str(free_port()), "LOG_FILE": ""}
        other = replace(w, environment=w.environment | elsewhere, process=None)
        await other.spawn()
        stack.push_async_callback(other.end_process)
        await other.answers()
        async with other.charge_point() as cp:
            await cp.wait_until_online()
            opened = await w.open("fixed", amount=1000)
            await w.pay(opened)
            await cp.plug(1)
            await cp.wait_for_energy(1, 500)
            await cp.unplug(1)
            assert (await w.final(opened["session_id"]))["status"] == "settled"
            await w.told(opened["session_id"], "cdr_created")
        await w.end_process()
    (first,) = otlp.named("session")
    mine = [span for span in otlp.spans if span.trace_id == first.trace_id]
    ids = {span.span_id for span in mine}
    assert {span.name for span in mine if span.parent_span_id not in ids} == {"session"}
    assert _above(mine, "call RemoteStartTransaction") == "intent remote_start"
    (ordered,) = otlp.named("POST /api/create-payment")
    (called,) = otlp.named("call RemoteStartTransaction")
    assert otlp.nodes[ordered.span_id] != otlp.nodes[called.span_id]


async def test_a_collector_that_is_away_changes_nothing(tmp_path: Path) -> None:
    settings = {
        "otel_exporter_otlp_endpoint": "http://127.0.0.1:9",
        "otel_exporter_otlp_timeout": "1",
    }
    async with world(tmp_path, process=True, **settings) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        await w.pay(opened)
        await cp.plug(1)
        await cp.wait_for_energy(1, 500)
        await cp.unplug(1)
        assert (await w.final(opened["session_id"]))["status"] == "settled"
        await w.end_process()


async def test_a_sampled_session_is_whole_and_another_one_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who has a span of it to tell decides alike, on whichever node."""
    async with collector() as otlp:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url)
        async with exporting(os.environ):
            for number in range(60):
                tracing.opened(f"ses_{number}", time.time_ns())
                tracing.record("fact", f"ses_{number}", time.time_ns())
                with tracing.span("intent", f"ses_{number}"), tracing.span("stripe"):
                    pass
    by_trace = Counter(span.trace_id for span in otlp.spans)
    assert set(by_trace.values()) == {4}
    assert 15 < len(by_trace) < 45


async def test_what_fails_is_told_by_its_name_and_not_by_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error's sentence may hold a secret."""
    async with collector() as otlp:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url)
        async with exporting(os.environ):
            with pytest.raises(ValueError, match="sk_live"), tracing.span("intent", "ses_1"):
                raise ValueError("sk_live_4eC39HqLyjWDarjtT1zdp7dc")
    (span,) = otlp.spans
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "ValueError")
    assert b"sk_live" not in span.SerializeToString()


async def test_off_no_callback_names_a_trace(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.page(link(await w.pay(opened)) + "/return")
        await w.told(opened["session_id"], "session_completed")
        assert {callback.traceparent for callback in w.inbox.received()} == {None}


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, None),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
    ],
)
def test_the_standard_environment_says_where_spans_go(
    environment: dict[str, str], exporter: str | None
) -> None:
    assert exporter_of(environment) == exporter


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin is none of"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "port 4318",
        ),
    ],
)
def test_what_cannot_be_had_is_said_in_a_sentence(
    environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(TracingRefused, match=sentence):
        exporter_of(environment)


async def test_what_stands_in_the_env_file_holds_and_stops_a_start_that_cannot_be(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        (tmp_path / "traces.env").write_text("OTEL_TRACES_EXPORTER=zipkin\n")
        words = ("--env-file", str(tmp_path / "traces.env"), "serve")
        status, said = await w.command(*words, errors=True)
    assert status == 1
    assert said.endswith("OTEL_TRACES_EXPORTER: zipkin is none of otlp, console, none.")


async def test_without_the_extra_one_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the SDK is not installed, its import fails."""
    missing: Any = None
    monkeypatch.setitem(__import__("sys").modules, "irve_bridge.telemetry.sdk", missing)
    monkeypatch.delattr("irve_bridge.telemetry.sdk", raising=False)
    with pytest.raises(TracingRefused, match=r"irve-bridge\[otel\]"):
        async with exporting({"OTEL_TRACES_EXPORTER": "otlp"}):
            pass
