"""For the command line: what stores facts while the running bridge performs the rest."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from irve_bridge.bootstrap.from_settings import clock_of, payments_of
from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.payments import StripePayments
from irve_bridge.service.desk import Desk
from irve_bridge.service.handle import Handler
from irve_bridge.service.ports import Bus, Clock, Storage
from irve_bridge.service.reconcile import Reconciler
from irve_bridge.settings import Settings
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage


@asynccontextmanager
async def offline_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Give a desk that stores facts; the running bridge performs what they lead to."""
    async with AsyncExitStack() as stack:
        storage, handler, bus, clock, payments = await _opened(stack, settings)
        yield Desk(storage, handler, bus, clock, payments, settings.policy)


@asynccontextmanager
async def offline_reconciler(settings: Settings) -> AsyncIterator[Reconciler]:
    """Give a reconciler that looks and stores facts; the running bridge performs the rest."""
    async with AsyncExitStack() as stack:
        storage, handler, _, clock, payments = await _opened(stack, settings)
        yield Reconciler(storage, handler, clock, payments)


async def _opened(
    stack: AsyncExitStack, settings: Settings
) -> tuple[Storage, Handler, Bus, Clock, StripePayments]:
    clock, bus = clock_of(settings), InProcessBus()
    payments = payments_of(settings, clock)
    stack.push_async_callback(payments.close)
    url = settings.database_url.get_secret_value()
    storage = await stack.enter_async_context(open_storage(url))
    handler = Handler(storage, bus, settings.policy, OcmfVerifier())
    return storage, handler, bus, clock, payments
