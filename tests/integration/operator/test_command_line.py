"""The command line, as a process of its own."""

import json
import os
import re
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from irve_bridge.cli.common import PAGE
from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.session import State
from irve_bridge.service.ports import Tx
from irve_bridge.storage import open_storage
from irve_bridge.storage.alone import alone
from tests import command_line, sqlite
from tests.unit.domain.sessions import NOW, session

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    "STRIPE_SECRET_KEY": "sk_test_cli",
    "STRIPE_WEBHOOK_SECRET": "whsec_cli",
    "BASE_URL": "https://charge.example.com",
    "COLUMNS": "200",
}


def run(tmp_path: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = ENVIRONMENT | {"DATABASE_URL": sqlite.made(tmp_path / "cli.db")} | changes
    return command_line.run(arguments, os.environ | environment, ROOT)


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
    assert "connected accounts" not in ready.stdout
    assert "FR*EXA*E0003*1" in run(tmp_path, "stations", "list").stdout
    drawn = run(tmp_path, "qr", "--out", str(tmp_path / "qr"), "--format", "svg")
    assert "https://charge.example.com/s/CP1/2\n" in drawn.stdout
    assert (tmp_path / "qr" / "CP1-2.svg").read_text().startswith("<?xml")


def test_check_refuses_real_money_on_pages_that_no_driver_reaches(tmp_path: Path) -> None:
    """Printed labels would name this very machine."""
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    for base_url, status in (("http://127.0.0.1:8080", 1), ("https://charge.example.com", 0)):
        live = {"STRIPE_SECRET_KEY": "sk_live_example", "BASE_URL": base_url}
        checked = run(tmp_path, "check", **live)
        assert (checked.returncode, "No driver reaches" in checked.stdout) == (status, status == 1)


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_migrating_says_from_which_schema_to_which(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    done = run(tmp_path, "migrate", DATABASE_URL=request.getfixturevalue(kind))
    assert done.returncode == 0
    assert re.search(r"has schema \d{4} already", done.stdout)
    made = run(tmp_path, "migrate", DATABASE_URL=f"sqlite:///{tmp_path}/new/bridge.db")
    assert re.search(r"brought from nothing to schema \d{4}", made.stdout)


def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    refused = run(tmp_path, "check", DATABASE_URL="postgresql://u:secret@127.0.0.1:1/db")
    assert refused.returncode == 1
    assert refused.stderr.startswith("The database cannot be reached (DATABASE_URL): ")
    assert "secret" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


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


async def test_what_a_charge_point_refuses_is_told_by_list_and_check(tmp_path: Path) -> None:
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    key = ConfigurationKey(key="HeartbeatInterval", value="0", read_at=NOW, refused="Rejected")
    good = ConfigurationKey(
        key="MeterValuesSampledData", value="SoC", read_at=NOW, missing=("Power.Active.Import",)
    )
    more = ConfigurationKey(key="NumberOfConnectors", value="2", read_at=NOW)
    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        await storage.transact(lambda tx: tx.configuration.replace("CP2", [key, good, more]))
    sentence = "CP2 refuses what payment needs: HeartbeatInterval=0 (Rejected)\n"
    listed = run(tmp_path, "stations", "list").stdout
    assert sentence in listed
    assert "CP2 does not tell while it charges: Power.Active.Import\n" in listed
    assert "CP2 says that it has 2 connectors: 1 registered.\n" in listed
    checked = run(tmp_path, "check")
    assert (sentence in checked.stdout, checked.returncode) == (True, 0)


def test_check_asks_for_the_second_endpoint_where_a_station_is_another_operator_s(
    tmp_path: Path,
) -> None:
    """Without it, what a connected account is paid would be seen late."""
    text = (ROOT / "config" / "stations.yaml").read_text(encoding="utf-8")
    file = tmp_path / "stations.yaml"
    connected = text.replace("id: CP3", "id: CP3\n    account: acct_lyon")
    file.write_text(connected.replace("tariffs/", f"{ROOT}/config/tariffs/"))
    run(tmp_path, "stations", "apply", str(file))
    said = " ".join(run(tmp_path, "check").stdout.split())
    assert "second one, for events of connected accounts" in said
    assert "stations are of acct_lyon." in said
    assert "STRIPE_WEBHOOK_SECRET takes both" in said


def test_check_names_who_cannot_come_in_and_files_that_cannot_be_used(tmp_path: Path) -> None:
    text = (ROOT / "config" / "stations.yaml").read_text(encoding="utf-8")
    file = tmp_path / "stations.yaml"
    file.write_text(
        text.replace("id: CP2", "id: CP2\n    security_profile: 3").replace(
            "tariffs/", f"{ROOT}/config/tariffs/"
        )
    )
    assert run(tmp_path, "stations", "apply", str(file)).returncode == 0
    checked = run(tmp_path, "check")
    assert checked.returncode == 1
    assert "CP2 cannot connect with security profile 3: OCPP_CLIENT_CA" in checked.stdout
    assert run(tmp_path, "check", OCPP_TRUSTED_PROXIES="10.0.0.2").returncode == 0
    files = {"OCPP_TLS_CERTIFICATES": str(file), "OCPP_TLS_KEYS": str(file)}
    for action in ("check", "serve"):
        refused = run(tmp_path, action, LOG_FILE="", OCPP_PORT="0", WEB_PORT="0", **files)
        assert refused.returncode == 1
        assert str(file) in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_profile_is_lowered_only_where_a_charge_point_was_replaced(tmp_path: Path) -> None:
    text = (ROOT / "config" / "stations.yaml").read_text(encoding="utf-8")
    text = text.replace("tariffs/", f"{ROOT}/config/tariffs/")
    file = tmp_path / "stations.yaml"
    file.write_text(text.replace("id: CP2", "id: CP2\n    security_profile: 3"))
    run(tmp_path, "stations", "apply", str(file))
    file.write_text(text.replace("id: CP2", "id: CP2\n    security_profile: 0"))
    refused = run(tmp_path, "stations", "apply", str(file))
    assert refused.returncode == 1
    assert "never lowered" in refused.stderr
    unknown = run(tmp_path, "stations", "apply", str(file), "--replaced", "CP99")
    assert "CP99 is not in the file" in unknown.stderr
    applied = run(tmp_path, "stations", "apply", str(file), "--replaced", "CP2")
    assert (applied.returncode, "~ charge point CP2" in applied.stdout) == (0, True)


async def test_check_names_the_stations_whose_operator_no_receipt_can_name(tmp_path: Path) -> None:
    """They were registered before the file had to say who operates them."""
    run(tmp_path, "stations", "apply", "config/stations.yaml")
    assert run(tmp_path, "check").returncode == 0
    old = ChargePoint(id="OLD", name="", operator_name="Someone", operator_phone="1")
    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        await storage.transact(lambda tx: tx.stations.put(old))
    checked = run(tmp_path, "check")
    assert checked.returncode == 1
    assert "who operates OLD by SIREN or VAT number" in " ".join(checked.stdout.split())


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
        stdout=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stdout is not None
        assert any("started" in line for line in served.stdout)
        served.terminate()
        assert served.wait() == 0
    assert list(folder.iterdir()) == []


def test_a_tariff_is_judged_for_its_power(tmp_path: Path) -> None:
    good = run(tmp_path, "tariff", "check", "config/tariffs/ac.json", "--power-kw", "22")
    assert (good.returncode, "Énergie: 0,39\N{NO-BREAK SPACE}€/kWh" in good.stdout) == (0, True)
    unlawful = run(tmp_path, "tariff", "check", "config/tariffs/ac.json", "--power-kw", "50")
    assert unlawful.returncode == 1
    assert "2023/1804" in unlawful.stderr


def test_a_charge_is_priced_before_anybody_charges(tmp_path: Path) -> None:
    priced = run(
        tmp_path, "tariff", "price", "config/tariffs/ac.json", "--energy", "20", "--minutes", "60"
    )
    assert (priced.returncode, "8,70" in priced.stdout) == (0, True)
    by_power = ("--energy", "20", "--power-kw", "11", "--at", "2026-07-14T18:00")
    assert run(tmp_path, "tariff", "price", "config/tariffs/ac.json", *by_power).returncode == 0
    for wrong in ("--energy=-5", "--energy=NaN", "--time-zone=Mars/Base", "--at=0001-01-01"):
        refused = run(tmp_path, "tariff", "price", "config/tariffs/ac.json", wrong)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr


def test_mistakes_end_with_one_sentence_and_no_trace(tmp_path: Path) -> None:
    mistakes = [
        run(tmp_path, "check", STRIPE_SECRET_KEY="nonsense"),
        run(tmp_path, "check", DATABASE_URL="oracle://x"),
        run(tmp_path, "serve", LOG_FILE=str(tmp_path / "nowhere" / "app.log")),
        run(tmp_path, "stations", "apply", "nowhere.yaml"),
        run(tmp_path, "sessions", "show", "ses_none"),
        run(tmp_path, "sessions", "decide", "ses_none", "0"),
        run(tmp_path, "sessions", "refund", "ses_none", "--reason", "none"),
        run(tmp_path, "sessions", "evidence", "ses_none"),
    ]
    for mistake in mistakes:
        assert mistake.returncode == 1, mistake
        assert mistake.stderr.strip()
        assert "Traceback" not in mistake.stderr
    assert mistakes[2].stderr.startswith("LOG_FILE: ")


@pytest.fixture
async def ended(tmp_path: Path) -> Path:
    """A database with a charge that is due, one that is disputed, and one that is paid."""
    due = {
        "state": State.DUE,
        "secured_minor": 3000,
        "decided_minor": 652,
        "due_since": NOW,
        "outcome": "lost_card",
    }
    paid = {
        "state": State.SETTLED,
        "decided_minor": 500,
        "paid_minor": 500,
        "payment_intent_id": "pi_1",
        "ended_at": NOW,
    }
    found = [
        session(id="ses_due", token="t1", id_tag="A1", connector_number=1, **due),
        session(id="ses_paid", token="t2", id_tag="A2", connector_number=2, **paid),
        session(id="ses_lost", token="t3", id_tag="A3", connector_number=3, dispute="lost", **paid),
    ]
    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        await storage.transact(lambda tx: [tx.sessions.add(each, NOW) for each in found])
    return tmp_path


def test_what_is_due_is_listed_with_what_time_brings(ended: Path) -> None:
    shown = run(ended, "sessions", "debts", CLOCK_EPOCH=str(NOW.timestamp()))
    assert shown.returncode == 0, shown.stderr
    assert "ses_due" in shown.stdout
    assert "652 EUR" in shown.stdout
    assert "lost_card" in shown.stdout
    assert "never" in shown.stdout
    assert "ses_paid" not in shown.stdout


def test_disputes_are_listed_however_they_stand(ended: Path) -> None:
    shown = run(ended, "sessions", "disputes", "--days", "3650")
    assert shown.returncode == 0, shown.stderr
    assert "ses_lost" in shown.stdout
    assert "500 EUR" in shown.stdout
    assert "ses_paid" not in shown.stdout


def test_a_refund_is_stored_for_the_running_bridge_to_make(ended: Path) -> None:
    asked = ("sessions", "refund", "ses_paid", "--amount", "200", "--reason", "cable faulty")
    first = run(ended, *asked)
    assert (first.returncode, "300 EUR remain paid" in first.stdout) == (0, True), first
    again = run(ended, *asked)
    assert again.returncode == 1
    assert "under way" in again.stderr
    assert run(ended, "sessions", "refund", "ses_due", "--reason", "x").returncode == 1
    assert run(ended, "sessions", "refund", "ses_paid").returncode == 2


def test_a_debt_is_lowered_and_then_forgiven(ended: Path) -> None:
    assert run(ended, "sessions", "decide", "ses_due", "653").returncode == 1
    lowered = run(ended, "sessions", "decide", "ses_due", "300")
    assert "ses_due is due" in lowered.stdout
    forgiven = run(ended, "sessions", "decide", "ses_due", "0")
    assert "ses_due is written_off" in forgiven.stdout


def test_evidence_is_json_on_the_terminal_or_in_a_file(ended: Path) -> None:
    shown = json.loads(run(ended, "sessions", "evidence", "ses_lost").stdout)
    file = ended / "evidence.json"
    written = run(ended, "sessions", "evidence", "ses_lost", "--out", str(file))
    assert written.returncode == 0, written.stderr
    assert json.loads(file.read_text("utf-8")) == shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "it says who the driver is"
    assert shown["session_id"] == "ses_lost"
    assert shown["amounts"]["paid"] == 500


def test_a_second_bridge_on_the_same_database_is_refused(tmp_path: Path) -> None:
    """It would take the first one's charge points offline; it says so and changes nothing."""
    with alone(sqlite.made(tmp_path / "cli.db")):
        second = run(tmp_path, "serve", WEB_PORT="0", OCPP_PORT="0", LOG_FILE="")
    assert second.returncode == 1
    assert "Another bridge runs on this database" in second.stderr
    assert "Traceback" not in second.stderr


async def test_a_list_is_whole_however_long(tmp_path: Path) -> None:
    def unit(tx: Tx) -> None:
        for number in range(PAGE + 1):
            reservation = Reservation(
                charge_point_id="CP1",
                id=number,
                connector_number=1,
                id_tag=f"TAG{number}",
                made_at=NOW,
                expires_at=NOW.replace(year=2099),
            )
            tx.reservations.put(reservation)

    async with open_storage(sqlite.made(tmp_path / "cli.db")) as storage:
        await storage.transact(unit)
    listed = run(tmp_path, "charge-points", "reservations").stdout
    assert listed.count("TAG") == PAGE + 1


def test_the_tags_of_own_customers_are_applied_and_listed(tmp_path: Path) -> None:
    tags = tmp_path / "tags.csv"
    tags.write_text("id_tag,name\n04ab,Ada\n04ac,Grace\n")
    applied = run(tmp_path, "id-tags", "apply", str(tags))
    assert applied.stdout.splitlines() == [
        "+ 04AB Accepted",
        "+ 04AC Accepted",
        "2 changes applied.",
    ]
    put = run(tmp_path, "id-tags", "put", "04ab", "--status", "Blocked", "--expires", "2027-01-31")
    assert put.stdout == "04AB is Blocked.\n"
    assert run(tmp_path, "id-tags", "remove", "04AC").returncode == 0
    again = run(tmp_path, "id-tags", "remove", "04AC")
    assert (again.returncode, again.stderr) == (1, "There is no id tag 04AC.\n")
    listed = run(tmp_path, "id-tags", "list").stdout
    assert "Blocked" in listed
    assert "04AC" not in listed


def test_accounts_are_made_and_changed_with_passwords_from_stdin(tmp_path: Path) -> None:
    """Never from an argument, which everybody on the machine sees."""
    environment = os.environ | ENVIRONMENT | {"DATABASE_URL": sqlite.made(tmp_path / "cli.db")}

    def said(*words: str, password: str = "") -> tuple[int, str]:
        ended = command_line.run(("accounts", *words), environment, ROOT, password)
        return ended.returncode, ended.stdout + ended.stderr

    long = "correct horse battery staple\n"
    assert said("add", "Claire", "--role", "operator", password=long)[0] == 0
    status, text = said("add", "claire", password=long)
    assert (status, "already" in text) == (1, True)
    status, text = said("add", "victor", password="short\n")
    assert (status, "at least 12 characters" in text) == (1, True)
    assert said("add", "no name", password=long)[0] == 1
    assert said("password", "claire", password="another horse, another staple\n")[0] == 0
    assert said("role", "claire", "viewer")[0] == 0
    assert said("disable", "claire")[0] == 0
    listed = said("list")[1]
    assert re.search(r"claire\s+│ viewer\s+│ [\d-]+ [\d:]+\s+│ [\d-]+ [\d:]+", listed)
    assert said("enable", "claire")[0] == 0
    assert said("disable", "nobody")[0] == 1
