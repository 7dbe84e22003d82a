"""What days and stations brought in."""

from datetime import date

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.i18n import Language
from irve_bridge.service.takings import DAYS_MOST, Takings, takings
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of, placed
from irve_bridge.web.operator.bars import Bars, bars
from irve_bridge.web.operator.days import Asked
from irve_bridge.web.operator.rendering import presenter_of, render
from irve_bridge.web.refusals import RequestRefused

SHOWN = 200
PLACE = TypeAdapter(tuple[str, str])


async def show(request: web.Request) -> web.Response:
    """Answer GET /operator/takings?from=…&to=…&station=…; days that are too many are said so."""
    asked = Asked.of(request)
    after = placed(asked.after, PLACE) or ("", "")
    try:
        days = await asked.days(request)
    except RequestRefused as refusal:
        told = {"asked": asked, "most": DAYS_MOST, "refused": refusal.code, "view": None}
        return render(request, "takings.html", told, refusal.status)
    named = asked.station
    view = await request.app[CONTEXT].storage.read(
        lambda tx: takings(tx, days, named, SHOWN, after)
    )
    language = presenter_of(request).language
    told = {
        "asked": asked,
        "most": DAYS_MOST,
        "refused": "",
        "view": view,
        "charts": {total.currency: _chart(view, total.currency, language) for total in view.total},
        "next": next_of(view.stations, SHOWN, "charge_point_id", "currency"),
    }
    return render(request, "takings.html", told)


def _chart(view: Takings, currency: str, language: Language) -> Bars:
    def told(day: date, amount_minor: int) -> str:
        return language.told(language.day(day), language.money(amount_minor, currency))

    nets = [(day, tally.net_minor if tally else 0) for day, tally in view.of(currency)]
    return bars([(net, told(day, net)) for day, net in nets])
