"""Who may open a socket: the opening handshake (OCPP-J 1.6 §3; security whitepaper §2)."""

import base64
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from irve_bridge.charge_points import tls
from irve_bridge.charge_points.locks import Busy, HeldBack, Locks
from irve_bridge.charge_points.strangers import Strangers
from irve_bridge.domain import credentials
from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile
from irve_bridge.service.credentials import change
from irve_bridge.service.ports import Storage
from irve_bridge.telemetry.metrics import REFUSED_HANDSHAKES

REASONS = {
    HTTPStatus.FORBIDDEN: "insecure",
    HTTPStatus.UNAUTHORIZED: "credentials",
    HTTPStatus.TOO_MANY_REQUESTS: "held_back",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}
PREFIX = "/ocpp/"
OCPP_16 = Subprotocol("ocpp1.6")
REALM = 'Basic realm="ocpp", charset="UTF-8"'
BUSY_RETRY_S = 10

log = structlog.get_logger()


def identity(path: str) -> str | None:
    """Return the charge point that a path names, percent-decoded; None for no such path."""
    name = _written(path)
    return unquote(name) if name and "/" not in name else None


def _written(path: str) -> str:
    """Return a charge point's name as it stands in the path."""
    try:
        route = urlsplit(path).path
    except ValueError:  # it looks like an address with a host, and the host is none
        return ""
    return route.removeprefix(PREFIX).removesuffix("/") if route.startswith(PREFIX) else ""


def choose_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return ocpp1.6 where it is offered; without it the server closes later (OCPP-J 1.6 §3.2)."""
    return OCPP_16 if OCPP_16 in offered else None


class Refused(Exception):
    """A handshake ends with this status."""

    def __init__(self, status: HTTPStatus, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Admission:
    """Lets in who is registered and as secure as its profile asks for, or better.

    Lists who is not registered, if that is wished for.
    """

    def __init__(
        self, storage: Storage, cpo_name: str = "", strangers: Strangers | None = None
    ) -> None:
        self._storage = storage
        self._strangers = strangers
        self._cpo_name = cpo_name
        self._locks = Locks()

    async def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the refusal of a handshake, None to let it in.

        404 is for an unknown charge point, 401 for a password, 403 for a connection that is less
        secure than its profile (whitepaper A00.FR.002), 429 after wrong guesses, 503 when too
        many passwords wait to be looked at.
        """
        name = identity(request.path) or ""
        known = await self._storage.read(lambda tx: tx.stations.charge_point(name))
        if known is None:
            log.warning("unknown charge point", path=request.path)
            REFUSED_HANDSHAKES.labels("unknown").inc()
            if self._strangers:
                await self._strangers.note(name, connection, request)
            return connection.respond(HTTPStatus.NOT_FOUND, "No such charge point.\n")
        try:
            await self._admit(known, connection, request)
        except Refused as refused:
            log.warning("login refused", charge_point_id=known.id, reason=refused.reason)
            REFUSED_HANDSHAKES.labels(REASONS[refused.status]).inc()
            response = connection.respond(refused.status, f"{refused.reason}\n")
            response.headers.update(refused.headers)
            return response
        return None

    async def _admit(
        self, point: ChargePoint, connection: ServerConnection, request: Request
    ) -> None:
        ciphered = connection.transport.get_extra_info("ssl_object")
        best = SecurityProfile.BASIC if ciphered is None else SecurityProfile.TLS
        if ciphered and self._is_of(point, ciphered.getpeercert()):
            key, reached = None, SecurityProfile.CERTIFICATE
        elif best < point.security_profile:
            raise Refused(HTTPStatus.FORBIDDEN, _lacking(point.security_profile))
        else:
            key = await self._key(point, request)
            reached = best if key else SecurityProfile.OPEN
        if reached < point.security_profile:
            raise Refused(HTTPStatus.UNAUTHORIZED, "Wrong credentials.", WWW_Authenticate=REALM)
        if credentials.came_in(point, key, reached) != point:
            await self._storage.transact(
                lambda tx: change(tx, point.id, lambda p: credentials.came_in(p, key, reached))
            )

    async def _key(self, point: ChargePoint, request: Request) -> str | None:
        # Its identity “as it uses it in the connection URL” (A00.FR.204): some encode it, too.
        users = (point.id, _written(request.path))
        presented = password(request.headers.get_all("Authorization"), *users)
        if presented is None:
            return None
        try:
            return await self._locks.opened_by(point, presented)
        except HeldBack as held:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Wrong credentials a moment ago.",
                Retry_After=str(int(held.pause_s) + 1),
            ) from held
        except Busy as busy:
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, "Busy.", Retry_After=str(BUSY_RETRY_S)
            ) from busy

    def _is_of(self, point: ChargePoint, certificate: dict[str, object] | None) -> bool:
        """Return whether a certificate, verified already, is the charge point's own.

        It names the charge point and who operates it (whitepaper A00.FR.404, 405).
        """
        if not certificate:
            return False
        named = tls.names(certificate, "commonName")
        owners = tls.names(certificate, "organizationName")
        trusted = {point.operator_name, self._cpo_name} - {""}
        if named == [point.certificate_name] and not trusted.isdisjoint(owners):
            return True
        log.warning("certificate of another", charge_point_id=point.id, named=named, owners=owners)
        return False


def _lacking(profile: SecurityProfile) -> str:
    needed = "TLS" if profile is SecurityProfile.TLS else "TLS with its own certificate"
    return f"This charge point must connect over {needed}."


def password(authorization: Sequence[str], *users: str) -> bytes | None:
    """Return the password of a Basic header of one of these users.

    It may be any bytes; an identity may contain a colon.
    """
    scheme, _, encoded = (authorization[0] if len(authorization) == 1 else "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        shown = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return None
    names = (f"{user}:".encode() for user in users)
    return next((shown.removeprefix(name) for name in names if shown.startswith(name)), None)
