"""Every code, state and dimension has words."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

import irve_bridge
from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.session import PlanName, State
from irve_bridge.price_list import DIMENSIONS, UNITS
from irve_bridge.service.places import refuse_unavailable
from irve_bridge.web.wording import (
    CONNECTORS,
    PLANS,
    REFUSALS,
    REFUSED_CONNECTORS,
    RELEASING,
    STORIES,
)

ROOT = Path(irve_bridge.__file__).parent
SECTIONS = ("service/desk.py", "service/ends.py", "service/places.py", "service/views.py")


@pytest.mark.parametrize(
    ("words", "things"),
    [
        (DIMENSIONS, Dimension),
        (UNITS, Dimension),
        (PLANS, PlanName),
        (RELEASING, PlanName),
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


@pytest.mark.parametrize("status", list(ConnectorStatus))
def test_every_connector_has_words_whether_it_is_sold_or_refused(status: ConnectorStatus) -> None:
    """The rule is the desk's own; nothing is both."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    available = ConnectorStatus.AVAILABLE
    point = ChargePoint(
        id="CP1", name="", operator_name="", operator_phone="", connected_at=now, status=available
    )
    connector = Connector(
        charge_point_id="CP1", number=1, evse_id="E", power_w=1, tariff_id="T", status=status
    )
    refusal = refused(point, connector)
    assert (status in CONNECTORS) is (refusal is None)
    assert refusal is None or refusal.code in REFUSED_CONNECTORS


def refused(charge_point: ChargePoint, connector: Connector) -> Refusal | None:
    """Return why the desk would not sell a charge at a connector."""
    try:
        refuse_unavailable(charge_point, connector)
    except Refusal as refusal:
        return refusal
    return None


def test_every_refusal_of_the_desk_has_words() -> None:
    codes = set().union(*(raised_codes(ROOT / section) for section in SECTIONS))
    assert "offline" in codes
    assert codes <= set(REFUSALS)
    assert set(REFUSED_CONNECTORS) <= set(REFUSALS)
