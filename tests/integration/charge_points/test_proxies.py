"""Behind a proxy that ends TLS: its word counts, and nobody else's.

The proxy is a header here; tests/integration/operator/test_proxy.py asks a real one.
"""

import base64
import ssl
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile
from irve_bridge.service.passwords import hash_password
from tests.certificates import Authority

KEY = "00ff10ee" * 5
TLS = {"X-Forwarded-Proto": "https"}
HERE, ELSEWHERE = ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "Charge points' authority")


def client_cert(certificate: tuple[Path, Path]) -> dict[str, str]:
    """A header as RFC 9440 writes it."""
    der = ssl.PEM_cert_to_DER_cert(certificate[0].read_text("ascii"))
    return {"Client-Cert": f":{base64.b64encode(der).decode()}:"}


def basic(key: str = KEY) -> dict[str, str]:
    shown = base64.b64encode(b"CP9:" + bytes.fromhex(key)).decode()
    return {"Authorization": f"Basic {shown}"}


class Door:
    """A door that trusts one network, and who knocks there from this machine."""

    def __init__(self, house: Any, port: int) -> None:
        self.house = house
        self.port = port

    async def register(self, profile: SecurityProfile) -> None:
        point = ChargePoint(
            id="CP9",
            name="CP9",
            operator_name="Operator",
            operator_phone="1",
            security_profile=profile,
            password_hash=hash_password(KEY),
        )
        await self.house.storage.transact(lambda tx: tx.stations.put(point))

    @asynccontextmanager
    async def socket(self, name: str, headers: Any) -> AsyncIterator[ClientConnection]:
        async with connect(
            f"ws://127.0.0.1:{self.port}/ocpp/{name}",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            additional_headers=headers,
        ) as socket:
            yield socket

    async def knock(self, headers: Any, name: str = "CP9") -> int:
        """Return the status of a handshake: 101 if it lets in and answers."""
        try:
            async with self.socket(name, headers) as socket:
                await socket.send('[2,"1","Heartbeat",{}]')
                assert "currentTime" in str(await socket.recv())
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.fixture
async def trusting(house: Any, settings: DoorSettings) -> AsyncIterator[Door]:
    """A door whose proxies are on this machine."""
    door = house.server(replace(settings, trusted_proxies=(HERE, ELSEWHERE), list_strangers=True))
    async with door.listen() as port:
        yield Door(house, port)


@pytest.fixture
async def distrusting(house: Any, settings: DoorSettings) -> AsyncIterator[Door]:
    """A door whose proxies are elsewhere."""
    door = house.server(replace(settings, trusted_proxies=(ELSEWHERE,), list_strangers=True))
    async with door.listen() as port:
        yield Door(house, port)


async def test_tls_up_to_a_trusted_proxy_is_profile_2(trusting: Door) -> None:
    await trusting.register(SecurityProfile.TLS)
    assert await trusting.knock(TLS | basic()) == 101
    assert await trusting.knock(TLS | basic("11" * 20)) == 401
    assert await trusting.knock(basic()) == 403, "the proxy was reached without TLS"


async def test_a_certificate_that_a_trusted_proxy_hands_on_is_profile_3(
    trusting: Door, authority: Authority
) -> None:
    await trusting.register(SecurityProfile.CERTIFICATE)
    assert await trusting.knock(TLS | client_cert(authority.issue("CP9"))) == 101
    assert await trusting.knock(TLS | basic()) == 403, "a key is not enough"


@pytest.mark.parametrize(("name", "owner"), [("CP8", "Operator"), ("CP9", "Somebody")])
async def test_another_s_certificate_opens_behind_a_proxy_as_little_as_without_one(
    trusting: Door, authority: Authority, name: str, owner: str
) -> None:
    await trusting.register(SecurityProfile.CERTIFICATE)
    other = authority.issue(name, owner, file=f"{name}-{owner}")
    assert await trusting.knock(TLS | client_cert(other) | basic()) == 403


@pytest.mark.parametrize("profile", [SecurityProfile.TLS, SecurityProfile.CERTIFICATE])
async def test_from_anybody_else_the_headers_mean_nothing(
    distrusting: Door, authority: Authority, profile: SecurityProfile
) -> None:
    """A charge point's certificate is public: who replays it must still not get in."""
    await distrusting.register(profile)
    stolen = client_cert(authority.issue("CP9"))
    assert await distrusting.knock(TLS | stolen | basic()) == 403


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Forwarded-Proto", "http")],
        [("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")],
        [("X-Forwarded-Proto", "http, https")],
        [],
    ],
    ids=["plain", "both, in two fields", "both, in one", "nothing"],
)
async def test_a_proxy_that_says_no_clear_tls_says_none(
    trusting: Door, authority: Authority, headers: list[tuple[str, str]]
) -> None:
    """A second field is what somebody sent past the proxy."""
    await trusting.register(SecurityProfile.CERTIFICATE)
    shown = client_cert(authority.issue("CP9"))
    assert await trusting.knock([*headers, *shown.items(), *basic().items()]) == 403


@pytest.mark.parametrize("field", ["", "::", ":!:", ":AAAA:", "nonsense", "é"])
async def test_a_certificate_that_cannot_be_read_is_none(trusting: Door, field: str) -> None:
    await trusting.register(SecurityProfile.CERTIFICATE)
    assert await trusting.knock(TLS | {"Client-Cert": field} | basic()) == 403


async def test_of_two_certificates_none_counts(trusting: Door, authority: Authority) -> None:
    await trusting.register(SecurityProfile.CERTIFICATE)
    shown = client_cert(authority.issue("CP9"))["Client-Cert"]
    fields = [*TLS.items(), ("Client-Cert", shown), ("Client-Cert", shown)]
    assert await trusting.knock(fields) == 403


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["198.51.100.9, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.9", "203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        (["nonsense"], "127.0.0.1"),
        (["203.0.113.7, nonsense, 10.1.2.3"], "10.1.2.3"),
        ([], "127.0.0.1"),
    ],
)
async def test_the_address_is_the_first_that_is_no_proxy_of_ours(
    trusting: Door,
    logs: list[MutableMapping[str, Any]],
    forwarded: list[str],
    address: str,
) -> None:
    """What stands before it anybody can write."""
    headers = [("X-Forwarded-For", each) for each in forwarded]
    assert await trusting.knock(headers, "NOBODY") == 404
    (stranger,) = await trusting.house.storage.read(lambda tx: tx.strangers.page(9))
    assert stranger.address == address
    assert [line["address"] for line in logs if line["event"] == "unknown charge point"] == [
        address
    ]


async def test_a_stranger_cannot_say_where_it_comes_from(distrusting: Door) -> None:
    assert await distrusting.knock({"X-Forwarded-For": "203.0.113.7"}, "NOBODY") == 404
    (stranger,) = await distrusting.house.storage.read(lambda tx: tx.strangers.page(9))
    assert stranger.address == "127.0.0.1"
