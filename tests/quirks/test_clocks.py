"""What is told of the wrong moment, or of what is over."""

from typing import Any

from irve_bridge.domain.session import State
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


async def test_evcc_io_evcc_10399_local_timestamp_without_offset(house: Any) -> None:
    """Local time without a zone; the stop is told hours later.

    https://github.com/evcc-io/evcc/issues/10399
    """
    session = await house.secure(tariff=BY_TIME)
    await start(house, session, STARTED_AT + LOCAL, STARTED_AT)
    assert (await house.session(session)).started_at == STARTED_AT
    ended = await stop(house, session, STARTED_AT + LOCAL + HOUR, STARTED_AT + 9 * HOUR)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, 5000)
    assert ended.stopped_at == STARTED_AT + HOUR


async def test_evcc_io_evcc_14673_stopped_transaction_id_still_sent(house: Any) -> None:
    """EN+ goes on naming it (https://github.com/evcc-io/evcc/issues/14673)."""
    before = await house.secure("TAG0")
    ended_id = (await start(house, before, STARTED_AT, STARTED_AT)).transaction_id
    await stop(house, before, STARTED_AT + MINUTE, STARTED_AT + MINUTE, 1100)
    session = await house.secure("TAG1", 2)
    began_at = STARTED_AT + 2 * MINUTE
    await start(house, session, began_at, began_at)
    await read(house, ended_id, began_at + HOUR, began_at + HOUR, 9000)
    assert await shown_wh(house, session) == 0


async def test_lbbrhzn_ocpp_2075_end_meter_values_after_stop(house: Any) -> None:
    """Nothing of an ended session moves (https://github.com/lbbrhzn/ocpp/pull/2075)."""
    session = await house.secure()
    id_ = (await start(house, session, STARTED_AT, STARTED_AT)).transaction_id
    ended = await stop(house, session, STARTED_AT + HOUR, STARTED_AT + HOUR)
    await read(house, id_, STARTED_AT + HOUR, STARTED_AT + HOUR + MINUTE, 6600)
    assert await house.session(session) == ended
