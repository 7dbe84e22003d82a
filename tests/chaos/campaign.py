"""One campaign: load, faults and kills at once; then calm, and the audit."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from simulators.charge_point import ChargePoint
from tests.chaos import evidence, stations, weather
from tests.chaos.audit import Violation, audit
from tests.chaos.drivers import Driver, Promises, whim
from tests.chaos.evidence import Evidence
from tests.chaos.fleet import Order
from tests.chaos.prey import Prey, alone, several
from tests.chaos.report import Result
from tests.chaos.stations import Bay
from tests.integration.world import World

SPEED = 400.0
CALM_S_MOST = 60.0
LOOK_AGAIN_S = 0.5
CEILING_MINOR = 600
REST_S_MOST = 1.0
ORDERED_BY_CSMS = 0.15
SETTINGS = {
    "dynamic_ceiling_minor": str(CEILING_MINOR),
    # The clock is fast, sockets are not: a queue needs this much of fast time to drain.
    "connection_timeout_s": "1200",
    "start_within_s": "1800",
    # Nor is a connector forgotten that was free so long: its stop waits in the queue.
    "idle_end_s": "7200",
    # Beyond it money goes back whatever the charge point may yet tell: no outage here is so long.
    "start_within_most_s": "86400",
    "stop_repeat_s": "60",
    "meter_interval_s": "120",
    "heartbeat_interval_s": "600",
    "command_timeout_s": "2",
    "csms_authorize_timeout_s": "1",
    "csms_end_within_s": "3600",
    "debt_retries_s": "900,1800",
    "debt_term_s": "7200",
    "refund_retry_s": "600",
    "refund_retries": "12",
    "reconcile_every_s": "1800",
    "customer_kept_s": "14400",
    "callback_delays_s": ",".join(["5", "30", "120", *["600"] * 12]),
    "throttle_per_minute": "1000000",
}
Say = Callable[[str], None]


@dataclass(eq=False)
class Campaign:
    """The load on one world, and what its drivers were promised."""

    prey: Prey
    charge_points: list[ChargePoint]
    seed: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    promises: Promises = field(default_factory=Promises)

    @property
    def w(self) -> World:
        """The world it takes place in."""
        return self.prey.w

    def dice(self, whose: str) -> Random:
        """Return somebody's own dice, so that nobody's throws depend on when others throw."""
        return Random(f"{self.seed} {whose}")

    async def under_fire(self, kills: int, say: Say) -> None:
        """Let drivers come while everything fails, until the last kill."""
        async with asyncio.TaskGroup() as load:
            for number, bay in enumerate(stations.bays(self.charge_points)):
                load.create_task(self._visits(bay, self.dice(f"driver {number}")))
            async with self._troubles(), weather.over_stripe(self.w, self.dice("stripe")):
                hunting = self.prey.hunt(kills, self.dice("kills"))
                shooting = asyncio.ensure_future(hunting)
                try:
                    await self._watch(shooting, kills, say)
                finally:
                    self.over.set()
                    shooting.cancel()

    async def calm(self, say: Say) -> tuple[Evidence, list[Violation]]:
        """Return the evidence and what is wrong with it, once nothing is or time is up."""
        for bay in stations.bays(self.charge_points):
            await bay.leave()
        deadline = time.monotonic() + CALM_S_MOST
        while True:
            found = await self.evidence()
            violations = audit(found)
            if not violations or time.monotonic() > deadline:
                return found, violations
            say(f"settling: {len(violations)} still open")
            await asyncio.sleep(LOOK_AGAIN_S)

    async def evidence(self) -> Evidence:
        """Return what everybody saw so far."""
        ledger = await self.w.stripe("GET", "/_sim/ledger")
        sessions, recorded = evidence.books(self.prey.books)
        return Evidence(
            sessions=sessions,
            payments=evidence.payments(ledger),
            charges=evidence.charges(self.charge_points, stations.TARIFF_IDS),
            told=evidence.told(self.w.inbox),
            recorded=recorded,
            opened=frozenset(self.promises.opened),
            reported=dict(self.promises.reported),
            ceiling_minor=CEILING_MINOR,
        )

    @asynccontextmanager
    async def _troubles(self) -> AsyncIterator[None]:
        """Everything fails while the context is open; in the end all is mended."""
        causes: list[Coroutine[Any, Any, None]] = [
            weather.over_the_refunds(self.w, self.dice("refunds")),
            weather.over_the_csms(self.w, self.dice("csms")),
            *(stations.trouble(cp, self.dice(cp.id)) for cp in self.charge_points),
        ]
        tasks = [asyncio.create_task(cause) for cause in causes]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _visits(self, bay: Bay, dice: Random) -> None:
        """Driver after driver at one connector."""
        while not self.over.is_set():
            if dice.random() < ORDERED_BY_CSMS:
                await Order(self.w, bay, dice, self.promises).live()
            else:
                await Driver(self.w, bay, whim(dice), self.promises).live()
            await asyncio.sleep(dice.uniform(0, REST_S_MOST))

    async def _watch(self, shooting: asyncio.Task[None], kills: int, say: Say) -> None:
        said = -1
        while not shooting.done():
            if said != self.w.kills:
                said = self.w.kills
                say(f"{said} of {kills} kills, {len(self.promises.opened)} sessions promised")
            await asyncio.wait([shooting], timeout=LOOK_AGAIN_S)
        shooting.result()


async def run(
    kills: int, seed: int, folder: Path, say: Say = lambda _line: None, *, nodes: int = 1
) -> Result:
    """Run a campaign in an empty folder, which afterwards holds everything that was seen."""
    began_at = time.monotonic()
    options: dict[str, Any] = {"speed": SPEED, "stations_file": stations.FILE} | SETTINGS
    found_prey = (
        alone(folder, seed, **options) if nodes == 1 else several(folder, nodes, seed, **options)
    )
    async with found_prey as prey, stations.running(prey.w, seed) as charge_points:
        campaign = Campaign(prey, charge_points, seed)
        await campaign.under_fire(kills, say)
        found, violations = await campaign.calm(say)
        await prey.end()
        _keep(folder, found, prey.w)
    return Result(
        kills=prey.w.kills,
        nodes=nodes,
        seed=seed,
        seconds=round(time.monotonic() - began_at, 1),
        evidence=found,
        violations=violations,
    )


def _keep(folder: Path, found: Evidence, w: World) -> None:
    kept = {
        "payments": [asdict(payment) for payment in found.payments],
        "charges": [asdict(charge) for charge in found.charges],
        "callbacks": [callback.as_json() for callback in w.inbox.received()],
    }
    for name, rows in kept.items():
        (folder / f"{name}.json").write_text(json.dumps(rows, indent=1))
