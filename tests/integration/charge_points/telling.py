"""What a charge point tells, with the moments that it says and those at which it is heard."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from irve_bridge.service import transactions
from tests.integration.charge_points.conftest import PAID_AT

BY_TIME = Tariff(
    "T2",
    "EUR",
    (
        TariffElement(
            (
                PriceComponent(Dimension.ENERGY, Decimal("0.40")),
                PriceComponent(Dimension.PARKING_TIME, Decimal(6)),
            )
        ),
    ),
)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LOCAL = 2 * HOUR
"""How far a clock is ahead that shows local summer time and names no zone."""
STARTED_AT = PAID_AT + MINUTE


async def start(
    house: Any, session: Session, said_at: datetime, heard_at: datetime
) -> transactions.StartReply:
    fact = facts.TransactionStarted(
        at=heard_at,
        charge_point_id="CP1",
        connector_number=1,
        id_tag=session.id_tag,
        meter_start_wh=1000,
        started_at=said_at,
    )
    reply: transactions.StartReply = await house.handler.run(
        lambda work: transactions.started(work, fact)
    )
    return reply


async def stop(
    house: Any,
    session: Session,
    said_at: datetime,
    heard_at: datetime,
    meter_stop_wh: int = 6000,
    *,
    dated: bool = True,
) -> Session:
    fact = facts.TransactionStopped(
        at=heard_at,
        charge_point_id="CP1",
        transaction_id=(await house.session(session)).transaction_id,
        meter_stop_wh=meter_stop_wh,
        stopped_at=said_at,
        dated=dated,
    )
    await house.handler.run(lambda work: transactions.stopped(work, fact))
    ended: Session = await house.session(session)
    return ended


async def read(
    house: Any, id_: str | None, said_at: datetime, heard_at: datetime, register_wh: int
) -> None:
    reading = Reading(at=said_at, register_wh=register_wh)
    await house.meters.take("CP1", 1, id_, [reading], heard_at)


async def shown_wh(house: Any, session: Session) -> int:
    energy_wh: int = house.meters.live(await house.session(session), STARTED_AT).energy_wh
    return energy_wh
