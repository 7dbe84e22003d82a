"""The driver's receipt and its credit notes: to read, to print, to keep."""

import asyncio
from datetime import datetime

from aiohttp import web

from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.receipt import Receipt
from irve_bridge.i18n import Language, language
from irve_bridge.service.views import SessionView
from irve_bridge.web.languages import picked
from irve_bridge.web.pages.session import view_of
from irve_bridge.web.papers import Sheet, Writer
from irve_bridge.web.rendering import render


async def receipts(request: web.Request) -> web.Response:
    """Answer GET /c/{token}/receipt: every paper of the session, the oldest first."""
    view = await _billed(request)
    words = _language_of(request, view.receipts[0])
    told = {
        "view": view,
        "sheets": [Writer(words).sheet(paper) for paper in view.receipts],
        "here": f"/c/{view.session.token}",
    }
    return render(request, "receipt.html", told, language=words)


async def receipt_pdf(request: web.Request) -> web.Response:
    """Answer GET /c/{token}/receipt/{number}.pdf."""
    view = await _billed(request)
    number = int(request.match_info["number"])
    paper = next((paper for paper in view.receipts if paper.number == number), None)
    if paper is None:
        raise _unknown()
    return await pdf_of(paper, _language_of(request, paper))


async def pdf_of(paper: Receipt, words: Language) -> web.Response:
    """Return a paper as a PDF in a language."""
    sheet = Writer(words).sheet(paper)
    body = await asyncio.to_thread(_drawn, sheet, words.code, paper.issued_at)
    name = f"{paper.kind.value.replace('_', '-')}-{paper.number:06}.pdf"
    disposition = f'inline; filename="{name}"'
    return web.Response(
        body=body,
        content_type="application/pdf",
        headers={"Content-Disposition": disposition, "Content-Language": words.code},
    )


def _drawn(sheet: Sheet, code: str, issued_at: datetime) -> bytes:
    # Its fonts' tools take a tenth of a start, and most starts never need them.
    from irve_bridge.web.pdf import pdf  # noqa: PLC0415

    return pdf(sheet, code, issued_at)


async def _billed(request: web.Request) -> SessionView:
    """Return the session that the link names, which has at least one paper.

    Raises:
        UnknownThing: The link names none, or nothing was billed.
    """
    view = await view_of(request)
    if not view.receipts:
        raise _unknown()
    return view


def _unknown() -> UnknownThing:
    return UnknownThing("There is no such receipt.", "unknown_session")


def _language_of(request: web.Request, paper: Receipt) -> Language:
    """A paper is in the language of its order, unless its reader picked another one."""
    return language(picked(request) or paper.locale)
