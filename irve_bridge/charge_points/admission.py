"""Who may open a socket: the opening handshake (OCPP-J 1.6 §3; security whitepaper §2.3)."""

import asyncio
import base64
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from irve_bridge.charge_points.strangers import Strangers
from irve_bridge.service.passwords import matches
from irve_bridge.service.ports import Storage

PREFIX = "/ocpp/"
OCPP_16 = Subprotocol("ocpp1.6")
REALM = 'Basic realm="ocpp", charset="UTF-8"'

log = structlog.get_logger()


def identity(path: str) -> str | None:
    """Return the charge point that a path names, percent-decoded; None for no such path."""
    route = urlsplit(path).path
    name = route.removeprefix(PREFIX).removesuffix("/")
    if name == route or not name or "/" in name:
        return None
    return unquote(name)


def choose_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return ocpp1.6 where it is offered; without it the server closes later (OCPP-J 1.6 §3.2)."""
    return OCPP_16 if OCPP_16 in offered else None


class Admission:
    """Lets in who is registered and knows its password; lists who is not, if that is wished for."""

    def __init__(self, storage: Storage, strangers: Strangers | None = None) -> None:
        self._storage = storage
        self._strangers = strangers

    async def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the refusal of a handshake: 404 for an unknown charge point, 401 for a password.

        None lets it in.
        """
        name = identity(request.path) or ""
        known = await self._storage.read(lambda tx: tx.stations.charge_point(name))
        if known is None:
            log.warning("unknown charge point", path=request.path)
            if self._strangers:
                await self._strangers.note(name, connection, request)
            return connection.respond(HTTPStatus.NOT_FOUND, "No such charge point.\n")
        if known.password_hash and not await _knows(request.headers, known.id, known.password_hash):
            log.warning("wrong password", charge_point_id=known.id)
            refusal = connection.respond(HTTPStatus.UNAUTHORIZED, "Wrong credentials.\n")
            refusal.headers["WWW-Authenticate"] = REALM
            return refusal
        return None


async def _knows(headers: Headers, charge_point_id: str, password_hash: str) -> bool:
    presented = password(headers.get_all("Authorization"), charge_point_id)
    return presented is not None and await asyncio.to_thread(matches, presented, password_hash)


def password(authorization: Sequence[str], charge_point_id: str) -> bytes | None:
    """Return the password of a Basic header whose user name is the charge point's identity.

    It may be any bytes; an identity may contain a colon.
    """
    scheme, _, encoded = (authorization[0] if len(authorization) == 1 else "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        credentials = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return None
    user = f"{charge_point_id}:".encode()
    return credentials.removeprefix(user) if credentials.startswith(user) else None
