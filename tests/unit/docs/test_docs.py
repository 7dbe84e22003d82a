"""README and docs say what is true of the code."""

import argparse
import ast
import importlib.util
import re
import shlex
import shutil
import threading
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from irve_bridge import cli, stations
from irve_bridge.csms import CallbackHand
from irve_bridge.domain import diagram
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import State
from irve_bridge.payments.events import MOVED_LATER
from irve_bridge.service.callbacks import callback
from irve_bridge.service.ports import Attempt, Done, Failed, Outcome, Task
from irve_bridge.settings import Settings
from irve_bridge.telemetry.metrics import OURS
from tests.unit.domain.sessions import NOW, session

ROOT = Path(__file__).parents[3]
PAPERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SECRET = "whsec_dGhlIHNlY3JldCBrZXkgb2YgdGhlIENTTVM="
OTHER = "whsec_" + "A" * 32
PLACES = {"AMOUNT_MINOR": "100", "KWH": "20", "MINUTES": "30", "ACTION": "Reset"}
"""What stands for a number or a choice, and such a one."""
GUIDES = ["guide-operateur.md", "operator-guide.md"]
every_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)


def code(paper: Path) -> str:
    """What a paper sets as code, in blocks or in a line."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", paper.read_text("utf-8"), re.DOTALL))


def block(paper: Path, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", paper.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_lifecycle_is_the_table_of_the_code() -> None:
    """`python -m irve_bridge.domain.diagram` prints what must stand there."""
    assert diagram.document() in (ROOT / "docs" / "lifecycle.md").read_text("utf-8")


def test_every_metric_is_explained() -> None:
    told = code(ROOT / "docs" / "operating.md")
    kinds = {"counter": "_total"}
    metrics = {metric.name + kinds.get(metric.type, "") for metric in OURS.collect()}
    assert {name for name in metrics if f"`{name}`" not in told} == set()


@every_paper
def test_every_link_leads_to_a_file(paper: Path) -> None:
    links = re.findall(r"\]\((?!\w+:|#)([^)#]+)", paper.read_text("utf-8"))
    assert [link for link in links if not (paper.parent / link).exists()] == []


def test_every_room_is_on_the_map() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"\]\(irve_bridge/(\w+)\)", readme))
    rooms = {path.parent.name for path in (ROOT / "irve_bridge").glob("*/__init__.py")}
    assert rooms - named == {"cli"}, "which the house's commands are"


@every_paper
def test_every_make_target_exists(paper: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z-]+)", code(paper), re.MULTILINE)
    assert set(named) <= set(targets)


@every_paper
def test_every_command_exists(paper: Path) -> None:
    """One that is written out with what it takes is read by the parser itself."""
    assert [line for line in commands(paper) if not understood(line)] == []


def commands(paper: Path) -> list[str]:
    """Return what follows each `irve-bridge` in a paper's code, up to a comment or a pipe."""
    told = re.sub(r"\\\n\s*", " ", code(paper))
    named = re.findall(r"irve-bridge((?: +(?:'[^'\n]*'|[^\s'`|>#;&]+))+)", told)
    return [words.strip().removeprefix("… ") for words in named if words.strip() != "…"]


def test_both_guides_name_the_events_that_stripe_must_send() -> None:
    """The same as README, and all that are asked for when a webhook was lost."""
    kinds = r"`((?:checkout|payment_intent|setup_intent|refund|charge)\.[a-z_.]+)`"
    listed = r"(?:- (?:`[a-z_.]+`,?\s+)+)+"

    def named(paper: Path) -> set[str]:
        found = re.search(rf"(?m)^{listed}", paper.read_text("utf-8"))
        assert found is not None
        return set(re.findall(kinds, found[0]))

    docs = ROOT / "docs"
    wanted = named(ROOT / "README.md")
    assert wanted > set(MOVED_LATER)
    assert named(docs / "guide-operateur.md") == named(docs / "operator-guide.md") == wanted


@pytest.mark.parametrize("guide", GUIDES)
def test_the_guide_tells_what_to_do_in_every_state_that_is_not_an_end(guide: str) -> None:
    rows = re.findall(
        r"^\| `([a-z]+)` \|", (ROOT / "docs" / guide).read_text("utf-8"), re.MULTILINE
    )
    assert set(rows) == {state.value for state in State} - {state.value for state in DONE}


def test_both_guides_have_the_same_commands() -> None:
    """But for what they are given, where that is text or a file."""
    french, english = (
        [re.match(r"(?:[a-z][a-z-]*(?: |$))+", line) for line in commands(ROOT / "docs" / name)]
        for name in GUIDES
    )
    assert [found and found[0] for found in french] == [found and found[0] for found in english]


def test_every_event_that_is_worth_an_alert_is_logged_by_that_name() -> None:
    operating = (ROOT / "docs" / "operating.md").read_text("utf-8")
    table = operating[operating.index("Worth an alert:") :].partition("\n#")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    named = {event for row in rows for event in re.findall(r"`([^`]+)`", row)}
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "irve_bridge").rglob("*.py"))
    assert len(named) > 15
    assert [event for event in sorted(named) if f'"{event}"' not in source] == []


def understood(line: str) -> bool:
    """Return whether a command is there, and takes what it is given, if it is given anything."""
    words = [PLACES.get(word, word) for word in shlex.split(line)]
    parser: argparse.ArgumentParser = cli.parser()
    for place, word in enumerate(words):
        choices = [a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not choices:
            return taken(words) if words[place:] else True
        if word not in choices[0]:
            return word.startswith("-") and taken(words)
        parser = choices[0][word]
    return True


def taken(words: list[str]) -> bool:
    try:
        cli.parser().parse_args(words)
    except SystemExit as end:
        return end.code == 0
    return True


def test_what_no_command_takes_is_noticed() -> None:
    assert understood("sessions list --state review")
    assert understood("sessions decide")
    assert not understood("sessions divide")
    assert not understood("sessions decide SESSION_ID much")
    assert not understood("qr --out qr --format gif")


@every_paper
def test_every_module_that_is_run_exists(paper: Path) -> None:
    named = re.findall(r"python -m ([\w.]+)", code(paper))
    assert [module for module in named if importlib.util.find_spec(module) is None] == []


def test_the_stations_file_can_be_applied(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config" / "tariffs", tmp_path / "tariffs")
    file = tmp_path / "stations.yaml"
    file.write_text(block(ROOT / "docs" / "operating.md", "yaml"), "utf-8")
    assert list(stations.read(file).charge_points) == ["PARIS-01"]


def test_every_setting_stands_in_the_operator_s_table() -> None:
    """`WEB_…` names all that begin so; what names none is no longer a setting."""
    section = (ROOT / "docs" / "operating.md").read_text("utf-8").split("\n## Settings\n")[1]
    rows = re.findall(r"^\|(.*?)\|", section.split("\n## ")[0], re.MULTILINE)
    named = re.findall(r"`([A-Z_]+)(…?)`", "".join(rows))
    settings = [name.upper() for name in Settings.model_fields]
    fit = [
        [s for s in settings if s == name or (more and s.startswith(name))] for name, more in named
    ]
    assert [name for (name, _), fitting in zip(named, fit, strict=True) if not fitting] == []
    assert sorted(set(settings) - {each for fitting in fit for each in fitting}) == []


async def test_the_receiver_takes_what_the_bridge_signs_and_nothing_else() -> None:
    """While secrets rotate the bridge signs with both, so that either side may change first."""
    source = block(ROOT / "README.md", "python").replace("whsec_…", SECRET)
    receiver: dict[str, Any] = {}
    exec(source.partition("\nHTTPServer(")[0], receiver)
    with HTTPServer(("127.0.0.1", 0), receiver["Callbacks"]) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            assert isinstance(await send(url, SECRET), Done)
            assert isinstance(await send(url, OTHER), Failed)
            assert isinstance(await send(url, OTHER, SECRET), Done), "the receiver knows one yet"
        finally:
            server.shutdown()
            serving.join()
    assert receiver["seen"] == {"ses_1.7"}


async def send(url: str, *secrets: str) -> Outcome:
    """Send one callback as the bridge does, once, signed with these."""
    intent = callback(session(), "payment_succeeded", 7, NOW)
    attempt = Attempt(number=1, key="k", request=intent.parameters, started_at=NOW)
    task = Task(
        intent_id=1,
        lease="l",
        subject="ses_1",
        owner=session(),
        intent=intent,
        attempt=attempt,
        created_at=NOW,
        tries=1,
    )
    async with aiohttp.ClientSession() as http:
        hand = CallbackHand(http, url, secrets, delays=())
        return await hand.perform(task)


@pytest.mark.parametrize(
    ("paper", "rows_least"),
    [("failures.md", 50), ("metering.md", 35), ("quirks.md", 30), ("threat-model.md", 40)],
)
def test_every_row_names_tests_that_exist(paper: str, rows_least: int) -> None:
    """A table of failures would be a promise without proof: each row has one, in its file."""
    lines = (ROOT / "docs" / paper).read_text("utf-8").splitlines()
    rows = [line.split("|")[-2].strip() for line in lines if line.count("|") > 4]
    proofs = [row.split(", ") for row in rows if row not in {"shown by", "---"}]
    assert len(proofs) > rows_least
    assert [named for row in proofs for named in row if not exists(named)] == []


def test_every_quirk_of_a_meter_stands_in_the_table() -> None:
    """A rule that only its test knows would be nobody's to rely on."""
    paper = (ROOT / "docs" / "metering.md").read_text("utf-8")
    for name in ("unit/domain/test_meter_quirks.py", "integration/charge_points/test_clocks.py"):
        source = (ROOT / "tests" / name).read_text("utf-8")
        tests = re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE)
        assert [test for test in tests if f"`{name}::{test}`" not in paper] == []


def test_every_quirk_has_one_test_named_after_its_thread() -> None:
    """And every test of tests/quirks stands in the table."""
    paper = (ROOT / "docs" / "quirks.md").read_text("utf-8")
    rows = re.findall(r"\| \[([\w./-]+)#(\d+)\]\(.*::(test_\w+)` \|$", paper, re.MULTILINE)
    named = [test for _, _, test in rows]
    for repository, number, test in rows:
        thread = re.sub(r"\W", "_", f"{repository}_{number}").lower()
        assert test.startswith(f"test_{thread}_")
    sources = [file.read_text("utf-8") for file in (ROOT / "tests" / "quirks").glob("test_*.py")]
    tests = re.findall(r"^(?:async )?def (test_\w+)", "\n".join(sources), re.MULTILINE)
    assert sorted(named) == sorted(tests)


def test_every_outcome_of_a_meter_is_one_of_three() -> None:
    lines = (ROOT / "docs" / "metering.md").read_text("utf-8").splitlines()
    rows = [line.split("|") for line in lines if line.startswith("| ")]
    outcomes = {row[3].strip() for row in rows if len(row) == 6}
    assert outcomes == {"outcome", "billed", "last trusted", "review"}


def exists(named: str) -> bool:
    """Return whether `folder/test_file.py::test_name`, in backquotes, is a test under tests/."""
    cited = re.fullmatch(r"`([\w/]+\.py)::(test_\w+)`", named)
    if cited is None or not (ROOT / "tests" / cited[1]).is_file():
        return False
    statements = ast.parse((ROOT / "tests" / cited[1]).read_text("utf-8")).body
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(each, functions) and each.name == cited[2] for each in statements)
