"""What clocks and registers cannot be: from the charge point's words to the session's bill.

docs/metering.md lists the rules; each test names the thread in which people met with it.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.session import State
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from irve_bridge.service.periods import periods_of
from tests.integration.charge_points.conftest import TARIFF
from tests.integration.charge_points.telling import (
    BY_TIME,
    HOUR,
    LOCAL,
    MINUTE,
    STARTED_AT,
    read,
    shown_wh,
    start,
    stop,
)

BY_CHARGING_TIME = Tariff(
    "T3",
    "EUR",
    (
        TariffElement(
            (
                PriceComponent(Dimension.ENERGY, Decimal("0.40")),
                PriceComponent(Dimension.TIME, Decimal(6)),
            )
        ),
    ),
)
NEVER_SET = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("start_ahead", [timedelta(), 4 * MINUTE])
async def test_no_time_that_has_not_happened_yet_is_billed(
    house: Any, start_ahead: timedelta
) -> None:
    """The stop is stamped four minutes ahead: by a clock set meanwhile, or always ahead."""
    session = await house.secure(tariff=BY_TIME)
    await start(house, session, STARTED_AT + start_ahead, STARTED_AT)
    heard_at = STARTED_AT + HOUR
    ended = await stop(house, session, heard_at + 4 * MINUTE, heard_at)
    assert (ended.started_at, ended.stopped_at) == (STARTED_AT, heard_at)


async def test_a_start_that_is_believed_only_when_repeated_is_the_same(house: Any) -> None:
    """By then its moment has come; ABB resends the original one.

    https://github.com/mobilityhouse/ocpp/issues/186
    """
    session = await house.secure()
    first = await start(house, session, STARTED_AT + LOCAL, STARTED_AT)
    assert first.authorization.accepted
    assert await start(house, session, STARTED_AT + LOCAL, STARTED_AT + LOCAL) == first


@pytest.mark.parametrize(("tariff", "state"), [(TARIFF, State.SETTLING), (BY_TIME, State.REVIEW)])
async def test_a_clock_set_meanwhile_is_doubted_only_where_time_is_priced(
    house: Any, tariff: Tariff, state: State
) -> None:
    """It began before it was paid for, and was set before it ended.

    https://github.com/evcc-io/evcc/issues/15752
    """
    session = await house.secure(tariff=tariff)
    await start(house, session, STARTED_AT - 9000 * HOUR, STARTED_AT)
    ended = await stop(house, session, STARTED_AT + HOUR, STARTED_AT + HOUR)
    assert (ended.state, ended.energy_wh) == (state, 5000)
    assert ended.cost is not None
    assert ended.cost.gross_minor == 200


async def test_readings_of_a_clock_gone_wrong_move_the_meter(house: Any) -> None:
    """Tomorrow, then yesterday, then right again: each counts when it is heard.

    https://github.com/evcc-io/evcc/issues/15752
    """
    session = await house.secure()
    id_ = (await start(house, session, STARTED_AT, STARTED_AT)).transaction_id
    for minutes, said in ((10, 23 * HOUR), (20, -23 * HOUR), (30, timedelta())):
        heard_at = STARTED_AT + minutes * MINUTE
        await read(house, id_, heard_at + said, heard_at, 1000 + 100 * minutes)
        assert await shown_wh(house, session) == 100 * minutes
    ended = await stop(house, session, STARTED_AT + HOUR, STARTED_AT + HOUR, 5000)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 4000)


async def test_an_unnamed_reading_from_before_the_start_is_anothers(house: Any) -> None:
    """An old queue is told in bulk (https://github.com/lbbrhzn/ocpp/issues/361)."""
    session = await house.secure()
    await start(house, session, STARTED_AT, STARTED_AT)
    heard_at = STARTED_AT + HOUR
    await read(house, None, STARTED_AT - 90 * HOUR, heard_at, 9000)
    assert await shown_wh(house, session) == 0
    await read(house, None, STARTED_AT + HOUR, heard_at, 2000)
    assert await shown_wh(house, session) == 1000


async def test_an_unknown_final_register_is_told_in_the_history(house: Any) -> None:
    """-1: billed to the last reading (https://github.com/lorenzodonini/ocpp-go/issues/114)."""
    session = await house.secure()
    id_ = (await start(house, session, STARTED_AT, STARTED_AT)).transaction_id
    await read(house, id_, STARTED_AT + HOUR, STARTED_AT + HOUR, 5500)
    ended = await stop(house, session, STARTED_AT + HOUR, STARTED_AT + HOUR, -1)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 4500)
    history = await house.storage.read(lambda tx: tx.sessions.history(session.id))
    assert "-1 Wh" in history[-1].fact["note"]


async def test_a_lost_stop_is_not_billed_by_one_reading_that_later_ones_gainsay(house: Any) -> None:
    """The next start ends it: its periods too are those of what nobody doubts."""
    session = await house.secure()
    id_ = (await start(house, session, STARTED_AT, STARTED_AT)).transaction_id
    for minutes, register_wh in ((15, 6000), (20, 2000), (30, 2045)):
        at = STARTED_AT + minutes * MINUTE
        await read(house, id_, at, at, register_wh)
    await start(house, await house.secure("TAG2", 2), STARTED_AT + HOUR, STARTED_AT + HOUR)
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.REVIEW, 1045)
    periods = await house.storage.read(lambda tx: periods_of(tx, ended))
    assert sum(period.energy_wh for period in periods) == 1045


async def test_what_came_late_is_counted_again_in_its_place(house: Any) -> None:
    """The running meter is then what it is after a restart, which reads all back in order."""
    session = await house.secure()
    id_ = (await start(house, session, STARTED_AT, STARTED_AT)).transaction_id
    heard_at = STARTED_AT + HOUR
    for minutes, register_wh in ((10, 2000), (30, 4000), (20, 3000)):
        await read(house, id_, STARTED_AT + minutes * MINUTE, heard_at, register_wh)
    ((_, counted),) = house.meters._running.items()
    assert not counted.meter.recount
    await house.meters.rebuild()
    ((_, rebuilt),) = house.meters._running.items()
    assert rebuilt.meter == counted.meter


async def test_with_a_clock_behind_throughout_a_new_start_ends_what_ran_there(house: Any) -> None:
    """The first start is of when it was heard of; by the same clock the second one is earlier."""
    session = await house.secure()
    await start(house, session, STARTED_AT - LOCAL, STARTED_AT)
    await read(house, None, STARTED_AT - LOCAL + HOUR / 2, STARTED_AT + HOUR / 2, 2500)
    other = await house.secure("TAG2", connector_number=2)
    await start(house, other, STARTED_AT - LOCAL + HOUR, STARTED_AT + HOUR)
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh, ended.end_presumed) == (State.SETTLING, 1500, True)
    running = await house.storage.read(lambda tx: tx.transactions.running("CP1"))
    assert [t.id_tag for t in running] == ["TAG2"]


@pytest.mark.parametrize("dated", [True, False])
async def test_a_stop_after_all_of_no_possible_moment_lowers_no_time(
    house: Any, dated: bool
) -> None:
    """It was no later than was presumed; what was read says that it was no earlier either."""
    session = await house.secure(tariff=BY_CHARGING_TIME)
    await start(house, session, STARTED_AT, STARTED_AT)
    await read(house, None, STARTED_AT + HOUR, STARTED_AT + HOUR, 6000)
    other = await house.secure("TAG2", connector_number=2)
    await start(house, other, STARTED_AT + 2 * HOUR, STARTED_AT + 2 * HOUR)
    presumed = await house.session(session)
    assert presumed.cost.gross_minor == 200 + 600
    ended = await stop(house, session, NEVER_SET, STARTED_AT + 3 * HOUR, dated=dated)
    assert (ended.state, ended.cost, ended.decided_minor) == (State.SETTLING, presumed.cost, 800)
    assert ended.stopped_at == STARTED_AT + HOUR
