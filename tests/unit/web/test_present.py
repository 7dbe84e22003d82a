"""The lines of a bill add up to what is paid in the end."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from irve_bridge.domain.breakdown import Breakdown, Dimension, Line
from irve_bridge.domain.session import State
from irve_bridge.i18n import language
from irve_bridge.web.present import Presenter, Priced
from irve_bridge.web.receipt import Money
from tests.unit.domain.sessions import NOW, session

ENERGY = Line(
    dimension=Dimension.ENERGY,
    price=Decimal("0.50"),
    vat=Decimal(20),
    energy_wh=11_667,
    seconds=0,
    net_minor=583,
    gross_minor=700,
)
COST = Breakdown("EUR", 700, 583, lines=(ENERGY,))


def bill(given_back_minor: int, **changes: Any) -> list[Priced]:
    money = Money(
        refunded_minor=0,
        refunded_later_minor=given_back_minor,
        under_way_minor=0,
        released_minor=0,
    )
    settled = session(state=State.SETTLED, cost=COST, **changes)
    return Presenter(language("en")).bill(settled, money)


def test_what_went_back_for_a_stop_after_all_was_no_part_of_what_it_costs() -> None:
    (line,) = bill(500, decided_minor=700, end_corrected=True)
    assert line.amount == "€7.00"


def test_what_the_operator_gave_back_is_taken_off() -> None:
    _, refunded = bill(200, decided_minor=500)
    assert (refunded.label, refunded.amount) == ("Refunded", "-€2.00")


def test_a_duration_is_rounded_as_on_the_receipt() -> None:
    stopped_at = NOW + timedelta(minutes=21, seconds=58.6)
    ended = session(state=State.SETTLED, started_at=NOW, stopped_at=stopped_at)
    assert Presenter(language("fr")).duration_s(ended) == 21 * 60 + 59
