"""How a charge point came, told by the socket or by a proxy of ours that ended its TLS.

What a proxy says counts only where its address is in a trusted network; from anybody else the same
headers are nobody's word. `X-Forwarded-Proto: https` says that the charge point spoke TLS,
`Client-Cert` (RFC 9440) shows the certificate that the proxy has verified, and `X-Forwarded-For`
names the charge point's address.
"""

import base64
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from cryptography.x509 import Name, NameOID, ObjectIdentifier, load_der_x509_certificate
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers

from irve_bridge.charge_points import tls

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address
CERTIFICATE = "Client-Cert"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a verified certificate names."""

    common_names: Sequence[str]
    organizations: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a charge point came from, whether over TLS, and with whose certificate."""

    address: str
    ciphered: bool = False
    certificate: Subject | None = None


def arrival(connection: ServerConnection, headers: Headers, trusted: Sequence[Network]) -> Arrival:
    """Return how a charge point came: by a trusted proxy's word, else by its socket."""
    peer = str((connection.remote_address or ("",))[0])
    if _within(peer, trusted):
        return _told(peer, headers, trusted)
    ciphered = connection.transport.get_extra_info("ssl_object")
    return Arrival(
        address=peer,
        ciphered=ciphered is not None,
        certificate=_of_socket(ciphered) if ciphered else None,
    )


def _told(peer: str, headers: Headers, trusted: Sequence[Network]) -> Arrival:
    """Return what a proxy says; with two answers to one question it says nothing."""
    ciphered = headers.get_all("X-Forwarded-Proto") == ["https"]
    shown = headers.get_all(CERTIFICATE)
    return Arrival(
        address=_origin(peer, headers.get_all("X-Forwarded-For"), trusted),
        ciphered=ciphered,
        certificate=_of_proxy(shown[0]) if ciphered and len(shown) == 1 else None,
    )


def _origin(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return who stands before the first proxy of ours: what is left of that anybody can write."""
    for hop in reversed([each.strip() for each in ",".join(forwarded).split(",")]):
        if _address(hop) is None:
            return peer
        if not _within(hop, trusted):
            return hop
        peer = hop
    return peer


def _within(address: str, networks: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _address(text: str) -> _Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found


def _of_socket(ciphered: ssl.SSLObject) -> Subject | None:
    shown = ciphered.getpeercert()
    if not shown:
        return None
    return Subject(tls.names(shown, "commonName"), tls.names(shown, "organizationName"))


def _of_proxy(field: str) -> Subject | None:
    """Return whom a certificate names: DER in base64 between colons (RFC 9440 §2.1)."""
    if field in {"", "::"}:  # nobody showed one
        return None
    try:
        der = base64.b64decode(field.removeprefix(":").removesuffix(":"), validate=True)
        subject = load_der_x509_certificate(der).subject
        return Subject(
            _values(subject, NameOID.COMMON_NAME), _values(subject, NameOID.ORGANIZATION_NAME)
        )
    except ValueError as error:
        log.warning("certificate not readable", reason=str(error))
        return None


def _values(subject: Name, kind: ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in subject.get_attributes_for_oid(kind)]
