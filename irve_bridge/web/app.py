"""All routes in one table, and what lives as long as the application."""

from aiohttp import web

from irve_bridge.i18n import languages
from irve_bridge.service.gauges import Gauges
from irve_bridge.web import assets, progress, rendering
from irve_bridge.web.api import (
    charge_points,
    health,
    id_tags,
    operator,
    payments,
    registrations,
    sessions,
)
from irve_bridge.web.api.health import GAUGES, expose_metrics
from irve_bridge.web.api.webhook import webhook
from irve_bridge.web.assets import ASSETS, load_assets
from irve_bridge.web.context import CONTEXT, WebContext
from irve_bridge.web.languages import keep_picked
from irve_bridge.web.middlewares import (
    explain,
    harden,
    observe,
)
from irve_bridge.web.pages import finish, money, receipt, session, signed
from irve_bridge.web.pages.home import home
from irve_bridge.web.pages.station import station
from irve_bridge.web.progress import STREAMS
from irve_bridge.web.replies import IN_FLIGHT, InFlight
from irve_bridge.web.throttle import BURST, THROTTLE, Throttle

ROUTES = (
    web.get("/", home),
    web.get(r"/s/{charge_point_id}/{connector_id:\d{1,9}}", station),
    web.get("/c/{token}", session.session),
    web.get("/c/{token}/return", session.returned),
    web.get("/c/{token}/cancelled", session.cancelled),
    web.post("/c/{token}/cancelled", session.cancelled),
    web.post("/c/{token}/stop", session.stop),
    web.post("/c/{token}/pay", money.pay),
    web.post("/c/{token}/extend", money.extend),
    web.get("/c/{token}/events", progress.events),
    web.get("/c/{token}/signed-readings.xml", signed.signed_readings),
    web.get("/c/{token}/receipt", receipt.receipts),
    web.get(r"/c/{token}/receipt/{number:\d{1,9}}.pdf", receipt.receipt_pdf),
    web.get("/finish-dynamic-charge/{session_id}", finish.show),
    web.post("/finish-dynamic-charge/{session_id}", finish.finish),
    web.post("/api/create-payment", payments.create_payment),
    web.get("/api/quote", payments.quoted),
    web.post("/api/start-charging-session", sessions.start),
    web.post("/api/end-charging-session", sessions.end),
    web.get("/api/sessions", operator.listing),
    web.get("/api/sessions/{session_id}", sessions.show),
    web.post("/api/sessions/{session_id}/pay", sessions.pay),
    web.post("/api/sessions/{session_id}/refunds", operator.refund),
    web.post("/api/sessions/{session_id}/decision", operator.decide),
    web.get("/api/sessions/{session_id}/evidence", operator.evidence),
    web.get("/api/sessions/{session_id}/cdr", operator.cdrs),
    web.get("/api/charge-points", charge_points.listing),
    web.get("/api/charge-points/{charge_point_id}", charge_points.show),
    web.put("/api/charge-points/{charge_point_id}", registrations.put),
    web.delete("/api/charge-points/{charge_point_id}", registrations.remove),
    web.get("/api/charge-points/{charge_point_id}/events", charge_points.events),
    web.get("/api/charge-points/{charge_point_id}/commands", charge_points.commands),
    web.post("/api/charge-points/{charge_point_id}/commands/{action}", charge_points.command),
    web.get("/api/reservations", charge_points.reservations),
    web.get("/api/charging-profiles", charge_points.charging_profiles),
    web.get("/api/strangers", charge_points.strangers),
    web.get("/api/tariffs", registrations.tariffs),
    web.get("/api/tariffs/{tariff_id}", registrations.tariff),
    web.put("/api/tariffs/{tariff_id}", registrations.put_tariff),
    web.get("/api/transactions", charge_points.transactions),
    web.get("/api/transactions/{charge_point_id}/{transaction_id}", charge_points.transaction),
    web.get("/api/transactions/{charge_point_id}/{transaction_id}/cdr", operator.transaction_cdrs),
    web.get("/api/id-tags", id_tags.listing),
    web.get("/api/id-tags/{id_tag}", id_tags.show),
    web.put("/api/id-tags/{id_tag}", id_tags.put),
    web.delete("/api/id-tags/{id_tag}", id_tags.remove),
    web.post("/webhook", webhook),
    web.get("/healthz", health.alive),
    web.get("/readyz", health.ready),
    web.get("/metrics", health.metrics),
    web.get("/static/{name}", assets.serve),
)


def create_app(context: WebContext) -> web.Application:
    """Return the application; serve it without aiohttp's access log, which would show tokens."""
    app = web.Application(middlewares=[observe, keep_picked, explain])
    app[CONTEXT] = context
    languages()  # compiled before anybody waits for them
    app[ASSETS] = load_assets()
    app[THROTTLE] = Throttle(context.settings.throttle_per_minute, BURST)
    app[IN_FLIGHT] = InFlight()
    app[STREAMS] = {}
    app[GAUGES] = Gauges(context.storage, context.clock, context.settings.folders)
    rendering.setup(app)
    app.add_routes(ROUTES)
    app.on_response_prepare.append(harden)
    app.cleanup_ctx.append(expose_metrics)
    app.on_shutdown.append(progress.hang_up)
    return app
