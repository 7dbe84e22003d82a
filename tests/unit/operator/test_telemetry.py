"""Logs carry what happened, and never a secret."""

import io
import json
import logging
from dataclasses import dataclass
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
    "Basic Q1AxOmhvcnNlIGJhdHRlcnk=",
    "/c/Zm9vYmFyYmF6cXV4cXV1eA",
]


@pytest.fixture
def log_file(tmp_path: Path, logging_restored: None) -> Path:
    telemetry.configure("INFO", str(tmp_path / "app.log"))
    return tmp_path / "app.log"


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


def test_with_a_file_the_terminal_is_told_warnings_only(
    tmp_path: Path, logging_restored: None
) -> None:
    """No line of a working bridge is masked and written twice."""
    terminal = io.StringIO()
    telemetry.configure("INFO", str(tmp_path / "app.log"), terminal)
    structlog.get_logger().info("usual")
    structlog.get_logger().warning("unusual")
    lines = (tmp_path / "app.log").read_text("utf-8").splitlines()
    written = [json.loads(line)["event"] for line in lines]
    assert written == ["usual", "unusual"]
    assert ("unusual" in terminal.getvalue(), " usual" in terminal.getvalue()) == (True, False)


def test_without_a_file_the_terminal_is_told_all(logging_restored: None) -> None:
    terminal = io.StringIO()
    telemetry.configure("INFO", None, terminal)
    structlog.get_logger().info("usual")
    assert "usual" in terminal.getvalue()


FRAME = b'[2,"17","StartTransaction",{"connectorId":1,"idTag":"B4F63C1A90","meterStart":0}]'


@dataclass
class Told:
    id_tag: str
    energy_wh: int


@pytest.mark.parametrize(
    "value",
    [
        FRAME,
        FRAME.decode(),
        FRAME[:60],
        str(FRAME),
        json.dumps({"frame": FRAME.decode()}),
        {"idTag": "B4F63C1A90"},
        [{"request": ({"id_tag": b"B4F63C1A90"},)}],
        {"sent": {"headers": [b"Bearer B4F63C1A90"]}},
        {"https://charge.example.com/c/B4F63C1A90aaaaaaaaaa": 1},
        ValueError("no such tag", {"parentIdTag": "B4F63C1A90"}),
        Told(id_tag="B4F63C1A90", energy_wh=12),
    ],
    ids=repr,
)
def test_a_secret_is_masked_however_deep_it_lies(log_file: Path, value: object) -> None:
    """In raw frames, whole or cut off, in mappings, lists, exceptions and other objects."""
    structlog.get_logger().warning("frame ignored", frame=value)
    written = log_file.read_text(encoding="utf-8")
    assert "B4F63C1A90" not in written
    assert telemetry.MASK in written


KEY = "B4F63C1A90" * 4
CHANGE = f'[2,"17","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{KEY}"}}]'


@dataclass
class ChangeConfiguration:
    key: str
    value: str


@pytest.mark.parametrize(
    "value",
    [
        CHANGE,
        CHANGE[:70].encode(),
        f'[3,"1",{{"configurationKey":[{{"value":"{KEY}","key":"AuthorizationKey"}}]}}]',
        {"key": "authorizationKey", "value": KEY},
        [{"payload": {"key": "AuthorizationKey", "value": KEY}}],
        ChangeConfiguration("AuthorizationKey", KEY),
        {"call": ChangeConfiguration("AuthorizationKey", KEY)},
    ],
    ids=repr,
)
def test_a_charge_points_key_is_masked_although_it_is_called_a_value(
    log_file: Path, value: object
) -> None:
    """OCPP 1.6 security whitepaper A01.FR.09."""
    structlog.get_logger().info("asked", request=value)
    written = log_file.read_text(encoding="utf-8")
    assert KEY[:20] not in written
    assert telemetry.MASK in written


def test_what_is_no_secret_stays_readable(log_file: Path) -> None:
    structlog.get_logger().warning("frame ignored", frame=FRAME, said={"wh": [12, None, True]})
    line = json.loads(log_file.read_text(encoding="utf-8"))
    assert line["frame"] == FRAME.decode().replace("B4F63C1A90", telemetry.MASK)
    assert line["said"] == {"wh": [12, None, True]}


def test_without_a_file_the_log_goes_to_the_terminal_only(tmp_path: Path, log_file: Path) -> None:
    for handler in logging.root.handlers:
        handler.close()
    telemetry.configure("INFO", "")
    assert [type(handler) for handler in logging.root.handlers] == [logging.StreamHandler]


def test_each_line_of_the_file_is_json_with_its_context(log_file: Path) -> None:
    with structlog.contextvars.bound_contextvars(session_id="ses_1"):
        structlog.get_logger().info("charging_started", energy_wh=12)
    logging.getLogger("library").warning("plain")
    lines = [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["event"] == "charging_started"
    assert (lines[0]["session_id"], lines[0]["energy_wh"]) == ("ses_1", 12)
    assert lines[1]["level"] == "warning"
