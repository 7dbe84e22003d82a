"""POST /api/create-payment and GET /api/quote: open to everybody, and throttled."""

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.projection import quote
from irve_bridge.domain.session import Session, State
from irve_bridge.service.evidence import price_digest
from irve_bridge.service.prices import pricer
from irve_bridge.telemetry.tracing import tapped
from irve_bridge.web.api.documents import Opened, Quotation, iso
from irve_bridge.web.callers import bearer, remember
from irve_bridge.web.context import CHECKOUT_TIMEOUT_S, CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.forms import (
    PAYMENT,
    AnyPayment,
    Place,
    Quote,
    opening,
    payment_fields,
    read_form,
    read_json,
    read_query,
    validated,
)
from irve_bridge.web.languages import language_of
from irve_bridge.web.pages.station import station_page
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.rendering import presenter_of, see_other
from irve_bridge.web.replies import Reply, once
from irve_bridge.web.throttle import client_address, throttle
from irve_bridge.web.whereabouts import ORDERED_AT

PLACE = TypeAdapter(Place)
QUOTE = TypeAdapter(Quote)


async def create_payment(request: web.Request) -> web.StreamResponse:
    """Open a session and its checkout; a form is sent on there, an API caller gets its address."""
    if request.content_type == "application/json":
        throttle(request)
        payment, text = await read_json(request, PAYMENT)
        shown = bearer(request)
        caller = f"bearer {shown}" if shown else client_address(request)
        reply = await once(request, caller, text, lambda: _open(request, payment))
        return reply.response()
    return await _from_form(request)


async def _from_form(request: web.Request) -> web.StreamResponse:
    form = await read_form(request)
    here = ("charge_point_id", "connector_id")
    place = validated(PLACE, {name: form[name] for name in here if name in form})
    request[ORDERED_AT] = place.charge_point_id
    try:
        throttle(request)
        session = await _open_from_form(request, form, place)
    except Refusal as refusal:
        return await station_page(request, place.charge_point_id, place.connector_id, refusal, form)
    paying_url = session.checkout_url if session.state is State.OPEN else None
    response = see_other(paying_url or f"/c/{session.token}")
    remember(request, response, session.token)
    return response


async def _open_from_form(request: web.Request, form: dict[str, str], place: Place) -> Session:
    """A form sent twice opens one session; changed in between, it is another request."""
    context = request.app[CONTEXT]
    view = await context.views.station(place.charge_point_id, place.connector_id)
    fields = payment_fields(form, view.tariff.currency)
    payment = validated(PAYMENT, fields)
    text = payment.model_dump_json()
    form_key = form.get("form_key")
    with tapped(form.get("shown_at_ms")):
        reply = await once(
            request,
            client_address(request),
            text,
            lambda: _open(request, payment),
            key=f"{form_key} {text}" if form_key else None,
        )
    return await context.desk.session(reply.document["session_id"])


async def _open(request: web.Request, payment: AnyPayment) -> Reply:
    """Open what is asked for, at the price that was shown: the one just frozen, or none."""
    context = request.app[CONTEXT]
    if payment.currency is not None:
        view = await context.views.station(payment.charge_point_id, payment.connector_id)
        if payment.currency != view.tariff.currency:
            sentence = f"This station's currency is {view.tariff.currency}."
            raise RequestRefused(422, "currency_refused", sentence, "currency")
    opened = await context.desk.open(opening(payment, language_of(request).code))
    concern(opened.id)
    if payment.price_digest not in (None, price_digest(opened.tariff)):
        await context.desk.give_up(opened.id)
        sentence = "The price has changed since it was shown: read the new one, then order again."
        raise RequestRefused(409, "price_changed", sentence, "price_digest")
    session = await context.desk.checkout(opened.id, CHECKOUT_TIMEOUT_S)
    if session.state is State.OPEN and session.checkout_url is None:
        await context.desk.give_up(session.id)
        raise RequestRefused(
            504, "checkout_late", "The payment page did not open in time: nothing was charged."
        )
    if session.state is State.ABANDONED:
        raise RequestRefused(
            502, "checkout_refused", "The payment could not be opened: nothing was charged."
        )
    return Reply(
        201,
        Opened(
            session_id=session.id,
            url=session.checkout_url,
            expires_at=iso(session.checkout_expires_at),
            session_url=f"{context.settings.base_url}/c/{session.token}",
            token=session.token,
            amount=session.amount_minor,
            currency=session.currency,
        ),
    )


async def quoted(request: web.Request) -> web.Response:
    """Answer what an energy or a duration costs at a connector, with VAT."""
    throttle(request)
    asked = read_query(request, QUOTE)
    context = request.app[CONTEXT]
    view = await context.views.station(asked.charge_point_id, asked.connector_id)
    priced = pricer(view.tariff, view.charge_point.time_zone)
    now, power_w = context.clock.now(), view.connector.power_w
    cost = quote(priced, now, power_w, asked.energy_wh, asked.minutes)
    text = presenter_of(request).language.money(cost.gross_minor, cost.currency)
    return web.json_response(
        Quotation(
            amount=cost.gross_minor,
            currency=cost.currency,
            price_digest=price_digest(view.tariff),
            text=text,
        )
    )
