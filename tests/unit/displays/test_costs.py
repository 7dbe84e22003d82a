"""What displays are told, and when."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from irve_bridge.displays.costs import Display, Phase, Showing, phase_of
from irve_bridge.displays.messages import final_cost, running_cost, user_price
from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.session import MeteredBy, Session, State
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from irve_bridge.domain.transaction import Transaction
from irve_bridge.i18n import language
from irve_bridge.service.commands import Call
from irve_bridge.service.running import Running
from tests.unit.domain.sessions import NOW, session, tariff

MINUTE = timedelta(minutes=1)


def charging(priced: Tariff | None = None) -> Session:
    priced = priced or tariff(ENERGY="0.123456", TIME="2", PARKING_TIME="6", FLAT="1")
    return session(
        state=State.CHARGING,
        tariff=priced,
        time_zone="UTC",
        transaction_id="7",
        started_at=NOW,
        secured_minor=5000,
    )


def running(of: Session) -> Running:
    transaction = Transaction(
        id="7",
        charge_point_id="CP1",
        connector_number=1,
        id_tag=of.id_tag,
        start_at=NOW,
        meter_start_wh=1000,
        accepted=True,
        session_id=of.id,
    )
    return Running.begin(transaction, of, 22_000)


def data(message: Call) -> Any:
    assert message.action == "DataTransfer"
    assert message.payload["vendorId"] == "org.openchargealliance.costmsg"
    assert isinstance(message.payload["data"], str)
    return json.loads(message.payload["data"])


def test_a_running_cost_is_of_one_moment_and_one_register() -> None:
    """With VAT, in major units, time per hour: by it the display counts on."""
    of = charging()
    live = running(of)
    live.fold([Reading(at=NOW + 30 * MINUTE, register_wh=6000)])
    figures = live.figures(NOW + 60 * MINUTE)
    told = running_cost(of, figures, None)
    assert told.payload["messageId"] == "RunningCost"
    assert data(told) == {
        "transactionId": 7,
        "timestamp": "2026-03-01T13:00:00.000Z",
        "meterValue": 6000,
        "cost": 4.34,  # 5 x 0.1481472 + 1 x 2.40 + 1.20
        "state": "Charging",
        "chargingPrice": {"kWhPrice": 0.1481, "hourPrice": 2.4, "flatFee": 1.2},
        "idlePrice": {"hourPrice": 7.2},
    }


@pytest.mark.parametrize(("decimals", "price"), [(None, 0.1481), (2, 0.15), (6, 0.148147)])
def test_prices_have_the_decimals_that_the_display_takes_and_the_cost_its_own(
    decimals: int | None, price: float
) -> None:
    of = charging()
    told = data(running_cost(of, running(of).figures(NOW), decimals))
    assert (told["chargingPrice"]["kWhPrice"], told["cost"]) == (price, 1.2)


def test_a_final_cost_is_what_the_card_pays() -> None:
    over = replace(charging(), state=State.SETTLING, decided_minor=434, energy_wh=5000)
    assert data(final_cost(over, language("en"))) == {
        "transactionId": 7,
        "cost": 4.34,
        "priceText": "Total for 5.00\N{NO-BREAK SPACE}kWh: €4.34 with VAT",
    }
    free = replace(over, state=State.RELEASING, decided_minor=30)
    assert data(final_cost(free, language("en")))["cost"] == 0


def test_a_currency_without_decimals_is_told_without() -> None:
    yen = replace(charging(), currency="JPY", state=State.SETTLING, decided_minor=434)
    assert data(final_cost(yen, language("en")))["cost"] == 434


def test_the_price_is_told_in_the_driver_s_language() -> None:
    told = data(user_price(charging(tariff(ENERGY="0.40", FLAT="1")), language("fr")))
    assert told["idToken"] == session().id_tag
    text = " ".join(told["priceText"].split())
    assert text == "Énergie 0,48 €/kWh; Par session 1,20 €"


def test_another_price_is_told_at_once_and_other_figures_after_a_while() -> None:
    night = TariffElement(
        (PriceComponent(Dimension.ENERGY, Decimal("0.20"), vat=Decimal(20)),),
        Restrictions(start_time="12:20", end_time="23:00"),
    )
    day = tariff(ENERGY="0.40", TIME="1")
    of = charging(replace(day, elements=(night, *day.elements)))
    live = running(of)
    showing, every = Showing(of, Display(None)), timedelta(minutes=10)

    def news(minutes: float) -> bool:
        return showing.is_news(live.figures(NOW + minutes * MINUTE), every)

    assert news(0)
    showing.tell(live.figures(NOW))
    assert not news(9)
    assert news(10)
    showing.tell(live.figures(NOW + 19 * MINUTE))
    assert news(21)


def test_the_same_figures_are_not_told_twice() -> None:
    of = charging(tariff(ENERGY="0.40"))
    live = running(of)
    showing = Showing(of, Display(None))
    showing.tell(live.figures(NOW))
    assert not showing.is_news(live.figures(NOW + 60 * MINUTE), timedelta(minutes=1))


def test_what_a_display_shows_follows_the_session() -> None:
    def phase(state: State, **changes: Any) -> Phase | None:
        return phase_of(replace(charging(), state=state, **changes))

    assert phase(State.SECURED) is Phase.PRICE
    assert {phase(State.CHARGING), phase(State.STOPPING)} == {Phase.RUNNING}
    over = (State.SETTLING, State.SETTLED, State.RELEASING, State.RELEASED, State.DUE)
    assert {phase(state) for state in over} == {Phase.FINAL}
    assert {phase(State.REVIEW), phase(State.OPEN), phase(State.ABANDONED)} == {None}
    assert phase(State.RELEASED, transaction_id=None) is None
    assert phase(State.CHARGING, metered_by=MeteredBy.CSMS) is None
