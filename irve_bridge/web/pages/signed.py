"""The file with which a driver checks the meter's signatures."""

from aiohttp import web

from irve_bridge.domain.errors import UnknownThing
from irve_bridge.web.pages.session import view_of
from irve_bridge.web.signatures import transparency_file


async def signed_readings(request: web.Request) -> web.Response:
    """Answer GET /c/{token}/signed-readings.xml.

    Raises:
        UnknownThing: The link names no session, or nothing was signed there.
    """
    view = await view_of(request)
    transaction_id = view.session.transaction_id or ""
    document = transparency_file(transaction_id, view.signed)
    if document is None:
        raise UnknownThing("Nothing was signed by the meter.", "unknown_session")
    response = web.Response(text=document, content_type="application/xml")
    name = f"charge-{transaction_id}.xml"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
