"""What a charge must cost, computed from the charge point's own meter. The bridge is not asked."""

import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

MS_PER_HOUR, SECONDS_PER_HOUR = 3_600_000, 3600


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the OCPI tariffs of a folder by id, their numbers exact."""
    documents = [
        json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        for path in sorted(folder.glob("*.json"))
    ]
    return {document["id"]: document for document in documents}


def expected_minor(
    tariff: dict[str, Any], energy_wh: int, charging_s: float, suspended_s: float
) -> int:
    """Return the gross cost in cents, rounded half up; nothing without energy.

    Of the two times the later one is billed in steps (OCPI 2.2.1 mod_cdrs, step_size).
    """
    if energy_wh == 0:
        return 0
    charging_ms, suspended_ms = round(charging_s * 1000), round(suspended_s * 1000)
    last = "PARKING_TIME" if suspended_ms else "TIME"
    quantities = {
        "ENERGY": Fraction(energy_wh, 1000),
        "TIME": Fraction(charging_ms, MS_PER_HOUR),
        "PARKING_TIME": Fraction(suspended_ms, MS_PER_HOUR),
        "FLAT": Fraction(1),
    }
    units = {"ENERGY": Fraction(1, 1000), last: Fraction(1, SECONDS_PER_HOUR)}
    gross = sum(
        (
            _in_steps(quantities[component["type"]], units.get(component["type"]), component)
            * Fraction(component["price"])
            * (1 + Fraction(component.get("vat", 0)) / 100)
            for element in tariff["elements"]
            for component in element["price_components"]
        ),
        Fraction(0),
    )
    cents = gross * 100
    exact = Decimal(cents.numerator) / Decimal(cents.denominator)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _in_steps(quantity: Fraction, unit: Fraction | None, component: dict[str, Any]) -> Fraction:
    """Return a quantity rounded up to the component's steps of Wh or seconds, if it has any."""
    step = (unit or 0) * int(component.get("step_size", 1))
    return Fraction(ceil(quantity / step) * step) if step else quantity
