"""How far a command is, is told to people alone."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import sqlite
from tests.integration.operator.test_command_line import ENVIRONMENT, ROOT, run

LONG = {
    "qr": ("qr", "--format", "svg", "--charge-point", "CP2", "--out", "qr"),
    "backup": ("backup", "copy.db"),
    "migrate": ("migrate",),
}
SHOWN = {"qr": b"Drawing labels", "backup": b"Copying", "migrate": b"Bringing"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    return tmp_path


@pytest.mark.parametrize("name", LONG)
def test_a_terminal_shows_it_and_standard_output_does_not(folder: Path, name: str) -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | ENVIRONMENT | {"TERM": "xterm", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "irve_bridge", "--env-file", os.devnull, *LONG[name]],
        env=environment | {"DATABASE_URL": sqlite.made(folder / "cli.db")},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b"".join(_said(ours))
    os.close(ours)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert SHOWN[name] in shown
    assert SHOWN[name] not in out
    assert b"\x1b" not in out


@pytest.mark.parametrize("name", LONG)
def test_a_file_is_spared_it(folder: Path, name: str) -> None:
    words = [str(folder / word) if word in ("qr", "copy.db") else word for word in LONG[name][1:]]
    said = run(folder, LONG[name][0], *words)
    assert (said.returncode, said.stderr) == (0, "")


def _said(terminal: int) -> Iterator[bytes]:
    with suppress(OSError):  # which Linux raises once the other end is closed
        while said := os.read(terminal, 65536):
            yield said
