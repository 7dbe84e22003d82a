"""Tariffs as drivers read them, where they hold, and what a charge would cost."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BeforeValidator, Field, NaiveDatetime, TypeAdapter

from irve_bridge.domain.restrictions import Reservation
from irve_bridge.domain.stay import Stay
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from irve_bridge.i18n import N_, Language, language, languages
from irve_bridge.price_list import (
    DIMENSIONS,
    bill,
    block,
    conditions,
    price_list,
    remark,
    unit_price,
)
from irve_bridge.service.prices import pricer
from irve_bridge.service.tariffs import TariffView, tariff, tariffs
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.rendering import presenter_of, render
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.wording import VAT_NOTE

SHOWN = 50
"""Of the drivers' catalogue."""
_RESERVATIONS = {
    Reservation.RESERVATION: N_("of a reservation"),
    Reservation.RESERVATION_EXPIRES: N_("of a reservation that nobody used"),
}


class Listed(Body):
    """Where the list goes on."""

    after: Annotated[str, Field(max_length=255)] = ""
    lang: str = ""


def _typed(said: Any) -> Any:
    return (said.strip().replace(",", ".") or None) if isinstance(said, str) else said


Number = Annotated[
    Annotated[Decimal, Field(ge=0, le=100_000)] | None,
    BeforeValidator(_typed),
]
Moment = Annotated[
    NaiveDatetime,
    Field(ge=datetime(2000, 1, 1), lt=datetime(2100, 1, 1)),  # noqa: DTZ001 - of no zone yet
]


class Tried(Body):
    """Whose words the prices are shown in, and a stay to be priced, on the station's clock."""

    reader: Annotated[str, Field(alias="as", max_length=8)] = ""
    kwh: Number = None
    minutes: Number = None
    parked: Number = None
    power: Number = None
    at: Annotated[Moment | None, BeforeValidator(lambda said: said or None)] = None
    lang: str = ""

    def stay(self, now: datetime, zone: ZoneInfo) -> Stay:
        """Return the stay that is thought of."""
        return Stay(
            at=self.at.replace(tzinfo=zone) if self.at else now,
            energy_wh=None if self.kwh is None else int(self.kwh * 1000),
            charging=None if self.minutes is None else _minutes(self.minutes),
            parked=_minutes(self.parked or Decimal()),
            power_w=int((self.power or 0) * 1000),
        )


class ElementRow(NamedTuple):
    """One price component of one element, in plain words."""

    element: int
    label: str
    net: str
    vat: str
    gross: str
    block: str
    when: str


async def listing(request: web.Request) -> web.Response:
    """Answer GET /operator/tariffs?after=…, by id."""
    after = validated(TypeAdapter(Listed), dict(request.query)).after
    found, named = await request.app[CONTEXT].storage.read(lambda tx: tariffs(tx, SHOWN, after))
    words = presenter_of(request).language
    told = {
        "found": [(each, price_list(each, words), named.get(each.id, 0)) for each in found],
        "vat_note": words.text(VAT_NOTE),
        "after": after,
        "next": next_of(found, SHOWN, "id"),
    }
    return render(request, "tariffs.html", told)


async def show(request: web.Request) -> web.Response:
    """Answer GET /operator/tariffs/{tariff_id}?as=…&kwh=…&minutes=…&parked=…&power=…&at=…."""
    context, named = request.app[CONTEXT], request.match_info["tariff_id"]
    view = await context.storage.read(lambda tx: tariff(tx, named))
    time_zone = view.time_zone or context.settings.operator_time_zone
    try:
        tried, fault = validated(TypeAdapter(Tried), dict(request.query)), False
    except RequestRefused:
        tried, fault = Tried(), True
    present = presenter_of(request)
    words = present.language
    reader = language(tried.reader or words.code)
    stay = tried.stay(present.now, ZoneInfo(time_zone))
    cost = stay.cost(pricer(view.tariff, time_zone)) if stay.is_told else None
    told = {
        "view": view,
        "reader": reader,
        "readers": list(languages().values()),
        "prices": price_list(view.tariff, reader),
        "remark": remark(view.tariff, reader),
        "vat_note": reader.text(VAT_NOTE),
        "elements": elements(view.tariff, words),
        "time_zone": time_zone,
        "typed": request.query,
        "fault": fault or (_asks(tried) and cost is None),
        "power": _power(view),
        "stay": stay,
        "cost": cost,
        "bill": bill(cost, words) if cost else [],
    }
    return render(request, "tariff.html", told)


def elements(of: Tariff, words: Language) -> list[ElementRow]:
    """Return every component as the tariff has it: the first that matches is the one that holds."""
    return [
        _row(number, element, component, of.currency, words)
        for number, element in enumerate(of.elements, start=1)
        for component in element.price_components
    ]


def _row(
    number: int, element: TariffElement, component: PriceComponent, currency: str, words: Language
) -> ElementRow:
    held = element.restrictions
    when = list(conditions(held, words)) if held else []
    if element.reservation is not None:
        when.insert(0, words.text(_RESERVATIONS[element.reservation]))
    net = PriceComponent(component.type, component.price)
    return ElementRow(
        element=number,
        label=words.text(DIMENSIONS[component.type]),
        net="".join(unit_price(net, currency, words)),
        vat=words.percent(component.vat),
        gross="".join(unit_price(component, currency, words)),
        block=", ".join(block(component, words)),
        when=", ".join(when) or words.text(N_("always")),
    )


def _asks(tried: Tried) -> bool:
    return any(each is not None for each in (tried.kwh, tried.minutes, tried.parked))


def _power(view: TariffView) -> str:
    """Return the greatest power of where it holds, in kW, as a form takes it."""
    return f"{Decimal(view.power_w) / 1000:f}" if view.power_w else ""


def _minutes(minutes: Decimal) -> timedelta:
    return timedelta(microseconds=int(minutes * 60_000_000))
