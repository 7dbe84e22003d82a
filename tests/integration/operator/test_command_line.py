"""The command line, as a process of its own."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from irve_bridge.storage.alone import alone

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    "STRIPE_SECRET_KEY": "sk_test_cli",
    "STRIPE_WEBHOOK_SECRET": "whsec_cli",
    "BASE_URL": "https://charge.example.com",
    "COLUMNS": "200",
}


def run(tmp_path: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = ENVIRONMENT | {"DATABASE_URL": f"sqlite:///{tmp_path / 'cli.db'}"} | changes
    return subprocess.run(
        [sys.executable, "-m", "irve_bridge", "--env-file", os.devnull, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_operator_s_first_afternoon(tmp_path: Path) -> None:
    """Check says what is missing; stations are applied, listed, and get their QR codes."""
    bare = run(tmp_path, "check")
    assert bare.returncode == 1
    assert "stations apply" in bare.stdout
    applied = run(tmp_path, "stations", "apply", "config/stations.yaml")
    assert applied.returncode == 0
    assert "+ charge point CP1" in applied.stdout
    again = run(tmp_path, "stations", "apply", "config/stations.yaml", "--dry-run")
    assert "Nothing to change." in again.stdout
    ready = run(tmp_path, "check")
    assert ready.returncode == 0
    assert "https://charge.example.com/webhook" in ready.stdout
    assert "FR*EXA*E0003*1" in run(tmp_path, "stations", "list").stdout
    drawn = run(tmp_path, "qr", "--out", str(tmp_path / "qr"))
    assert "https://charge.example.com/s/CP1/2" in drawn.stdout
    assert (tmp_path / "qr" / "CP1-2.svg").read_text().startswith("<?xml")


def test_a_charge_point_that_the_file_leaves_out_is_named(tmp_path: Path) -> None:
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    text = (ROOT / "config" / "stations.yaml").read_text(encoding="utf-8")
    file = tmp_path / "stations.yaml"
    file.write_text(
        text.replace("id: CP3", "id: CP9").replace("tariffs/", f"{ROOT}/config/tariffs/")
    )
    applied = run(tmp_path, "stations", "apply", str(file))
    assert "+ charge point CP9" in applied.stdout
    assert "not in the file, kept: CP3" in applied.stdout


def test_it_says_its_version(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout == f"irve-bridge {version('irve-bridge')}\n"


def test_with_an_empty_log_file_it_serves_where_only_the_database_can_be_written(
    tmp_path: Path,
) -> None:
    """The container's root is read-only."""
    folder = tmp_path / "empty"
    folder.mkdir()
    changes = {"LOG_FILE": "", "WEB_PORT": "0", "OCPP_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "irve_bridge", "serve"],
        cwd=folder,
        env=os.environ
        | ENVIRONMENT
        | {"DATABASE_URL": f"sqlite:///{tmp_path / 'served.db'}"}
        | changes,
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stderr is not None
        assert any("started" in line for line in served.stderr)
        served.terminate()
        assert served.wait() == 0
    assert list(folder.iterdir()) == []


def test_a_tariff_is_judged_for_its_power(tmp_path: Path) -> None:
    good = run(tmp_path, "tariff", "check", "config/tariffs/ac.json", "--power-kw", "22")
    assert (good.returncode, "0.3900 gross" in good.stdout) == (0, True)
    unlawful = run(tmp_path, "tariff", "check", "config/tariffs/ac.json", "--power-kw", "50")
    assert unlawful.returncode == 1
    assert "2023/1804" in unlawful.stderr


def test_mistakes_end_with_one_sentence_and_no_trace(tmp_path: Path) -> None:
    mistakes = [
        run(tmp_path, "check", STRIPE_SECRET_KEY="nonsense"),
        run(tmp_path, "check", DATABASE_URL="oracle://x"),
        run(tmp_path, "serve", LOG_FILE=str(tmp_path / "nowhere" / "app.log")),
        run(tmp_path, "stations", "apply", "nowhere.yaml"),
        run(tmp_path, "sessions", "show", "ses_none"),
        run(tmp_path, "sessions", "decide", "ses_none", "0"),
    ]
    for mistake in mistakes:
        assert mistake.returncode == 1, mistake
        assert mistake.stderr.strip()
        assert "Traceback" not in mistake.stderr
    assert mistakes[2].stderr.startswith("LOG_FILE: ")


def test_a_second_bridge_on_the_same_database_is_refused(tmp_path: Path) -> None:
    """It would take the first one's charge points offline; it says so and changes nothing."""
    with alone(f"sqlite:///{tmp_path / 'cli.db'}"):
        second = run(tmp_path, "serve", WEB_PORT="0", OCPP_PORT="0", LOG_FILE="")
    assert second.returncode == 1
    assert "Another bridge runs on this database" in second.stderr
    assert "Traceback" not in second.stderr
