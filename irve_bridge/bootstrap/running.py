"""The running bridge, put together from the bottom up and taken down in the opposite order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry

from irve_bridge.bootstrap.from_settings import (
    accounts_of,
    authorizer_of,
    codes_of,
    door_of,
    hands_of,
    tls_settings,
    web_of,
)
from irve_bridge.bootstrap.ground import Ground, laid
from irve_bridge.bootstrap.workers import kept_going
from irve_bridge.charge_points.server import ChargePointServer
from irve_bridge.charge_points.v16.schema import objection
from irve_bridge.displays import CodeDisplays, CostDisplays, Outbox
from irve_bridge.service.control import Control
from irve_bridge.service.desk import Desk
from irve_bridge.service.dispatch import Dispatcher
from irve_bridge.service.inventory import Inventory
from irve_bridge.service.meters import Meters
from irve_bridge.service.nodes import Node
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.ports import Clock, Storage
from irve_bridge.service.reconcile import Reconciler
from irve_bridge.service.registrations import Registrations
from irve_bridge.service.sweep import Sweep
from irve_bridge.service.views import Views
from irve_bridge.settings import Settings
from irve_bridge.telemetry.lag import watch_loop
from irve_bridge.web import WebContext, create_app

REQUESTS_SHARE = 0.25
"""Of the time that a stop may take: for requests to be answered, and as long again for them to be
cancelled."""

Workers = dict[str, Callable[[], Awaitable[None]]]


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


@asynccontextmanager
async def running(
    settings: Settings, registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[Bridge]:
    """Compose a bridge and run it while the context is open; metrics go to the registry."""
    async with AsyncExitStack() as stack:
        ground = await laid(stack, settings)
        sweep = Sweep(ground.storage, ground.handler, ground.clock)
        meters = _meters(ground, sweep)
        outbox = Outbox(ground.bus, settings.command_timeout_s)
        stack.push_async_callback(outbox.close)
        node = _node(ground, meters)
        workers = {
            **_dispatchers(ground),
            **_node_workers(ground, node),
            "sweep": lambda: sweep.run(meters),
            **_displays(ground, meters, outbox),
            "reconcile": _reconciling(ground, node),
            "loop lag": watch_loop,
        }
        door = _door(ground, meters, node)
        await node.join(alone=not settings.shares_database)
        stack.push_async_callback(node.leave)
        desk = _desk(ground)
        views = Views(ground.storage, meters, ground.clock)
        app = create_app(_context(ground, desk, views, registry))
        for name, run in workers.items():
            await stack.enter_async_context(kept_going(name, run))
        ocpp_port = await stack.enter_async_context(door.listen())
        ocpp_tls_port = None
        if tls := tls_settings(settings):
            ocpp_tls_port = await stack.enter_async_context(door.listen_with_tls(tls))
        web_port = await stack.enter_async_context(_listening(app, settings))
        yield Bridge(ground.storage, desk, views, ground.clock, web_port, ocpp_port, ocpp_tls_port)


def _desk(ground: Ground) -> Desk:
    policy = ground.settings.policy
    return Desk(ground.storage, ground.handler, ground.bus, ground.clock, ground.payments, policy)


def _meters(ground: Ground, sweep: Sweep) -> Meters:
    lead = ground.settings.policy.stop_lead
    meters = Meters(
        ground.storage, ground.bus, ground.clock, sweep.limit_moved, lead, ground.node_id
    )
    ground.handler.after_commit(meters.heard)
    return meters


def _node(ground: Ground, meters: Meters) -> Node:
    lease = timedelta(seconds=ground.settings.node_lease_s)
    hears = bool(ground.settings.nats_url)
    return Node(ground.node_id, ground.storage, ground.bus, meters, lease, hears=hears)


def _door(ground: Ground, meters: Meters, node: Node) -> ChargePointServer:
    door = ChargePointServer(
        ground.storage,
        ground.handler,
        meters,
        Doorkeeper(ground.storage, authorizer_of(ground.settings, ground.http)),
        ground.bus,
        ground.clock,
        door_of(ground.settings),
        node.came_over,
    )
    door.open_while(node.is_open)
    node.after_loss(door.let_go)
    return door


def _node_workers(ground: Ground, node: Node) -> Workers:
    workers: Workers = {"node": node.run, "meters": node.keep_meters}
    if ground.settings.nats_url:
        workers["news"] = node.listen
    return workers


def _dispatchers(ground: Ground) -> Workers:
    policy = ground.settings.policy
    hands = hands_of(ground.settings, ground.payments, ground.bus, ground.clock, ground.http)
    return {
        f"dispatcher {lane}": Dispatcher(
            ground.storage, ground.handler, ground.clock, policy, lane, hand
        ).run
        for lane, hand in hands.items()
    }


def _displays(ground: Ground, meters: Meters, outbox: Outbox) -> Workers:
    settings, storage, clock = ground.settings, ground.storage, ground.clock
    every = timedelta(seconds=settings.display_every_s)
    costs = CostDisplays(storage, clock, meters, outbox, every)
    ground.handler.after_commit(costs.heard)
    meters.after_rebuild(costs.taken)
    workers: Workers = {"displays": costs.run}
    if (codes := codes_of(settings)).window:
        told = (storage, clock, outbox, codes, settings.public_url, ground.node_id)
        workers["codes"] = CodeDisplays(*told).run
    return workers


def _reconciling(ground: Ground, node: Node) -> Callable[[], Awaitable[None]]:
    reconciler = Reconciler(ground.storage, ground.handler, ground.clock, ground.payments)
    every, back = ground.settings.reconcile_every, ground.settings.reconcile_back
    return lambda: reconciler.nightly(every, back, node.eldest)


def _context(ground: Ground, desk: Desk, views: Views, registry: CollectorRegistry) -> WebContext:
    settings, storage, bus, clock = ground.settings, ground.storage, ground.bus, ground.clock
    return WebContext(
        desk=desk,
        views=views,
        control=Control(storage, bus, clock, objection, settings.command_timeout_s),
        inventory=Inventory(storage, bus, clock),
        registrations=Registrations(storage, bus, clock),
        accounts=accounts_of(settings, storage),
        payments=ground.payments,
        storage=storage,
        bus=bus,
        clock=clock,
        policy=settings.policy,
        settings=web_of(settings),
        codes=codes_of(settings),
        registry=registry,
        node_id=ground.node_id,
    )


@asynccontextmanager
async def _listening(app: web.Application, settings: Settings) -> AsyncIterator[int]:
    within_s = settings.shutdown_s * REQUESTS_SHARE
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=within_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.web_host, settings.web_port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
