"""The systemd unit: it starts the bridge as nobody in particular, and gives a stop its time."""

import shlex
import subprocess
from pathlib import Path

import pytest

from irve_bridge import cli
from irve_bridge.settings import Settings

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "config" / "systemd" / "irve-bridge.service"


@pytest.fixture(scope="module")
def service() -> dict[str, list[str]]:
    """The directives of [Service]; some stand there more than once."""
    section, found = "", {}
    for line in UNIT.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def environment(service: dict[str, list[str]]) -> dict[str, str]:
    assignments = [each for line in service["Environment"] for each in shlex.split(line)]
    return dict(each.split("=", 1) for each in assignments)


def test_it_runs_a_command_that_there_is(service: dict[str, list[str]]) -> None:
    program, *words = shlex.split(service["ExecStart"][0])
    assert Path(program).name == "irve-bridge"
    assert cli.parser().parse_args(words).command.__name__ == "serve_bridge"


def test_it_writes_only_where_the_database_lies(service: dict[str, list[str]]) -> None:
    given = environment(service)
    assert given["DATABASE_URL"].startswith(f"sqlite:////var/lib/{service['StateDirectory'][0]}/")
    assert given["LOG_FILE"] == ""
    assert service["ProtectSystem"] == ["strict"]
    assert service["DynamicUser"] == ["yes"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""]


def test_what_it_sets_are_settings_and_secrets_are_credentials(
    service: dict[str, list[str]],
) -> None:
    given = environment(service)
    credentials = {each.partition(":")[0] for each in service["LoadCredential"]}
    files = {name: value for name, value in given.items() if value.startswith("%d/")}
    assert {value.removeprefix("%d/") for value in files.values()} == credentials
    assert {f"{name}_file".upper() for name in Settings.secrets()} >= set(files)
    settings = {name.upper() for name in Settings.model_fields}
    assert set(given) - set(files) - settings == {"PYTHONUNBUFFERED"}


def test_a_stop_has_the_time_it_takes(service: dict[str, list[str]]) -> None:
    shutdown_s = Settings.model_fields["shutdown_s"].default
    assert float(service["TimeoutStopSec"][0]) > shutdown_s
    assert service["Restart"] == ["on-failure"]
    assert int(service["LimitNOFILE"][0]) > 65_536


def test_systemd_understands_it(tmp_path: Path) -> None:
    """As it is, but with a program that is here."""
    file = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    file.write_text(text.replace("/opt/irve_bridge/venv/bin/irve-bridge", "/bin/true"), "utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", file], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
