"""Where a request that failed was made: whom its driver can call, and the way back."""

import asyncio
from dataclasses import dataclass

import structlog
from aiohttp import web

from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Tx
from irve_bridge.web.context import CONTEXT

ORDERED_AT = web.RequestKey("ordered_at", str)
"""The charge point that a form names."""
ASK_MOST_S = 2.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What an error page can offer; `back` is the session's page."""

    charge_point: ChargePoint | None = None
    back: str = ""


async def whereabouts(request: web.Request) -> Whereabouts:
    """Return what the address tells; nothing where it names nothing, or nothing can be asked."""
    named = request.match_info
    token = named.get("token")
    charge_point_id = named.get("charge_point_id") or request.get(ORDERED_AT)
    if not token and not charge_point_id:
        return Whereabouts()
    context = request.app[CONTEXT]
    try:
        async with asyncio.timeout(ASK_MOST_S):
            charge_point, session = await context.storage.read(
                lambda tx: _found(tx, token, charge_point_id)
            )
    except Exception:
        log.exception("whereabouts_unknown")  # what failed before may be the storage itself
        return Whereabouts()
    return Whereabouts(charge_point, back=f"/c/{session.token}" if session else "")


def _found(
    tx: Tx, token: str | None, charge_point_id: str | None
) -> tuple[ChargePoint | None, Session | None]:
    session = tx.sessions.by_token(token) if token else None
    at = session.charge_point_id if session else charge_point_id
    return tx.stations.charge_point(at) if at else None, session
