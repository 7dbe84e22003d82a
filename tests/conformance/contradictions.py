"""Published cases that contradict the OCPI text or themselves, and what follows from its rules."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """What follows from the text for a case, as figures of its CDR."""

    reason: str
    figures: dict[str, Any]


CONTRADICTIONS = {
    "complex/cdr_saturday_afternoon.json": Text(
        "114 minutes at 1.25 per hour are 2.375; the text's own table has 2.28",
        {
            "total_cost": {"excl_vat": "12.375", "incl_vat": "13.975"},
            "total_time_cost": {"excl_vat": "2.375", "incl_vat": "2.85"},
            "total_parking_cost": {"excl_vat": "7.5", "incl_vat": "8.25"},
        },
    ),
    "025kwh_min_price/cdr2_less_than_2kWh.json": Text(
        "min_price of 0.50 is the least that a session costs (mod_tariffs, Tariff example "
        "€ 0.25 per kWh + minimum price)",
        {"total_cost": {"excl_vat": "0.5", "incl_vat": "0.55"}},
    ),
    "codeberg_issue_228/cdr.json": Text(
        "it names no time zone: its hours, read as local time, are UTC's like its moments; even "
        "in Amsterdam's it comes to 1.84, not 1.83",
        {"total_cost": {"excl_vat": "1.8809", "incl_vat": "2.2759"}},
    ),
    "examples/cdr_example.json": Text(
        "its total_energy is in none of its charging periods",
        {"total_cost": {"excl_vat": "4", "incl_vat": "4.40"}, "total_time": "1.973"},
    ),
}
"""By folder and file."""
