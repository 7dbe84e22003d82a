"""Nothing that an operator may meet is without words, and amounts are what was typed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from ocpp.v16.enums import ChargePointErrorCode, Reason

from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.intents import Kind, Lane
from irve_bridge.domain.lifecycle import Event
from irve_bridge.domain.session import State
from irve_bridge.i18n import language
from irve_bridge.web.operator.asking import FORMS, TITLES
from irve_bridge.web.operator.chart import POINTS_MOST, chart, thinned
from irve_bridge.web.operator.events import EVENTS, KINDS
from irve_bridge.web.operator.money import minor_of
from irve_bridge.web.operator.ocpp_words import plainly
from irve_bridge.web.operator.wording import CONNECTORS, LATE, STATES

BEGAN = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_every_state_status_event_and_call_has_words() -> None:
    assert set(STATES) == set(State)
    assert set(CONNECTORS) == set(ConnectorStatus)
    assert set(EVENTS) == set(Event)
    assert set(KINDS) == set(Kind)
    assert set(LATE) == {lane.value for lane in Lane}
    assert set(FORMS) == set(TITLES)


@pytest.mark.parametrize("word", [*ChargePointErrorCode, *Reason])
def test_what_a_charge_point_tells_is_told_plainly_beside_its_own_word(word: str) -> None:
    told = plainly(word, language("fr"))
    if word in (ChargePointErrorCode.no_error, Reason.other):
        assert told == word, "these say nothing"
    else:
        assert told.endswith(f" ({word.value})"), told


def test_a_word_that_ocpp_does_not_know_stands_alone() -> None:
    assert plainly("Maker-42", language("fr")) == "Maker-42"


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.34", "EUR", 1234),
        ("12,3", "EUR", 1230),
        ("0", "EUR", 0),
        ("12.345", "EUR", None),
        ("1.000,00", "EUR", None),
        ("1000", "JPY", 1000),
        ("10.5", "JPY", None),
        ("1.234", "KWD", 1234),
        ("-1", "EUR", None),
        ("1e999999999", "EUR", None),
        ("NaN", "EUR", None),
        ("Infinity", "EUR", None),
        ("", "EUR", None),
        ("twelve", "EUR", None),
    ],
)
def test_an_amount_is_what_was_typed_or_none(typed: str, currency: str, minor: int | None) -> None:
    assert minor_of(typed, currency) == minor


def test_a_chart_draws_from_zero_and_tells_what_it_draws() -> None:
    points = [(BEGAN + timedelta(minutes=n), n * 100) for n in range(3)]
    drawn = chart("Energy", points, str, lambda at: f"{at:%H:%M}")
    assert drawn is not None
    assert drawn.line == "0,240 500,120 1000,0"
    assert (drawn.top, drawn.middle, drawn.bottom) == ("200", "100", "0")
    assert (drawn.begin, drawn.end) == ("12:00", "12:02")
    assert drawn.told == [("12:00", "0"), ("12:01", "100"), ("12:02", "200")]
    assert chart("Energy", points[:1], str, str) is None


def test_a_long_charge_is_thinned_to_its_ends_and_evenly_between() -> None:
    points = [(BEGAN + timedelta(seconds=n), n) for n in range(10_000)]
    drawn = thinned(points)
    assert len(drawn) == POINTS_MOST
    assert (drawn[0], drawn[-1]) == (points[0], points[-1])
    gaps = {b[1] - a[1] for a, b in pairwise(drawn)}
    assert gaps <= {41, 42}
