"""The clock that every process of the demo shares, and the one that tests move."""

import asyncio
import time

import pytest

from simulators.clock import Clock, ManualClock


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


async def test_manual_time_passes_only_when_told_and_wakes_sleepers_in_order() -> None:
    clock = ManualClock(1_000.0)
    woken: list[str] = []

    async def sleeper(name: str, duration_s: float) -> None:
        await clock.sleep(duration_s)
        woken.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleeper("late", 60))
        tasks.create_task(sleeper("early", 30))
        tasks.create_task(sleeper("at once", 0))
        await asyncio.sleep(0.01)
        assert (woken, clock.timestamp()) == (["at once"], 1_000.0)
        clock.advance(30)
        await asyncio.sleep(0.01)
        assert woken == ["at once", "early"]
        clock.advance(100)
    assert woken == ["at once", "early", "late"]
    assert clock.now().timestamp() == 1_130.0
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
