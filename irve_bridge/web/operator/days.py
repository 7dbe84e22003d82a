"""Which days and which station a page or a file is asked for."""

from datetime import date, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BeforeValidator, Field, TypeAdapter

from irve_bridge.service.takings import DAYS_MOST, Days
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.rendering import presenter_of
from irve_bridge.web.refusals import RequestRefused

SHOWN = 30
"""How many days are looked at where none are named, today among them."""


def _maybe(typed: Any) -> Any:
    return None if typed == "" else typed


Day = Annotated[
    Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))] | None,
    BeforeValidator(_maybe),
]


class Asked(Body):
    """What a query says: days, both of them included, and a charge point's id."""

    first: Annotated[Day, Field(alias="from")] = None
    last: Annotated[Day, Field(alias="to")] = None
    station: Annotated[str, Field(max_length=255)] = ""
    after: str = ""
    lang: str = ""

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Return what a request asks for.

        Raises:
            RequestRefused: 422, it is no question of ours.
        """
        return validated(TypeAdapter(cls), dict(request.query))

    async def days(self, request: web.Request) -> Days:
        """Return the days, on the station's clock where one is asked for, else on the operator's.

        Raises:
            RequestRefused: 422, they end before they begin, or are too many for one piece.
        """
        context, named = request.app[CONTEXT], self.station
        point = await context.storage.read(lambda tx: tx.stations.charge_point(named))
        time_zone = point.time_zone if point else context.settings.operator_time_zone
        last = self.last or presenter_of(request).now.astimezone(ZoneInfo(time_zone)).date()
        first = self.first or last - timedelta(days=SHOWN - 1)
        days = Days(first=first, last=last, time_zone=time_zone)
        if not days:
            raise RequestRefused(422, "days_backwards", "to: it is before from.", "to")
        if len(days) > DAYS_MOST:
            raise RequestRefused(422, "days_too_many", f"At most {DAYS_MOST} days.", "from")
        return days
