"""All routes in one table, and what lives as long as the application."""

from aiohttp import web

from irve_bridge.i18n import DRIVERS, OPERATORS, languages
from irve_bridge.service.gauges import Gauges
from irve_bridge.web import assets, progress
from irve_bridge.web.api import health
from irve_bridge.web.api.health import GAUGES, expose_metrics
from irve_bridge.web.assets import ASSETS, load_assets
from irve_bridge.web.context import CONTEXT, WebContext
from irve_bridge.web.languages import keep_picked
from irve_bridge.web.middlewares import (
    explain,
    harden,
    observe,
)
from irve_bridge.web.openapi import DESCRIBED
from irve_bridge.web.operations import OPERATIONS
from irve_bridge.web.operator.gate import guard
from irve_bridge.web.operator.login import LOGIN_THROTTLE, LoginThrottle
from irve_bridge.web.operator.routes import ROUTES as OPERATOR_ROUTES
from irve_bridge.web.pages import money, receipt, session, signed
from irve_bridge.web.pages.home import home
from irve_bridge.web.pages.station import station
from irve_bridge.web.replies import IN_FLIGHT, InFlight
from irve_bridge.web.throttle import BURST, THROTTLE, Throttle
from irve_bridge.web.watching import WATCHES, Watches

ROUTES = (
    web.get("/", home),
    web.get(r"/s/{charge_point_id}/{connector_id:\d{1,9}}", station),
    web.get("/c/{token}", session.session),
    web.get("/c/{token}/return", session.returned),
    web.get("/c/{token}/cancelled", session.cancelled),
    web.post("/c/{token}/cancelled", session.cancelled),
    web.get("/c/{token}/stop", session.stop_question),
    web.post("/c/{token}/stop", session.stop),
    web.post("/c/{token}/pay", money.pay),
    web.post("/c/{token}/authenticate", money.authenticate),
    web.post("/c/{token}/extend", money.extend),
    web.get("/c/{token}/events", progress.events),
    web.get("/c/{token}/signed-readings.xml", signed.signed_readings),
    web.get("/c/{token}/receipt", receipt.receipts),
    web.get(r"/c/{token}/receipt/{number:\d{1,9}}.pdf", receipt.receipt_pdf),
    *(operation.route for operation in OPERATIONS),
    web.get("/metrics", health.metrics),
    web.get("/static/{name}", assets.serve),
)


def create_app(context: WebContext) -> web.Application:
    """Return the application; serve it without aiohttp's access log, which would show tokens."""
    app = web.Application(middlewares=[observe, keep_picked, explain, guard])
    app[CONTEXT] = context
    for domain in (DRIVERS, OPERATORS):  # compiled before anybody waits for them
        languages(domain)
    app[ASSETS] = load_assets()
    app[DESCRIBED] = OPERATIONS
    app[THROTTLE] = Throttle(context.settings.throttle_per_minute, BURST)
    app[LOGIN_THROTTLE] = LoginThrottle(context.settings.operator_logins_per_minute)
    app[IN_FLIGHT] = InFlight()
    app[WATCHES] = Watches(context.views, context.bus)
    app[GAUGES] = Gauges(context.storage, context.clock, context.settings.folders)
    app.add_routes(ROUTES)
    app.add_routes(OPERATOR_ROUTES)
    app.on_response_prepare.append(harden)
    app.cleanup_ctx.append(expose_metrics)
    app.on_shutdown.append(progress.hang_up)
    return app
