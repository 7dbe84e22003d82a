"""docs/api.md says what the code does."""

import json
import re
from pathlib import Path

import irve_bridge
from irve_bridge.charge_points.v16.recent import FRAME_BYTES
from irve_bridge.service import callbacks
from irve_bridge.service.control import ACTIONS
from irve_bridge.web.app import ROUTES

ROOT = Path(irve_bridge.__file__).parent
DOCUMENT = (ROOT.parent / "docs" / "api.md").read_text()
PAGES = ("/", "/s/", "/c/", "/static/")


def test_every_route_of_the_api_is_documented() -> None:
    paths = {r.path for r in ROUTES if r.path != "/" and not r.path.startswith(PAGES[1:])}
    assert len(paths) > 15
    assert [path for path in sorted(paths) if path not in DOCUMENT] == []


def test_every_action_that_can_be_asked_is_documented() -> None:
    assert [action for action in ACTIONS if f"`{action}`" not in DOCUMENT] == []


def test_the_table_of_callbacks_is_the_code_s_own() -> None:
    rows = re.findall(r"^\| `.*$", callbacks.__doc__ or "", re.MULTILINE)
    assert len(rows) > 10
    assert [row for row in rows if row not in DOCUMENT] == []


def test_every_code_that_the_web_raises_is_documented() -> None:
    files = (path for path in (ROOT / "web").rglob("*.py") if path.parent.name != "operator")
    source = "\n".join(path.read_text() for path in files)
    codes = re.findall(r"RequestRefused\(\s*\d{3}, (\"[a-z_]+\")", source)
    assert len(codes) > 10
    assert [code for code in map(json.loads, codes) if f"`{code}`" not in DOCUMENT] == []


def test_every_kind_of_unknown_thing_is_in_the_table_of_errors() -> None:
    source = "\n".join(path.read_text() for path in ROOT.rglob("*.py"))
    codes = set(re.findall(r"\"(unknown_[a-z_]+)\"", source))
    table = DOCUMENT[DOCUMENT.index("## Errors") :]
    assert len(codes) > 5
    assert [code for code in sorted(codes) if f"`{code}`" not in table] == []


def test_so_much_of_a_frame_is_shown_as_is_said() -> None:
    assert f"its first {FRAME_BYTES} bytes" in DOCUMENT
