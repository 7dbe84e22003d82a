"""What a charge must cost, computed from the charge point's own meter. The bridge is not asked."""

import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

MS_PER_HOUR = 3_600_000


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
    """Return the gross cost in cents, rounded half up; nothing without energy."""
    if energy_wh == 0:
        return 0
    quantities = {
        "ENERGY": Fraction(energy_wh, 1000),
        "TIME": Fraction(round(charging_s * 1000), MS_PER_HOUR),
        "PARKING_TIME": Fraction(round(suspended_s * 1000), MS_PER_HOUR),
        "FLAT": Fraction(1),
    }
    gross = sum(
        (
            quantities[component["type"]]
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
