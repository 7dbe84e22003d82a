"""`irve-bridge qr`: what is printed leads to its connector, and printing it spoils nothing."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from irve_bridge.cli import labels, main
from irve_bridge.domain.charge_point import ChargePoint, CodeDisplay, Connector
from irve_bridge.service.codes import Codes, Signatures
from irve_bridge.service.ports import Stations
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.integration.operator.test_command_line import ENVIRONMENT, run
from tests.unit.domain.sessions import NOW

SECRET = "a-secret-of-the-operator"
CODES = Codes((SECRET,), Signatures.REQUIRED, timedelta(seconds=60))


def drawn(tmp_path: Path, *arguments: str, **changes: str) -> CompletedProcess[str]:
    """Register the stations of the example, and draw labels."""
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    return run(
        tmp_path, "qr", "--out", str(tmp_path / "qr"), *arguments, QR_SECRET=SECRET, **changes
    )


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "qr").iterdir())


def test_the_printed_code_is_the_address_that_the_bridge_lets_pass(tmp_path: Path) -> None:
    said = drawn(tmp_path)
    assert said.returncode == 0
    (code,) = zxingcpp.read_barcodes(Image.open(tmp_path / "qr" / "CP1-2.png"))
    assert f"{tmp_path / 'qr' / 'CP1-2.png'}  {code.text}\n" in said.stdout
    address = urlsplit(code.text)
    assert (address.scheme, address.netloc) == ("https", "charge.example.com")
    _, _, charge_point_id, number = address.path.split("/")
    (signature,) = parse_qs(address.query)["k"]
    CODES.judge(charge_point_id, int(number), NOW, signature=signature, token=None)
    assert (charge_point_id, number) == ("CP1", "2")


def test_every_connector_has_a_label_in_every_format_and_a_place_on_a4(tmp_path: Path) -> None:
    said = drawn(tmp_path)
    labels = ["CP1-1", "CP1-2", "CP2-1", "CP3-1"]
    wanted = [f"{label}.{format_}" for label in labels for format_ in ("pdf", "png", "svg")]
    assert files(tmp_path) == [*wanted, "a4-0001.pdf"]
    assert len(said.stdout.splitlines()) == len(wanted) + 1
    assert said.stderr == ""


def test_some_are_drawn_in_some_formats(tmp_path: Path) -> None:
    chosen = ("--charge-point", "CP2", "--station", "CP3", "--format", "svg,PDF")
    assert drawn(tmp_path, *chosen, "--language", "de").returncode == 0
    assert files(tmp_path) == ["CP2-1.pdf", "CP2-1.svg", "CP3-1.pdf", "CP3-1.svg"]
    assert "Scannen und" in (tmp_path / "qr" / "CP2-1.svg").read_text("utf-8")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "qr").mkdir()
    old = tmp_path / "qr" / "CP2-1.svg"
    old.write_text("old")
    with old.open() as opened:
        drawn(tmp_path, "--charge-point", "CP2", "--format", "svg")
        assert opened.read() == "old"
    assert old.read_text("utf-8").startswith("<?xml")
    assert files(tmp_path) == ["CP2-1.svg"]


async def test_a_code_that_only_a_display_shows_is_not_printed(tmp_path: Path) -> None:
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    display = CodeDisplay(vendor_id="com.example", data="{url}", only=True)
    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        point = await storage.read(lambda tx: tx.stations.charge_point("CP2"))
        assert point is not None
        await storage.transact(lambda tx: tx.stations.put(replace(point, display=display)))
    said = run(tmp_path, "qr", "--out", str(tmp_path / "qr"), "--format", "svg", QR_SECRET=SECRET)
    assert "CP2 has no label: its code is on its display alone, and changes." in said.stderr
    assert files(tmp_path) == ["CP1-1.svg", "CP1-2.svg", "CP3-1.svg"]
    printed = run(tmp_path, "qr", "--out", str(tmp_path / "qr"), "--format", "svg")
    assert (printed.stderr, "CP2-1.svg" in files(tmp_path)) == ("", True)


async def test_prices_that_are_not_in_force_are_not_printed(tmp_path: Path) -> None:
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        tariff = await storage.read(lambda tx: tx.stations.tariff("dc"))
        assert tariff is not None
        over = replace(tariff, end_date_time=NOW)
        await storage.transact(lambda tx: tx.stations.put(over))
    said = run(tmp_path, "qr", "--out", str(tmp_path / "qr"), "--format", "svg")
    assert said.stderr == "CP3/1 has no prices on it: no tariff is in force.\n"
    assert "Les prix sont affichés" in (tmp_path / "qr" / "CP3-1.svg").read_text("utf-8")
    assert "€" in (tmp_path / "qr" / "CP1-1.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--charge-point", "CP9"], "There is no charge point CP9."),
        (["--format", "gif"], "at most 4 of pdf, svg, png, a4, with commas"),
        (["--language", "fr,en,de"], "at most 2 of fr, en, de, es, it, nl, with commas"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    said = drawn(tmp_path, *arguments)
    assert said.returncode > 0
    assert sentence in said.stderr


def test_a_folder_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    folder = tmp_path / "file" / "qr"
    said = run(tmp_path, "qr", "--out", str(folder))
    assert said.returncode == 1
    assert said.stderr == f"Nothing can be written to {folder}: Not a directory.\n"


def test_without_a_charge_point_there_is_nothing_to_draw(tmp_path: Path) -> None:
    said = run(tmp_path, "qr", "--out", str(tmp_path / "qr"))
    assert said.returncode == 1
    assert said.stderr == "No charge point is registered: irve-bridge stations apply FILE\n"


async def test_a_fleet_is_read_drawn_and_forgotten_some_at_a_time(tmp_path: Path) -> None:
    """However many connectors there are, memory holds those of a hundred charge points."""
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        await storage.transact(lambda tx: _register(tx.stations, labels.BATCH - 1))
    said = run(tmp_path, "qr", "--out", str(tmp_path / "qr"), "--format", "a4", "--without-prices")
    assert said.stderr == ""
    assert [line.partition("  ")[2] for line in said.stdout.splitlines()] == [
        "101 labels",
        "2 labels",
    ]
    sheets = [PdfReader(tmp_path / "qr" / name) for name in files(tmp_path)]
    assert [len(sheet.pages) for sheet in sheets] == [26, 1]


def test_a_large_fleet_is_drawn_by_every_processor(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    logging_restored: None,
) -> None:
    """In the order in which one process draws a small one."""
    alone = drawn(tmp_path, "--format", "svg").stdout
    environment = ENVIRONMENT | {"DATABASE_URL": sqlite.made(tmp_path / "cli.db")}
    for name, value in (environment | {"QR_SECRET": SECRET}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(labels, "MANY", 1)
    words = ["--env-file", os.devnull, "qr", "--format", "svg", "--out", str(tmp_path / "qr")]
    assert main(words) == 0
    assert capfd.readouterr().out == alone


def _register(stations: Stations, count: int) -> None:
    for number in range(count):
        point = ChargePoint(
            id=f"F{number:05}", name="Parking", operator_name="Recharge", operator_phone="112"
        )
        stations.put(point)
        evse_id = f"FR*EXA*E{number:05}*1"
        stations.put(
            Connector(
                charge_point_id=point.id,
                number=1,
                evse_id=evse_id,
                power_w=22_000,
                tariff_id="ac",
            )
        )
