"""The charge points' own TLS (OCPP 1.6 security whitepaper §2.4, 2.5)."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import structlog

from irve_bridge.domain.errors import BridgeError
from irve_bridge.telemetry.metrics import REFUSED_HANDSHAKES

CIPHERS = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20:AES256-GCM-SHA384:AES128-GCM-SHA256"
"""The last two are TLS_RSA, which A00.FR.317 asks for; whoever can does better."""
KINDS = 2
"""Of keys, RSA and elliptic curves: A00.FR.317 names suites of both."""

log = structlog.get_logger()


class TlsRefused(BridgeError):
    """A certificate or key cannot be used; the sentence names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Files in PEM: certificates with their chains and keys, and who signs charge points' ones.

    `client_ca` may hold revocation lists (CRL) too. Files are read again when they change.
    """

    port: int
    certificates: tuple[tuple[Path, Path], ...]
    client_ca: Path | None = None
    reread_s: float = 60


class _Newest(ssl.SSLContext):
    """Shakes hands by the newest of several contexts.

    A context vouches for sessions that began under it, whatever its files say by now.
    """

    newest: ssl.SSLContext

    def __new__(cls, first: ssl.SSLContext) -> Self:
        made = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        made.newest = first
        return made

    def wrap_bio(self, *bios: Any, **how: Any) -> ssl.SSLObject:
        return self.newest.wrap_bio(*bios, **how)


class Tls:
    """One context for all connections, with the files as they are now."""

    def __init__(self, settings: TlsSettings) -> None:
        """Read the files.

        Raises:
            TlsRefused: One of them cannot be used.
        """
        self._settings = settings
        self._read = self._state()
        self.context = _Newest(_context(settings))
        if len(settings.certificates) < KINDS:
            log.warning("one certificate only: charge points may need one of RSA and one of ECDSA")

    async def keep_fresh(self) -> None:
        """Take new files for new connections, for ever (A00.FR.701: certificates expire fast)."""
        while True:
            await asyncio.sleep(self._settings.reread_s)
            self.reread()

    def reread(self) -> None:
        """Take the files if they have changed; those that cannot be used are left for later."""
        try:
            state = self._state()
            if state == self._read:
                return
            self.context.newest = _context(self._settings)
        except TlsRefused as error:
            log.warning("certificates not renewed", error=str(error))
            return
        self._read = state
        log.info("certificates renewed")

    def _state(self) -> list[tuple[int, int]]:
        try:
            stats = [file.stat() for file in self._files()]
        except OSError as error:
            raise TlsRefused(f"{error.filename}: {error.strerror}") from error
        return [(stat.st_mtime_ns, stat.st_size) for stat in stats]

    def _files(self) -> Iterable[Path]:
        for pair in self._settings.certificates:
            yield from pair
        if self._settings.client_ca:
            yield self._settings.client_ca


class _Told(ssl.SSLObject):
    """Tells why a handshake failed, which asyncio keeps to itself (A00.FR.323, 408)."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", None) or error.reason
            log.warning("TLS handshake failed", reason=why)
            REFUSED_HANDSHAKES.labels("tls").inc()
            raise


def names(certificate: Mapping[str, Any] | None, kind: str) -> list[str]:
    """Return what a verified certificate's subject says, such as of its `commonName`."""
    subject = (certificate or {}).get("subject", ())
    return [value for rdn in subject for name, value in rdn if name == kind]


def _context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = _Told
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(CIPHERS)
    _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: TlsSettings) -> None:
    for certificate, key in settings.certificates:
        try:
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ValueError) as error:
            raise TlsRefused(f"{certificate} with {key}: {_reason(error)}") from error
    if settings.client_ca is None:
        return
    try:
        context.load_verify_locations(settings.client_ca)
    except OSError as error:
        raise TlsRefused(f"{settings.client_ca}: {_reason(error)}") from error
    context.verify_mode = ssl.CERT_OPTIONAL
    # Who comes back by a ticket shows no certificate: its own may have expired meanwhile.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    if context.cert_store_stats()["crl"]:
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"not a pair of certificate and key in PEM ({error.reason})"
    return getattr(error, "strerror", None) or str(error)
