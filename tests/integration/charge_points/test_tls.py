"""Security profiles 2 and 3: TLS, its suites, and charge points' own certificates."""

import base64
import shutil
import ssl
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.tls import Tls, TlsRefused, TlsSettings
from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile
from irve_bridge.service.passwords import hash_password
from simulators.charge_point import ChargePoint as SimulatedChargePoint
from tests.certificates import Authority, ec_key, rsa_key

KEY = "00ff10ee" * 5
SUITES = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
]
"""OpenSSL's names for the four of A00.FR.317; the last two are TLS_RSA_WITH_AES_…"""


@dataclass
class Papers:
    """What both sides need; made once, since RSA takes a while."""

    authority: Authority
    strangers: Authority
    rsa: tuple[Path, Path]
    ecdsa: tuple[Path, Path]

    @property
    def settings(self) -> TlsSettings:
        return TlsSettings(
            port=0, certificates=(self.rsa, self.ecdsa), client_ca=self.authority.file
        )


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    authority = Authority(folder / "ours", "Charge points' authority")
    return Papers(
        authority,
        Authority(folder / "theirs", "Nobody we know"),
        authority.issue("127.0.0.1", key=rsa_key(), file="rsa"),
        authority.issue("127.0.0.1", key=ec_key(), file="ecdsa"),
    )


Connect = Callable[..., Any]


@pytest.fixture
async def secured(house: Any, papers: Papers, settings: DoorSettings) -> AsyncIterator[Connect]:
    """Return what opens a socket to the TLS port as a charge point with these papers."""
    server = house.server(replace(settings, cpo_name="Roaming & Co"))
    async with server.listen_with_tls(papers.settings) as port:

        @asynccontextmanager
        async def open_(
            name: str, context: ssl.SSLContext, key: bytes | None = None
        ) -> AsyncIterator[ClientConnection]:
            async with connect(
                f"wss://127.0.0.1:{port}/ocpp/{name}",
                ssl=context,
                subprotocols=["ocpp1.6"],  # type: ignore[list-item]
                additional_headers=basic(name, key),
            ) as socket:
                yield socket

        open_.port = port  # type: ignore[attr-defined]
        yield open_


def basic(name: str, key: bytes | None) -> dict[str, str]:
    if key is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(name.encode() + b":" + key).decode()}


def client(papers: Papers, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=papers.authority.file)
    if certificate:
        context.load_cert_chain(*certificate)
    return context


async def register(house: Any, profile: SecurityProfile, **values: Any) -> None:
    point = ChargePoint(
        id="CP9",
        name="CP9",
        operator_name="Operator",
        operator_phone="1",
        security_profile=profile,
        password_hash=hash_password(KEY),
        **values,
    )
    await house.storage.transact(lambda tx: tx.stations.put(point))


async def alive(socket: ClientConnection) -> bool:
    await socket.send('[2,"1","Heartbeat",{}]')
    return "currentTime" in str(await socket.recv())


async def status_of(opening: Any) -> int:
    """Return the status of a refused handshake."""
    with pytest.raises(InvalidStatus) as refused:
        async with opening:
            pass
    return refused.value.response.status_code


@pytest.mark.parametrize("suite", SUITES)
async def test_each_suite_of_the_whitepaper_is_spoken(
    house: Any, secured: Connect, papers: Papers, suite: str
) -> None:
    """A00.FR.317: of both kinds of key, so with a certificate of each."""
    await register(house, SecurityProfile.TLS)
    context = client(papers)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    async with secured("CP9", context, bytes.fromhex(KEY)) as socket:
        assert socket.transport.get_extra_info("cipher")[0] == suite
        assert await alive(socket)


async def test_nothing_older_than_tls_1_2_is_spoken(secured: Connect, papers: Papers) -> None:
    """A00.FR.312, 314."""
    context = client(papers)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        async with secured("CP1", context):
            pass


async def test_tls_with_a_key_opens_to_profile_2(
    house: Any, secured: Connect, papers: Papers
) -> None:
    await register(house, SecurityProfile.TLS)
    async with secured("CP9", client(papers), bytes.fromhex(KEY)) as socket:
        assert await alive(socket)
    assert await status_of(secured("CP9", client(papers), b"wrong")) == 401
    assert await status_of(secured("CP9", client(papers))) == 401


@pytest.mark.parametrize("profile", [SecurityProfile.TLS, SecurityProfile.CERTIFICATE])
async def test_without_tls_the_right_key_does_not_open_to_who_must_use_it(
    house: Any, open_socket: Any, profile: SecurityProfile
) -> None:
    """A00.FR.002: it is not even compared."""
    await register(house, profile)
    headers = {"additional_headers": basic("CP9", bytes.fromhex(KEY))}
    assert await status_of(open_socket("CP9", **headers)) == 403


async def test_its_own_certificate_opens_to_profile_3(
    house: Any, secured: Connect, papers: Papers
) -> None:
    await register(house, SecurityProfile.CERTIFICATE)
    own = papers.authority.issue("CP9")
    async with secured("CP9", client(papers, own)) as socket:
        assert await alive(socket)


@pytest.mark.parametrize(
    "profile", [SecurityProfile.OPEN, SecurityProfile.BASIC, SecurityProfile.TLS]
)
async def test_its_own_certificate_opens_to_lower_profiles_too(
    house: Any, secured: Connect, papers: Papers, profile: SecurityProfile
) -> None:
    await register(house, profile)
    async with secured("CP9", client(papers, papers.authority.issue("CP9"))) as socket:
        assert await alive(socket)
    stored = await house.storage.read(lambda tx: tx.stations.charge_point("CP9"))
    assert stored.security_profile is profile


@pytest.mark.parametrize(
    ("name", "owner"), [("CP8", "Operator"), ("CP9", "Somebody"), ("cp9", "Operator")]
)
async def test_another_certificate_of_the_same_authority_does_not(
    house: Any, secured: Connect, papers: Papers, name: str, owner: str
) -> None:
    """A00.FR.404, 405: it names the charge point and its operator; a key is not enough then."""
    await register(house, SecurityProfile.CERTIFICATE)
    other = client(papers, papers.authority.issue(name, owner, file="other"))
    assert await status_of(secured("CP9", other, bytes.fromhex(KEY))) == 403


async def test_it_may_name_a_serial_number_and_who_else_owns_certificates(
    house: Any, secured: Connect, papers: Papers
) -> None:
    await register(house, SecurityProfile.CERTIFICATE, serial_number="SN-0815")
    own = papers.authority.issue("SN-0815", "Roaming & Co")
    async with secured("CP9", client(papers, own)) as socket:
        assert await alive(socket)
    by_id = client(papers, papers.authority.issue("CP9"))
    assert await status_of(secured("CP9", by_id)) == 403


async def test_a_certificate_of_an_unknown_authority_ends_the_connection(
    house: Any, secured: Connect, papers: Papers
) -> None:
    """A00.FR.407."""
    await register(house, SecurityProfile.CERTIFICATE)
    forged = client(papers, papers.strangers.issue("CP9"))
    with pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage)):
        async with secured("CP9", forged):
            pass


async def test_an_accepted_profile_is_the_least_once_it_was_used(
    house: Any, secured: Connect, open_socket: Any, papers: Papers
) -> None:
    """A05: before that the charge point may come back as it was."""
    await register(house, SecurityProfile.BASIC, next_security_profile=SecurityProfile.TLS)
    plain = {"additional_headers": basic("CP9", bytes.fromhex(KEY))}
    async with open_socket("CP9", **plain) as raw:
        assert await raw.alive()
    async with secured("CP9", client(papers), bytes.fromhex(KEY)) as socket:
        assert await alive(socket)
    assert await status_of(open_socket("CP9", **plain)) == 403


async def test_the_simulated_charge_point_connects_with_its_certificate(
    house: Any, secured: Any, papers: Papers
) -> None:
    await register(house, SecurityProfile.CERTIFICATE)
    context = client(papers, papers.authority.issue("CP9"))
    url = f"wss://127.0.0.1:{secured.port}/ocpp"
    async with SimulatedChargePoint(url, "CP9", tls=context, seed=1) as simulated:
        await simulated.wait_until_online()
    await house.disconnected("CP9")


@pytest.fixture
def renewable(papers: Papers, tmp_path: Path) -> TlsSettings:
    """Files that a test may change, read again when it says so."""
    for file in (*papers.ecdsa, papers.authority.file):
        shutil.copy(file, tmp_path)
    certificate = (tmp_path / "ecdsa.pem", tmp_path / "ecdsa.key")
    return TlsSettings(port=0, certificates=(certificate,), client_ca=tmp_path / "ca.pem")


def handshake(server: ssl.SSLContext, with_: ssl.SSLContext) -> bytes:
    """Shake hands in memory; return the server's certificate.

    Raises:
        ssl.SSLError: One side refuses the other.
    """
    shown = shaken(server, with_).getpeercert(binary_form=True)
    assert shown
    return shown


def shaken(
    server: ssl.SSLContext, with_: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> ssl.SSLObject:
    """Shake hands in memory, going on with an old session if there is one; return their side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = with_.wrap_bio(to_client, to_server, server_hostname="127.0.0.1", session=session)
    for _ in range(4):
        for side in (theirs, ours):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    ours.write(b".")
    assert theirs.read() == b"."  # with what it needs to come back, of TLS 1.3
    return theirs


def test_renewed_certificates_are_taken_without_a_restart(
    papers: Papers, renewable: TlsSettings
) -> None:
    """A00.FR.701: a central system's certificate may last for less than a day."""
    tls = Tls(renewable)
    before = handshake(tls.context, client(papers))
    for new, old in zip(
        papers.authority.issue("127.0.0.1", file="new"), renewable.certificates[0], strict=True
    ):
        shutil.copy(new, old)
    tls.reread()
    assert handshake(tls.context, client(papers)) != before


def test_half_renewed_certificates_change_nothing_yet(
    papers: Papers, renewable: TlsSettings
) -> None:
    tls = Tls(renewable)
    before = handshake(tls.context, client(papers))
    certificate, key = renewable.certificates[0]
    new_certificate, new_key = papers.authority.issue("127.0.0.1", file="newer")
    shutil.copy(new_certificate, certificate)
    tls.reread()
    assert handshake(tls.context, client(papers)) == before
    shutil.copy(new_key, key)
    tls.reread()
    assert handshake(tls.context, client(papers)) != before


def test_a_revoked_certificate_no_longer_opens(papers: Papers, renewable: TlsSettings) -> None:
    """A00.FR.704: the authority's newest revocation list stands beside its certificate."""
    tls, ca = Tls(renewable), renewable.client_ca
    assert ca
    stolen, other = papers.authority.issue("CP5"), papers.authority.issue("CP6")
    authority = ca.read_bytes()
    ca.write_bytes(authority + papers.authority.revoke(ago=timedelta(hours=1)))
    tls.reread()
    assert handshake(tls.context, client(papers, stolen))
    ca.write_bytes(authority + papers.authority.revoke(stolen[0]))
    tls.reread()
    with pytest.raises(ssl.SSLError, match="revoked"):
        handshake(tls.context, client(papers, stolen))
    assert handshake(tls.context, client(papers, other))
    assert handshake(tls.context, client(papers))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_from_before_the_revocation_opens_no_longer(
    papers: Papers, renewable: TlsSettings, version: ssl.TLSVersion
) -> None:
    """Who goes on with a session shows no certificate that a list could be asked about."""
    tls, ca = Tls(renewable), renewable.client_ca
    assert ca
    stolen = papers.authority.issue("CP7")
    context = client(papers, stolen)
    context.minimum_version = context.maximum_version = version
    session = shaken(tls.context, context).session
    ca.write_bytes(ca.read_bytes() + papers.authority.revoke(stolen[0]))
    tls.reread()
    with pytest.raises(ssl.SSLError, match="revoked"):
        shaken(tls.context, context, session)


def test_why_a_handshake_failed_is_logged(
    papers: Papers, renewable: TlsSettings, logs: list[MutableMapping[str, Any]]
) -> None:
    """A00.FR.323, 408: else a charge point that never appears could not be helped."""
    tls = Tls(renewable)
    with pytest.raises(ssl.SSLError):
        handshake(tls.context, client(papers, papers.strangers.issue("CP9")))
    assert [line["reason"] for line in logs if line["event"] == "TLS handshake failed"] == [
        "unable to get local issuer certificate"
    ]


@pytest.mark.parametrize("broken", ["ecdsa.pem", "ecdsa.key", "ca.pem"])
@pytest.mark.parametrize("content", [None, "nothing\n"])
def test_a_file_that_cannot_be_used_is_named(
    renewable: TlsSettings, tmp_path: Path, broken: str, content: str | None
) -> None:
    if content is None:
        (tmp_path / broken).unlink()
    else:
        (tmp_path / broken).write_text(content)
    with pytest.raises(TlsRefused, match=broken):
        Tls(renewable)
