"""The composition root: Settings → a running bridge. The only importer of every room."""

import asyncio
import contextlib
import gc
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry
from sqlalchemy import make_url

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.bus.nats import open_nats_bus
from irve_bridge.charge_points.server import ChargePointServer
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.tls import TlsSettings
from irve_bridge.charge_points.v16.schema import objection
from irve_bridge.clock import SharedClock
from irve_bridge.csms import CallbackHand, CsmsAuthorizer
from irve_bridge.deadline import end_within
from irve_bridge.displays import CodeDisplays, CostDisplays, Outbox
from irve_bridge.domain.intents import Lane
from irve_bridge.mail import MailHand, Smtp
from irve_bridge.payments import StripePayments, StripeSettings
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.codes import Codes, Signatures
from irve_bridge.service.control import Control
from irve_bridge.service.desk import Desk
from irve_bridge.service.dispatch import Dispatcher
from irve_bridge.service.handle import Handler
from irve_bridge.service.inventory import Inventory
from irve_bridge.service.meters import Meters
from irve_bridge.service.nodes import Node, new_node_id
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.ports import Bus, Clock, Hand, Storage
from irve_bridge.service.reconcile import Reconciler
from irve_bridge.service.registrations import Registrations
from irve_bridge.service.sweep import Sweep
from irve_bridge.service.views import Views
from irve_bridge.settings import STRIPE_API, Settings
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from irve_bridge.storage.alone import alone
from irve_bridge.telemetry.lag import watch_loop
from irve_bridge.telemetry.metrics import BUS_UP
from irve_bridge.telemetry.otel import exporting
from irve_bridge.web import WebContext, WebSettings, create_app

log = structlog.get_logger()

RESTART_S = 1.0
REQUESTS_SHARE, SOCKETS_SHARE = 0.25, 0.15
"""Of the time that a stop may take: for requests to be answered, and as long again for them to be
cancelled; then for the sockets of each of two ports to be closed."""
GARBAGE_FIRST = 20_000


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running bridge and where it listens."""

    storage: Storage
    desk: Desk
    views: Views
    clock: Clock
    web_port: int
    ocpp_port: int
    ocpp_tls_port: int | None


def raise_file_limit() -> None:
    """Allow as many sockets as the system lets this process have: usual limits end at 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems refuse what they call the limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(settings: Settings) -> None:
    """Run the bridge until the process is asked to stop, be it that it still waits for NATS."""
    raise_file_limit()
    stopped, started, task = asyncio.Event(), asyncio.Event(), asyncio.current_task()

    def stop() -> None:
        stopped.set()
        if task is not None and not started.is_set():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        async with exporting(os.environ), running(settings) as bridge:
            started.set()
            log.info(
                "started",
                pages=settings.public_url,
                ocpp_port=bridge.ocpp_port,
                ocpp_tls_port=bridge.ocpp_tls_port,
            )
            _spare_the_collector()
            await stopped.wait()
            log.info("stopping")
            end_within(settings.shutdown_s)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        log.info("stopped before it had started")


def _spare_the_collector() -> None:
    """What is there at the start stays; and what messages leave behind is seldom a cycle."""
    gc.freeze()
    gc.set_threshold(GARBAGE_FIRST, *gc.get_threshold()[1:])


@asynccontextmanager
async def running(
    settings: Settings, registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[Bridge]:
    """Compose a bridge and run it while the context is open; metrics go to the registry."""
    async with AsyncExitStack() as stack:
        clock = SharedClock(settings.clock_epoch, settings.clock_speed)
        node_id = new_node_id()
        storage = await stack.enter_async_context(
            open_storage(settings.database_url.get_secret_value(), node_id)
        )
        stack.enter_context(alone(settings.database_url.get_secret_value()))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        payments = _payments(settings, clock)
        stack.push_async_callback(payments.close)
        bus = await stack.enter_async_context(_bus(settings))
        handler = Handler(storage, bus, settings.policy, OcmfVerifier(), node_id)
        sweep = Sweep(storage, handler, clock)
        lead = settings.policy.stop_lead
        meters = Meters(storage, bus, clock, sweep.limit_moved, lead, node_id)
        handler.after_commit(meters.heard)
        outbox = Outbox(bus, settings.command_timeout_s)
        stack.push_async_callback(outbox.close)
        displays = CostDisplays(
            storage, clock, meters, outbox, timedelta(seconds=settings.display_every_s)
        )
        handler.after_commit(displays.heard)
        hands = _hands(settings, payments, bus, clock, http)
        dispatchers = {
            lane: Dispatcher(storage, handler, clock, settings.policy, lane, hand)
            for lane, hand in hands.items()
        }
        desk = Desk(storage, handler, bus, clock, payments, settings.policy)
        views = Views(storage, meters, clock)
        doorkeeper = Doorkeeper(storage, _authorizer(settings, http))
        node = Node(
            *(node_id, storage, bus, meters),
            timedelta(seconds=settings.node_lease_s),
            hears=bool(settings.nats_url),
        )
        rooms = (storage, handler, meters, doorkeeper, bus, clock)
        door = ChargePointServer(*rooms, _door(settings), node.came_over)
        door.open_while(node.is_open)
        node.after_loss(door.let_go)
        await node.join(alone=not settings.shares_database)
        stack.push_async_callback(node.leave)
        app = create_app(
            WebContext(
                desk=desk,
                views=views,
                control=Control(storage, bus, clock, objection, settings.command_timeout_s),
                inventory=Inventory(storage, bus, clock),
                registrations=Registrations(storage, bus, clock),
                payments=payments,
                storage=storage,
                bus=bus,
                clock=clock,
                policy=settings.policy,
                settings=_web(settings),
                codes=codes_of(settings),
                registry=registry,
                node_id=node_id,
            )
        )
        reconciler = Reconciler(storage, handler, clock, payments)
        every, back = settings.reconcile_every, settings.reconcile_back
        workers: dict[str, Callable[[], Awaitable[None]]] = {
            **{f"dispatcher {lane}": each.run for lane, each in dispatchers.items()},
            "node": node.run,
            "meters": node.keep_meters,
            "sweep": lambda: sweep.run(meters),
            "displays": displays.run,
            "reconcile": lambda: reconciler.nightly(every, back, node.eldest),
            "loop lag": watch_loop,
        }
        if settings.nats_url:
            workers["news"] = node.listen
        if (codes := codes_of(settings)).window:
            shown = CodeDisplays(storage, clock, outbox, codes, settings.public_url)
            workers["codes"] = shown.run
        for name, run in workers.items():
            await stack.enter_async_context(_worker(name, run))
        ocpp_port = await stack.enter_async_context(door.listen())
        ocpp_tls_port = None
        if tls := tls_settings(settings):
            ocpp_tls_port = await stack.enter_async_context(door.listen_with_tls(tls))
        web_port = await stack.enter_async_context(_listen(app, settings))
        yield Bridge(storage, desk, views, clock, web_port, ocpp_port, ocpp_tls_port)


@asynccontextmanager
async def _bus(settings: Settings) -> AsyncIterator[Bus]:
    """Give the bus of many nodes where NATS is set, once it is there; else that of one process."""
    if settings.nats_url is None:
        BUS_UP.set(1)
        yield InProcessBus()
        return
    async with open_nats_bus(settings.nats_url.get_secret_value()) as bus:
        yield bus


@asynccontextmanager
async def _closing(payments: StripePayments) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await payments.close()


@asynccontextmanager
async def offline_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Give a desk that stores facts; the running bridge performs what they lead to."""
    clock = SharedClock(settings.clock_epoch, settings.clock_speed)
    payments = _payments(settings, clock)
    async with (
        _closing(payments),
        open_storage(settings.database_url.get_secret_value()) as storage,
    ):
        bus = InProcessBus()
        handler = Handler(storage, bus, settings.policy, OcmfVerifier())
        yield Desk(storage, handler, bus, clock, payments, settings.policy)


@asynccontextmanager
async def offline_reconciler(settings: Settings) -> AsyncIterator[Reconciler]:
    """Give a reconciler that looks and stores facts; the running bridge performs the rest."""
    clock = SharedClock(settings.clock_epoch, settings.clock_speed)
    payments = _payments(settings, clock)
    async with (
        _closing(payments),
        open_storage(settings.database_url.get_secret_value()) as storage,
    ):
        handler = Handler(storage, InProcessBus(), settings.policy, OcmfVerifier())
        yield Reconciler(storage, handler, clock, payments)


@asynccontextmanager
async def _worker(name: str, run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Keep a worker going while the context is open, whatever befalls it."""
    task = asyncio.create_task(_forever(name, run))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _forever(name: str, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await run()
        except Exception:
            log.exception("worker_failed", worker=name)
        await asyncio.sleep(RESTART_S)


def codes_of(settings: Settings) -> Codes:
    """Return what signs and judges the codes on stations; without a secret none changes."""
    window = timedelta(seconds=settings.qr_rotates_s if settings.qr_secrets else 0)
    return Codes(settings.qr_secrets, Signatures(settings.qr_signatures), window)


def _payments(settings: Settings, clock: Clock) -> StripePayments:
    link = f"{settings.public_url}/c/{{token}}"
    return StripePayments(
        StripeSettings(
            secret_key=settings.stripe_secret_key.get_secret_value(),
            webhook_secrets=settings.stripe_webhook_secrets,
            api_base=settings.stripe_api_base,
            return_url_template=f"{link}/return",
            cancel_url_template=f"{link}/cancelled",
            checkout_expires_after=timedelta(seconds=settings.checkout_lasts_s),
        ),
        clock,
    )


def _hands(
    settings: Settings,
    payments: StripePayments,
    bus: Bus,
    clock: Clock,
    http: aiohttp.ClientSession,
) -> dict[Lane, Hand]:
    """Give a hand for each lane that the settings open."""
    hands: dict[Lane, Hand] = {
        Lane.MONEY: payments,
        Lane.REFUNDS: payments,
        Lane.AFTERWARDS: payments,
        Lane.EYES: payments,
        Lane.CHARGER: ChargerHand(bus, clock, settings.policy, settings.command_timeout_s),
    }
    if settings.csms_notification_url:
        hands[Lane.CSMS] = CallbackHand(
            http,
            str(settings.csms_notification_url),
            settings.csms_notification_secrets,
            tuple(timedelta(seconds=s) for s in settings.callback_delays_s),
        )
    if settings.smtp_host and settings.smtp_from:
        hands[Lane.MAIL] = MailHand(_smtp(settings), settings.public_url)
    return hands


def _authorizer(settings: Settings, http: aiohttp.ClientSession) -> CsmsAuthorizer | None:
    if not settings.csms_authorize_url:
        return None
    return CsmsAuthorizer(
        http,
        str(settings.csms_authorize_url),
        settings.csms_notification_secrets,
        settings.csms_authorize_timeout_s,
    )


def _smtp(settings: Settings) -> Smtp:
    password = settings.smtp_password
    return Smtp(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        sender=settings.smtp_from or "",
    )


def _door(settings: Settings) -> DoorSettings:
    return DoorSettings(
        host=settings.ocpp_host,
        port=settings.ocpp_port,
        call_timeout_s=settings.command_timeout_s,
        close_timeout_s=settings.shutdown_s * SOCKETS_SHARE,
        heartbeat_interval_s=settings.heartbeat_interval_s,
        meter_interval_s=settings.meter_interval_s,
        connection_timeout_s=max(1, int(settings.connection_timeout_s)),
        configures=settings.configure_charge_points,
        cpo_name=settings.ocpp_cpo_name,
        list_strangers=settings.list_strangers,
        trusted_proxies=settings.ocpp_trusted_proxies,
    )


def tls_settings(settings: Settings) -> TlsSettings | None:
    """Return what the TLS port needs; None where it stays closed."""
    if not settings.ocpp_tls_certificates:
        return None
    pairs = zip(settings.ocpp_tls_certificates, settings.ocpp_tls_keys, strict=True)
    return TlsSettings(
        port=settings.ocpp_tls_port,
        certificates=tuple(pairs),
        client_ca=settings.ocpp_client_ca,
    )


def _web(settings: Settings) -> WebSettings:
    own_stripe = urlsplit(settings.stripe_api_base)
    checkout = (
        "https://checkout.stripe.com"
        if settings.stripe_api_base == STRIPE_API
        else f"{own_stripe.scheme}://{own_stripe.netloc}"
    )
    return WebSettings(
        base_url=settings.public_url,
        csms_api_keys=settings.csms_api_keys,
        checkout_origins=(checkout,),
        trusted_proxies=settings.trusted_proxies,
        throttle_per_minute=settings.throttle_per_minute,
        folders=_folders(settings),
    )


def _folders(settings: Settings) -> dict[str, Path]:
    """Return where what grows lies, as far as it lies here."""
    database = make_url(settings.database_url.get_secret_value())
    folders = {}
    if database.drivername == "sqlite" and database.database:
        folders["database"] = Path(database.database).absolute().parent
    if settings.log_file:
        folders["log"] = Path(settings.log_file).absolute().parent
    return folders


@asynccontextmanager
async def _listen(app: web.Application, settings: Settings) -> AsyncIterator[int]:
    within_s = settings.shutdown_s * REQUESTS_SHARE
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=within_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.web_host, settings.web_port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
