"""What pricing and metering cost, in microseconds of processor time.

The least of several runs; `loop` is a bare loop of a million steps, to compare machines by.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from irve_bridge.domain.metering import Reading
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.session import State
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.tariff_loading import load
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.running import Running
from tests.unit.domain.sessions import session

AT = datetime(2026, 11, 25, 10, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAY = [
    Period(
        start_at=AT + number * QUARTER,
        end_at=AT + (number + 1) * QUARTER,
        energy_wh=700,
        charging=QUARTER,
    )
    for number in range(96)
]
BANDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "hours": lambda n: {"start_time": f"{2 * n:02}:00", "end_time": f"{2 * n + 2:02}:00"},
    "energy": lambda n: {"min_kwh": 7 * n, "max_kwh": 7 * n + 7},
    "power": lambda n: {"min_power": n, "max_power": n + 1},
}


def ten_elements(band: Callable[[int], dict[str, Any]]) -> Tariff:
    """Return a tariff of nine bands, each with a price of its own, and one for the rest."""

    def priced(kind: str, price: float) -> dict[str, Any]:
        return {"type": kind, "price": price, "vat": 20, "step_size": 1}

    elements: list[dict[str, Any]] = [
        {
            "price_components": [priced("ENERGY", (30 + n) / 100), priced("TIME", 1)],
            "restrictions": band(n),
        }
        for n in range(9)
    ]
    elements.append({"price_components": [priced("ENERGY", 0.4), priced("PARKING_TIME", 3)]})
    return load({"id": "T", "currency": "EUR", "elements": elements})


def measured_us(work: Callable[[], object], times: int = 20) -> float:
    """Return the least processor time of one run."""
    least = float("inf")
    for _ in range(7):
        begun = time.process_time()
        for _ in range(times):
            work()
        least = min(least, time.process_time() - begun)
    return round(least / times * 1e6, 1)


def results() -> Iterator[tuple[str, float]]:
    """Yield each figure with its name."""
    yield "loop", measured_us(lambda: [None for _ in range(1_000_000)], 1)
    for name, band in BANDS.items():
        pricer = Pricer(ten_elements(band), ZoneInfo("Europe/Paris"))
        tally = pricer.tally(AT, DAY)
        yield f"fold_day_{name}", measured_us(lambda p=pricer: p.tally(AT, DAY))  # type: ignore[misc]
        yield f"bill_day_{name}", measured_us(lambda p=pricer, t=tally: p.cost(t))  # type: ignore[misc]
        yield f"reading_{name}", reading_us(pricer.tariff)


def reading_us(tariff: Tariff) -> float:
    """Return what one register of a running charge costs, its limit and live figures included."""
    paid = session(state=State.CHARGING, secured_at=AT, secured_minor=5000, tariff=tariff)
    transaction = Transaction(
        id="7",
        charge_point_id="CP1",
        connector_number=1,
        id_tag=paid.id_tag,
        start_at=AT,
        meter_start_wh=0,
        accepted=True,
        session_id=paid.id,
    )
    charge = Running.begin(transaction, paid, 22_000)
    told = (Reading(at=AT + n * timedelta(minutes=1), register_wh=100 * n) for n in range(1, 10**6))

    def one() -> None:
        reading = next(told)
        charge.read([reading], reading.at)
        charge.live(reading.at)

    return measured_us(one, 50)
