"""`make demo AUTO=1`: every part a process of its own, and everybody pays what the meter says."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


def test_the_demo_plays_a_driver_of_each_plan(tmp_path: Path) -> None:
    """Its JSON is the audit: charged less refunded is what the charge point's meter costs."""
    demo = [sys.executable, "-m", "simulators.demo", "--auto", "--json", "--speed", "150"]
    played = subprocess.run(
        [*demo, "--data", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert played.returncode == 0, played.stderr
    rows = json.loads(played.stdout)
    assert [row["plan"] for row in rows] == ["fixed", "estimated", "dynamic"]
    for row in rows:
        assert row["charged_minor"] - row["refunded_minor"] == row["expected_minor"] > 0
        assert row["status"] == "settled"
    fixed, estimated, dynamic = rows
    assert fixed["refunded_minor"] > 0
    assert estimated["released_minor"] > 0
    assert dynamic["refunded_minor"] == dynamic["released_minor"] == 0


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_the_demo_ends_all_of_it(tmp_path: Path, by: signal.Signals) -> None:
    """A terminal that is closed leaves nothing behind that holds its ports."""
    demo = [sys.executable, "-m", "simulators.demo", "--data", str(tmp_path / "demo")]
    with subprocess.Popen(demo, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        while "/operator" not in (line := running.stderr.readline()):
            assert line, "it ended before it was ready"
        parts = psutil.Process(running.pid).children(recursive=True)
        assert len(parts) >= 4
        running.send_signal(by)
        running.stderr.read()
        assert running.wait(timeout=60) == 130
    _, left = psutil.wait_procs(parts, timeout=30)
    assert left == []
