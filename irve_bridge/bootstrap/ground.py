"""What everything else of a bridge stands on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from irve_bridge.bootstrap.from_settings import clock_of, payments_of
from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.bus.nats import open_nats_bus
from irve_bridge.payments import StripePayments
from irve_bridge.service.handle import Handler
from irve_bridge.service.nodes import new_node_id
from irve_bridge.service.ports import Bus, Clock, Storage
from irve_bridge.settings import Settings
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from irve_bridge.storage.alone import alone
from irve_bridge.telemetry.metrics import BUS_UP


@dataclass(frozen=True, slots=True)
class Ground:
    """The settings, and the storage, the bus, the provider and the clock that they name."""

    settings: Settings
    node_id: str
    clock: Clock
    storage: Storage
    http: aiohttp.ClientSession
    payments: StripePayments
    bus: Bus
    handler: Handler


async def laid(stack: AsyncExitStack, settings: Settings) -> Ground:
    """Return the ground, which lasts as long as the stack."""
    clock, node_id = clock_of(settings), new_node_id()
    url = settings.database_url.get_secret_value()
    storage = await stack.enter_async_context(open_storage(url, node_id))
    stack.enter_context(alone(url))
    http = await stack.enter_async_context(aiohttp.ClientSession())
    payments = payments_of(settings, clock)
    stack.push_async_callback(payments.close)
    bus = await stack.enter_async_context(_bus(settings))
    handler = Handler(storage, bus, settings.policy, OcmfVerifier(), node_id)
    return Ground(settings, node_id, clock, storage, http, payments, bus, handler)


@asynccontextmanager
async def _bus(settings: Settings) -> AsyncIterator[Bus]:
    """Give the bus of many nodes where NATS is set, once it is there; else that of one process."""
    if settings.nats_url is None:
        BUS_UP.set(1)
        yield InProcessBus()
        return
    async with open_nats_bus(settings.nats_url.get_secret_value()) as bus:
        yield bus
