"""Charge points in the field: places to plug in, and what goes wrong there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from simulators.charge_point import Car, ChargePoint, Transaction
from tests.integration.world import World

FILE = Path(__file__).with_name("stations.yaml")
CONNECTORS = {f"KILL{number}": 3 for number in range(1, 9)}
TARIFF_IDS: Mapping[str, str] = dict.fromkeys(CONNECTORS, "ac") | {"KILL7": "dc", "KILL8": "dc"}
CONFIGURATION: dict[str, str | int] = {"ConnectionTimeOut": 300}
RESPONSE_TIMEOUT_S = 5.0
CALM_S_MOST, TROUBLE_S_MOST = 5.0, 1.5
RECOVERY_S = 20.0


@dataclass(frozen=True, slots=True)
class Bay:
    """One connector and the space in front of it."""

    charge_point: ChargePoint
    connector_id: int

    @property
    def place(self) -> dict[str, Any]:
        """Return where it is, as the API wants it."""
        return {"charge_point_id": self.charge_point.id, "connector_id": self.connector_id}

    @property
    def transactions(self) -> list[Transaction]:
        """Return what was ever charged here."""
        return [
            transaction
            for transaction in self.charge_point.transactions
            if transaction.connector_id == self.connector_id
        ]

    @asynccontextmanager
    async def occupied(self, *, plugged: bool) -> AsyncIterator[None]:
        """Stand here, with the cable in the car or not; leave in the end."""
        try:
            if plugged:
                await self.plug()
            yield
        finally:
            await self.leave()

    async def plug(self) -> None:
        """Plug in a car whose battery is never full: what it pauses would not always be heard."""
        await self.charge_point.plug(self.connector_id, Car(500_000, 10, 150_000))

    async def leave(self) -> None:
        """Take the cable out."""
        await self.charge_point.unplug(self.connector_id)

    async def begun(self, after: int, patience_s: float) -> Transaction | None:
        """Return the first charge after so many; None for who lost patience."""
        with contextlib.suppress(TimeoutError):
            return await self.charge_point.wait_until(
                lambda: next(iter(self.transactions[after:]), None), patience_s
            )
        return None

    async def ended(self, charge: Transaction, patience_s: float) -> None:
        """Return once it has ended here, or patience is lost."""
        with contextlib.suppress(TimeoutError):
            await self.charge_point.wait_until(lambda: charge.end, patience_s)


@asynccontextmanager
async def running(w: World, seed: int) -> AsyncIterator[list[ChargePoint]]:
    """Run all charge points of the file."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                w.charge_point(
                    charge_point_id,
                    connectors=connectors,
                    configuration=CONFIGURATION,
                    response_timeout_s=RESPONSE_TIMEOUT_S,
                    seed=seed,
                )
            )
            for charge_point_id, connectors in CONNECTORS.items()
        ]


def bays(charge_points: list[ChargePoint]) -> list[Bay]:
    """Return every connector."""
    return [
        Bay(charge_point, number)
        for charge_point in charge_points
        for number in range(1, CONNECTORS[charge_point.id] + 1)
    ]


async def trouble(charge_point: ChargePoint, dice: Random) -> None:
    """Have one thing after the other go wrong; what is still wrong is mended in the end."""
    try:
        while True:
            await asyncio.sleep(dice.uniform(0, CALM_S_MOST))
            await dice.choice(_TROUBLES)(charge_point, dice)
    finally:
        await mend(charge_point)


async def mend(charge_point: ChargePoint) -> None:
    """Make everything work again."""
    wrong = charge_point.misbehaviour
    wrong.refuse_remote_start = wrong.accept_without_starting = False
    wrong.ignore_calls = wrong.duplicate_start = False
    for number in range(1, CONNECTORS[charge_point.id] + 1):
        await charge_point.clear(number)
    with contextlib.suppress(TimeoutError):
        await charge_point.go_online()


async def _away(charge_point: ChargePoint, dice: Random) -> None:
    """The line is cut; what happens meanwhile queues up."""
    await charge_point.go_offline()
    await asyncio.sleep(dice.uniform(0, TROUBLE_S_MOST))
    with contextlib.suppress(TimeoutError):
        await charge_point.go_online()


async def _blink(charge_point: ChargePoint, _: Random) -> None:
    """The line is cut for a moment: an answer on its way is lost, the message sent again."""
    with contextlib.suppress(TimeoutError):
        await charge_point.go_offline()
        await charge_point.go_online()


async def _power_cut(charge_point: ChargePoint, dice: Random) -> None:
    await charge_point.reboot(resume=dice.random() < 0.5)


async def _breakdown(charge_point: ChargePoint, dice: Random) -> None:
    number = dice.randint(1, CONNECTORS[charge_point.id])
    await charge_point.fault(number)
    await asyncio.sleep(dice.uniform(0, TROUBLE_S_MOST))
    await charge_point.clear(number)


def _misbehaving(name: str) -> Callable[[ChargePoint, Random], Awaitable[None]]:
    async def misbehave(charge_point: ChargePoint, dice: Random) -> None:
        setattr(charge_point.misbehaviour, name, True)
        await asyncio.sleep(dice.uniform(0, TROUBLE_S_MOST))
        setattr(charge_point.misbehaviour, name, False)

    return misbehave


_TROUBLES: tuple[Callable[[ChargePoint, Random], Awaitable[None]], ...] = (
    _away,
    _blink,
    _blink,
    _power_cut,
    _breakdown,
    _misbehaving("refuse_remote_start"),
    _misbehaving("accept_without_starting"),
    _misbehaving("ignore_calls"),
    _misbehaving("duplicate_start"),
)
