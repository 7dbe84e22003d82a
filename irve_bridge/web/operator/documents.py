"""A session's papers, CDRs and evidence, as files."""

import json
from typing import Any

from aiohttp import web

from irve_bridge.domain.errors import UnknownThing
from irve_bridge.i18n import language
from irve_bridge.web.api.evidence import evidence_document
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.languages import picked
from irve_bridge.web.pages.receipt import pdf_of


async def receipt(request: web.Request) -> web.Response:
    """Answer GET /operator/sessions/{session_id}/receipts/{number}.pdf."""
    number = int(request.match_info["number"])
    view = await request.app[CONTEXT].views.by_id(request.match_info["session_id"])
    paper = next((paper for paper in view.receipts if paper.number == number), None)
    if paper is None:
        raise UnknownThing("There is no such receipt.", "unknown_session")
    return await pdf_of(paper, language(picked(request) or paper.locale))


async def cdrs(request: web.Request) -> web.Response:
    """Answer GET /operator/sessions/{session_id}/cdrs.json: OCPI CDRs, in the order they came."""
    found = await request.app[CONTEXT].views.cdrs(request.match_info["session_id"])
    return _file("cdrs", [cdr.document for cdr in found])


async def evidence(request: web.Request) -> web.Response:
    """Answer GET /operator/sessions/{session_id}/evidence.json: what answers a dispute."""
    kept = await request.app[CONTEXT].views.record(request.match_info["session_id"])
    return _file("evidence", evidence_document(kept))


def _file(name: str, document: Any) -> web.Response:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    response = web.Response(text=text, content_type="application/json")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.json"'
    return response
