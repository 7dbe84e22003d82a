"""One life of the bridge, composed as `bootstrap.running` does, but stepped instead of running."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16.answers import Answers
from irve_bridge.domain.intents import Lane
from irve_bridge.payments import StripePayments, StripeSettings
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.desk import Desk
from irve_bridge.service.dispatch import Dispatcher
from irve_bridge.service.handle import Handler
from irve_bridge.service.meters import Meters
from irve_bridge.service.nodes import Node, new_node_id
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.policy import LEASE, Policy
from irve_bridge.service.ports import Hand, Outcome, Storage, Task
from irve_bridge.service.reconcile import Reconciler
from irve_bridge.service.sweep import Sweep
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from simulators.clock import ManualClock
from tests.stateful.clock import BridgeClock
from tests.stateful.csms import Csms
from tests.stateful.provider import KEY, Provider

WEBHOOK_SECRET = "whsec_stateful"
COMMAND_TIMEOUT_S = 5.0
ROUNDS_MAX = 200


STRIPES = frozenset(Lane) - {Lane.CHARGER, Lane.CSMS, Lane.MAIL}
"""The lanes whose calls go to Stripe."""


@dataclass(eq=False, slots=True)
class Flight:
    """An intent between its claim and its conclusion. A crash forgets it."""

    lane: Lane
    task: Task
    claimed_at: datetime
    outcome: Outcome | None = None

    def __str__(self) -> str:
        came = "" if self.outcome is None else f" -> {type(self.outcome).__name__}"
        return f"{self.task.intent.kind} of {self.task.intent_id}:{self.task.attempt.number}{came}"


@dataclass(eq=False)
class Bridge:
    """Everything that a crash throws away; the database stays."""

    clock: BridgeClock
    policy: Policy
    storage: Storage
    bus: InProcessBus
    handler: Handler
    payments: StripePayments
    meters: Meters
    sweep: Sweep
    desk: Desk
    reconciler: Reconciler
    answers: dict[str, Answers]
    dispatchers: dict[Lane, Dispatcher]
    hands: dict[Lane, Hand]
    flights: list[Flight] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    async def start(
        cls, database_url: str, time: ManualClock, provider: Provider, csms: Csms
    ) -> "Bridge":
        """Begin a life on what an earlier one left."""
        stack, policy, clock = AsyncExitStack(), Policy(), BridgeClock(time)
        storage = await stack.enter_async_context(open_storage(database_url))
        payments = StripePayments(_stripe_settings(provider.url), clock)
        stack.push_async_callback(payments.close)
        bus = InProcessBus()
        node_id = new_node_id()
        handler = Handler(storage, bus, policy, OcmfVerifier(), node_id)
        sweep = Sweep(storage, handler, clock)
        meters = Meters(storage, bus, clock, sweep.limit_moved, policy.stop_lead, node_id)
        handler.after_commit(meters.heard)
        await Node(node_id, storage, bus, meters, policy.lease, hears=True).join(alone=True)
        hands: dict[Lane, Hand] = {
            **dict.fromkeys(STRIPES, payments),
            Lane.CHARGER: ChargerHand(bus, clock, policy, COMMAND_TIMEOUT_S),
            Lane.CSMS: csms,
        }
        return cls(
            clock=clock,
            policy=policy,
            storage=storage,
            bus=bus,
            handler=handler,
            payments=payments,
            meters=meters,
            sweep=sweep,
            desk=Desk(storage, handler, bus, clock, payments, policy),
            reconciler=Reconciler(storage, handler, clock, payments),
            answers={
                "CP1": Answers(
                    "CP1", handler, meters, Doorkeeper(storage, None), clock, DoorSettings()
                )
            },
            dispatchers={
                lane: Dispatcher(storage, handler, clock, policy, lane, hand)
                for lane, hand in hands.items()
            },
            hands=hands,
            _stack=stack,
        )

    async def die(self) -> None:
        """Stop at this instant: nothing that is under way is concluded."""
        self.flights.clear()
        await self._stack.aclose()

    # One intent at a time: the three moments between which a crash may come

    async def claim(self, lane: Lane) -> list[Flight]:
        """Claim and store what is due in a lane."""
        tasks = await self.dispatchers[lane]._claim()
        claimed = [Flight(lane, task, self.clock.now()) for task in tasks]
        self.flights += claimed
        return claimed

    async def perform(self, flight: Flight) -> None:
        """Make the call."""
        flight.outcome = await self.hands[flight.lane].perform(flight.task)

    async def conclude(self, flight: Flight) -> None:
        """Store what came of it."""
        outcome, dispatcher = flight.outcome, self.dispatchers[flight.lane]
        assert outcome is not None
        self.flights.remove(flight)
        await self.handler.run(lambda work: dispatcher._conclude(work, flight.task, outcome))

    def performable(self) -> list[Flight]:
        """Return what is claimed and not performed; nobody begins after the lease is over."""
        latest = self.clock.now() - LEASE
        return [f for f in self.flights if f.outcome is None and f.claimed_at > latest]

    def concludable(self) -> list[Flight]:
        """Return what is performed and not stored, however late."""
        return [f for f in self.flights if f.outcome is not None]

    async def work(self) -> None:
        """Do everything that is due now."""
        for _ in range(ROUNDS_MAX):
            await self.sweep.once(self.meters)
            claimed = [flight for lane in self.dispatchers for flight in await self.claim(lane)]
            for flight in claimed:
                await self.perform(flight)
                await self.conclude(flight)
            if not claimed:
                return
        raise AssertionError("the bridge never rests")


def _stripe_settings(url: str) -> StripeSettings:
    return StripeSettings(
        secret_key=KEY,
        webhook_secrets=(WEBHOOK_SECRET,),
        return_url_template="https://bridge.example/c/{token}/return",
        cancel_url_template="https://bridge.example/c/{token}/cancelled",
        api_base=url,
        timeout_s=10,
    )
