"""Every code, state and dimension has words."""

import ast
from pathlib import Path

import pytest

import irve_bridge
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.session import PlanName, State
from irve_bridge.domain.tariff import Dimension
from irve_bridge.web.wording import CONNECTORS, DIMENSIONS, PLANS, REFUSALS, STORIES, UNITS

ROOT = Path(irve_bridge.__file__).parent
SECTIONS = ("service/desk.py", "service/views.py")


@pytest.mark.parametrize(
    ("words", "things"),
    [
        (CONNECTORS, ConnectorStatus),
        (DIMENSIONS, Dimension),
        (UNITS, Dimension),
        (PLANS, PlanName),
        (STORIES, State),
    ],
)
def test_nothing_a_driver_may_meet_is_without_words(
    words: dict[str, object], things: type[str]
) -> None:
    assert set(things) <= set(words)  # type: ignore[call-overload]


def raised_codes(path: Path) -> set[str]:
    """Return the codes that a module's refusals carry as their second argument."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {
        str(call.args[1].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in ("UnknownThing", "ConnectorOut")
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    }


def test_every_refusal_of_the_desk_has_words() -> None:
    codes = set().union(*(raised_codes(ROOT / section) for section in SECTIONS))
    assert "offline" in codes
    assert codes <= set(REFUSALS)
