"""Logs carry what happened, and never a secret."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from irve_bridge import telemetry

SECRETS = [
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw",
    "4242 4242 4242 4242",
    "pi_3Mt_secret_YrKJUKribcBjcG8HVhfZluoGH",
    "Bearer abcdefghijklmnop",
    "/c/Zm9vYmFyYmF6cXV4cXV1eA",
]


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    root, level = list(logging.root.handlers), logging.root.level
    telemetry.configure("INFO", str(tmp_path / "app.log"))
    yield tmp_path / "app.log"
    for handler in logging.root.handlers:
        handler.close()
    logging.root.handlers[:] = root
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_reaches_the_log(log_file: Path, secret: str) -> None:
    """Neither as a value of its own, nor inside a sentence, nor in a trace."""
    log = structlog.get_logger()
    sentence = f"said {secret} once"
    log.info(sentence, detail=f"x {secret}", stripe_secret_key=secret)
    logging.getLogger("library").warning("said %s too", secret)
    try:
        int(secret)
    except ValueError:
        log.exception("failed")
    written = log_file.read_text(encoding="utf-8")
    assert secret.rsplit(maxsplit=1)[-1].rsplit("/", 1)[-1] not in written
    assert written.count(telemetry.MASK) >= 4


def test_each_line_of_the_file_is_json_with_its_context(log_file: Path) -> None:
    with structlog.contextvars.bound_contextvars(session_id="ses_1"):
        structlog.get_logger().info("charging_started", energy_wh=12)
    logging.getLogger("library").warning("plain")
    lines = [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["event"] == "charging_started"
    assert (lines[0]["session_id"], lines[0]["energy_wh"]) == ("ses_1", 12)
    assert lines[1]["level"] == "warning"
