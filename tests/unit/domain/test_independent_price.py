"""Two computations that share no code agree on every charge: the engine, the simulators' own."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.tariff_loading import load
from simulators import pricing
from tests.unit.domain.sessions import NOW

FOLDER = Path(__file__).parents[3] / "config" / "tariffs"
OWN = pricing.load(FOLDER)
ENGINE = {name: Pricer(load((FOLDER / f"{name}.json").read_bytes()), UTC) for name in OWN}
MILLISECONDS = st.integers(0, 20_000_000)


@pytest.mark.parametrize("name", sorted(OWN))
@given(energy_wh=st.integers(1, 100_000), charging_ms=MILLISECONDS, parking_ms=MILLISECONDS)
def test_both_come_to_the_same_cents(
    name: str, energy_wh: int, charging_ms: int, parking_ms: int
) -> None:
    charging, parking = timedelta(milliseconds=charging_ms), timedelta(milliseconds=parking_ms)
    over_at = NOW + charging
    charged = Period(start_at=NOW, end_at=over_at, energy_wh=energy_wh, charging=charging)
    parked = Period(start_at=over_at, end_at=over_at + parking, parking=parking)
    engine = ENGINE[name]
    expected = pricing.expected_minor(OWN[name], energy_wh, charging_ms / 1000, parking_ms / 1000)
    assert engine.gross_minor(engine.tally(NOW, [charged, parked])) == expected
