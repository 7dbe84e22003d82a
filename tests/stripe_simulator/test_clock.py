"""The clock that every process of the demo shares."""

import time

import pytest

from simulators.clock import Clock


def test_virtual_time_runs_from_the_epoch_at_its_speed() -> None:
    epoch_s = time.time() - 10
    assert Clock(epoch_s, 60).timestamp() == pytest.approx(epoch_s + 600, abs=30)
    assert Clock(epoch_s, 60).now().utcoffset() is not None


def test_without_an_environment_time_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOCK_EPOCH", raising=False)
    monkeypatch.delenv("CLOCK_SPEED", raising=False)
    assert Clock.from_environment().timestamp() == pytest.approx(time.time(), abs=1)


@pytest.mark.parametrize("speed", ["0", "-1", "fast"])
def test_a_speed_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, speed: str) -> None:
    monkeypatch.setenv("CLOCK_SPEED", speed)
    with pytest.raises(ValueError, match=r"CLOCK_SPEED|fast"):
        Clock.from_environment()


async def test_virtual_sleep_is_shorter_by_the_speed() -> None:
    started_s = time.monotonic()
    await Clock(0, 3600).sleep(36)
    assert time.monotonic() - started_s < 5
