"""What registers do, and what is billed then: docs/metering.md has the rules."""

import pytest

from tests.unit.domain.meters import metered, outcome, read, running


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_lbbrhzn_ocpp_1838_begin_and_periodic_energy_in_one_sample(order: slice) -> None:
    """Growatt: every sample carries both, in either order.

    https://github.com/lbbrhzn/ocpp/issues/1838
    """
    readings = [read(10, 160_000), read(10, 157_440, "Transaction.Begin")][order]
    readings += [read(20, 163_630), read(20, 157_440, "Transaction.Begin")][order]
    assert running(157_440, *readings)[1::2] == [2560, 6190]
    assert outcome(metered(157_440, 163_700, *readings)) == (6260, "billed")


def test_lbbrhzn_ocpp_1709_register_restarts_at_0() -> None:
    """Growatt: up to the restart it is trusted (https://github.com/lbbrhzn/ocpp/issues/1709)."""
    readings = [read(5, 101_500), read(10, 103_000), read(15, 93), read(20, 1600)]
    assert running(100_000, *readings) == [1500, 3000, 3000, 3000]
    assert outcome(metered(100_000, 2400, *readings)) == (3000, "review")


def test_lbbrhzn_ocpp_2093_meter_values_session_relative_start_and_stop_lifetime() -> None:
    """Grizzl-E: meter values from zero, start and stop by the lifetime register.

    https://github.com/lbbrhzn/ocpp/issues/2093
    """
    readings = [read(5, 0), read(10, 1500), read(20, 3000)]
    assert running(358_000, *readings) == [0, 1500, 3000]
    assert outcome(metered(358_000, 361_200, *readings)) == (3200, "billed")


def test_lbbrhzn_ocpp_1756_register_briefly_drops() -> None:
    """Wallbox: a nonsensical zero every few days (https://github.com/lbbrhzn/ocpp/issues/1756)."""
    readings = [read(5, 16_001_000), read(10, 0), read(15, 16_003_000)]
    assert running(16_000_000, *readings) == [1000, 1000, 3000]
    assert outcome(metered(16_000_000, 16_004_000, *readings)) == (4000, "billed")


def test_lbbrhzn_ocpp_1069_register_grows_after_meter_stop() -> None:
    """Wallbox: it grows on when the stop was told (https://github.com/lbbrhzn/ocpp/issues/1069)."""
    readings = [read(20, 3000), read(31, 4200), read(40, 4300, "Transaction.End")]
    assert outcome(metered(0, 4000, *readings)) == (4000, "billed")


def test_lbbrhzn_ocpp_374_energy_drop_outs() -> None:
    """ABB: a register of the charge alone, zero every other time.

    https://github.com/lbbrhzn/ocpp/issues/374
    """
    readings = [read(5, 895), read(6, 0), read(10, 1790), read(11, 0), read(12, 0)]
    assert running(0, *readings) == [895, 895, 1790, 1790, 1790]
    assert outcome(metered(0, 4000, *readings)) == (4000, "billed")


def test_lorenzodonini_ocpp_go_114_meter_stop_minus_1_when_unknown() -> None:
    """-1 where it is not known (https://github.com/lorenzodonini/ocpp-go/issues/114)."""
    readings = [read(10, 2000), read(25, 5000)]
    unknown = metered(1000, -1, *readings)
    assert outcome(unknown) == (4000, "last trusted")
    assert "-1 Wh" in str(unknown.note)


def test_dallmann_consulting_ocpp_core_33_meter_stop_below_meter_start() -> None:
    """What was read before is trusted (https://github.com/dallmann-consulting/OCPP.Core/issues/33)."""
    assert outcome(metered(5000, 3000, read(10, 6000))) == (1000, "review")
