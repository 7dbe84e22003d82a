"""The operator's routes. Each is behind the gate; what is posted takes the role of an operator."""

from aiohttp import web

from irve_bridge.web.operator import (
    commands,
    documents,
    exports,
    lists,
    login,
    money,
    overview,
    queues,
    sessions,
    stations,
    stopping,
    takings,
    tariffs,
)

ROUTES = (
    web.get("/operator", overview.show),
    web.get("/operator/login", login.show),
    web.post("/operator/login", login.sign_in),
    web.post("/operator/logout", login.sign_out),
    web.get("/operator/sessions", sessions.listing),
    web.get("/operator/sessions/{session_id}", sessions.show),
    web.get("/operator/sessions/{session_id}/cdrs.json", documents.cdrs),
    web.get("/operator/sessions/{session_id}/evidence.json", documents.evidence),
    web.get(r"/operator/sessions/{session_id}/receipts/{number:\d{1,9}}.pdf", documents.receipt),
    web.post("/operator/sessions/{session_id}/decision", money.decide),
    web.post("/operator/sessions/{session_id}/refunds", money.refund),
    web.post("/operator/sessions/{session_id}/stop", stopping.stop),
    web.get("/operator/review", queues.review),
    web.get("/operator/due", queues.due),
    web.get("/operator/stations", stations.listing),
    web.get("/operator/stations/{charge_point_id}", stations.show),
    web.post("/operator/stations/{charge_point_id}/commands/{action}", commands.send),
    web.get("/operator/stations/{charge_point_id}/events", lists.events),
    web.get("/operator/stations/{charge_point_id}/commands", lists.commands),
    web.get("/operator/strangers", lists.strangers),
    web.get("/operator/id-tags", lists.id_tags),
    web.get("/operator/tariffs", tariffs.listing),
    web.get("/operator/tariffs/{tariff_id}", tariffs.show),
    web.get("/operator/takings", takings.show),
    web.get("/operator/takings/sessions.csv", exports.sessions),
    web.get("/operator/takings/movements.csv", exports.movements),
    web.get("/operator/takings/cdrs.json", exports.cdrs),
)
