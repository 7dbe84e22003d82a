"""Prices published cases: `python -m tests.conformance.tariffs DIR`.

One line per case, then `N passed, N failed`; exit code 1 where one failed. Figures must be equal to
the decimals that a case gives, at most OCPI's four, and at least to the currency's smallest unit.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from irve_bridge.domain.errors import TariffRefused
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.rules import Use
from irve_bridge.domain.totals import Share, total
from tests.conformance.cases import Case, case, moment
from tests.conformance.contradictions import CONTRADICTIONS

OCPI_DIGITS = 4
COSTS = {
    "total_energy_cost": {Use.ENERGY},
    "total_time_cost": {Use.CHARGING},
    "total_parking_cost": {Use.PARKING},
    "total_fixed_cost": {Use.SESSION},
    "total_reservation_cost": {Use.RESERVED, Use.RESERVATION, Use.LAPSED, Use.LAPSE},
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a case says otherwise."""

    name: str
    expected: Decimal
    found: Fraction

    def __str__(self) -> str:
        """Return it for a person."""
        return f"{self.name} is {float(self.found):.6g}, not {self.expected}"


def differences(one: Case, expected: dict[str, Any]) -> Iterator[Difference]:
    """Yield where our figures are not those of a CDR."""
    digits = minor_digits(one.tariff.currency)
    for name, found in _figures(one).items():
        stated = expected
        for key in name.split("."):
            stated = (stated or {}).get(key)  # type: ignore[assignment]  # a Decimal at last
        if stated is not None and not _equal(Decimal(str(stated)), found, digits):
            yield Difference(name, Decimal(str(stated)), found)


def judge(path: Path, folder: Path) -> tuple[bool, str]:
    """Return whether a case passes, and the line that says so."""
    name = str(path.relative_to(folder))
    try:
        one = case(path, folder)
        found = list(differences(one, one.cdr))
        if not found:
            return True, f"pass  {name}"
        text = CONTRADICTIONS.get(f"{path.parent.name}/{path.name}")
        if text and not list(differences(one, text.figures)):
            return True, f"pass  {name} (by the OCPI text: {text.reason})"
    except (TariffRefused, OSError, msgspec.MsgspecError, LookupError, ValueError) as error:
        return False, f"FAIL  {name}: {type(error).__name__}: {error}"
    return False, f"FAIL  {name}: {'; '.join(map(str, found))}"


def _figures(one: Case) -> dict[str, Fraction]:
    pricer = Pricer(one.tariff, one.zone)
    tally = pricer.begin(one.start_at)
    for period in one.periods:
        tally = pricer.add(tally, period)
    shares = pricer.shares(tally)
    whole = total(one.tariff, shares)
    figures = {"total_cost.excl_vat": whole.net, "total_cost.incl_vat": whole.gross}
    for name, uses in COSTS.items():
        figures |= _cost(name, [share for share in shares if share.rule.use in uses])
    return figures | _volumes(one)


def _cost(name: str, shares: list[Share]) -> dict[str, Fraction]:
    net = sum((share.net for share in shares), Fraction(0))
    gross = sum((share.gross for share in shares), Fraction(0))
    return {f"{name}.excl_vat": net, f"{name}.incl_vat": gross}


def _volumes(one: Case) -> dict[str, Fraction]:
    lasted = moment(one.cdr["end_date_time"]) - moment(one.cdr["start_date_time"])
    parked = sum((period.parking for period in one.periods), timedelta())
    return {
        "total_energy": sum((Fraction(p.energy_wh, 1000) for p in one.periods), Fraction(0)),
        "total_time": _hours(lasted),
        "total_parking_time": _hours(parked),
    }


def _hours(duration: timedelta) -> Fraction:
    return Fraction(duration // timedelta(microseconds=1), 3_600_000_000)


def _equal(expected: Decimal, found: Fraction, minor: int) -> bool:
    written = -int(expected.normalize().as_tuple().exponent)
    digits = min(max(written, minor), OCPI_DIGITS)
    return abs(Fraction(expected) - found) <= Fraction(1, 2 * 10**digits)


def main(arguments: list[str]) -> int:
    """Return 0 where every case of the folders passes."""
    if not arguments:
        sys.stderr.write("Usage: python -m tests.conformance.tariffs DIR…\n")
        return 2
    passed = failed = 0
    for folder in map(Path, arguments):
        for path in sorted(folder.rglob("cdr*.json")):
            good, line = judge(path, folder)
            passed, failed = passed + good, failed + (not good)
            sys.stdout.write(line + "\n")
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return int(failed > 0 or passed == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
