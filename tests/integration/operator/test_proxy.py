"""HAProxy with config/proxy/haproxy.cfg, in front of a bridge that runs as a process."""

import asyncio
import base64
import os
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from simulators.charge_point import ChargePoint
from tests.certificates import Authority
from tests.haproxy import CONFIG, Ports, haproxy, papers, program
from tests.integration.world import STATIONS, World, world

HERE = "127.0.0.2"
"""Where charge points and drivers come from; the proxy comes from 127.0.0.1."""
PATIENCE_S = 20.0


@dataclass
class Proxied:
    """A world behind a proxy, and the papers of who calls it."""

    world: World
    authority: Authority
    pages: str
    charge_points: str

    def tls(self, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    @asynccontextmanager
    async def driver(self, address: str = HERE) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(ssl=self.tls(), local_addr=(address, 0))
        async with aiohttp.ClientSession(self.pages, connector=connector) as http:
            yield http

    async def socket(self, name: str, tls: ssl.SSLContext, **headers: str) -> ClientConnection:
        return await connect(
            f"{self.charge_points}/{name}",
            ssl=tls,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            additional_headers={each.replace("_", "-"): text for each, text in headers.items()},
            local_addr=(HERE, 0),
        )

    async def ready(self) -> None:
        """Return once the proxy has found a node that is ready."""
        async with asyncio.timeout(PATIENCE_S), self.driver() as http:
            while True:
                with suppress(aiohttp.ClientConnectorError):
                    async with http.get("/") as answer:
                        if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                            return
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Made once, since RSA takes a while."""
    return papers(tmp_path_factory.mktemp("authority"))


def stations(tmp_path: Path) -> Path:
    """The example's stations: one charge point needs its certificate, another one a password."""
    text = STATIONS.read_text("utf-8").replace("tariffs/", f"{STATIONS.parent}/tariffs/")
    text = text.replace("id: CP1", "id: CP1\n    security_profile: 3")
    text = text.replace("id: CP2", f"id: CP2\n    security_profile: 2\n    password: '{'ab' * 20}'")
    (tmp_path / "stations.yaml").write_text(text, "utf-8")
    return tmp_path / "stations.yaml"


@pytest.fixture
async def proxied(tmp_path: Path, authority: Authority) -> AsyncIterator[Proxied]:
    """One node that is up, of three, and the proxy before them."""
    settings = {
        "TRUSTED_PROXIES": "1",
        "OCPP_TRUSTED_PROXIES": "127.0.0.1",
        "LIST_STRANGERS": "true",
        "THROTTLE_PER_MINUTE": "1",
        "LOG_FILE": str(tmp_path / "app.log"),
    }
    async with world(tmp_path, process=True, stations_file=stations(tmp_path), **settings) as w:
        node = Ports(w.environment["WEB_PORT"], w.environment["OCPP_PORT"])
        async with haproxy(authority, [node]) as proxy:
            found = Proxied(w, authority, proxy.pages, proxy.charge_points)
            await found.ready()
            yield found


def test_the_proxy_takes_its_configuration_without_a_warning(authority: Authority) -> None:
    """Node names resolve in the compose network only, so that addresses stand for them here."""
    nodes = {f"NODE_{n}_{what}": "127.0.0.1:1" for n in (1, 2, 3) for what in ("PAGES", "OCPP")}
    checked = subprocess.run(
        [program(), "-c", "-f", str(CONFIG)],
        env=os.environ | nodes | {"TLS_FOLDER": str(authority.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, "WARNING" in checked.stderr) == (0, False), checked.stderr


async def test_a_charge_point_of_profile_3_comes_in_with_its_certificate(proxied: Proxied) -> None:
    """And one with another's certificate, none, or only the header of it does not."""
    own = proxied.authority.issue("CP1", "Recharge Exemple")
    async with ChargePoint(proxied.charge_points, "CP1", tls=proxied.tls(own)) as simulated:
        await simulated.wait_until_online()
    other = proxied.authority.issue("CP7", "Recharge Exemple")
    der = ssl.PEM_cert_to_DER_cert(own[0].read_text("ascii"))
    forged = f":{base64.b64encode(der).decode()}:"
    for tls in (proxied.tls(other), proxied.tls()):
        with pytest.raises(InvalidStatus, match="403"):
            await proxied.socket("CP1", tls, Client_Cert=forged)


async def test_a_charge_point_of_profile_2_comes_in_with_its_password(proxied: Proxied) -> None:
    simulated = ChargePoint(
        proxied.charge_points, "CP2", tls=proxied.tls(), password="ab" * 20, connectors=1
    )
    async with simulated:
        await simulated.wait_until_online()


async def test_a_certificate_of_nobody_we_know_ends_the_handshake(
    proxied: Proxied, tmp_path: Path
) -> None:
    forged = Authority(tmp_path / "forged", "Nobody").issue("CP1", "Recharge Exemple")
    with pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage)):
        await proxied.socket("CP1", proxied.tls(forged))


async def test_the_address_of_a_charge_point_is_handed_on_and_not_what_it_claims(
    proxied: Proxied,
) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        await proxied.socket("NOBODY", proxied.tls(), X_Forwarded_For="203.0.113.7")
    _, answer = await proxied.world.api("GET", "/api/strangers")
    assert [(each["charge_point_id"], each["address"]) for each in answer["strangers"]] == [
        ("NOBODY", HERE)
    ]


async def test_drivers_reach_the_pages_and_each_has_an_address_of_their_own(
    proxied: Proxied,
) -> None:
    """One who asks too much is held back, though they claim to be somebody else each time."""
    quote = "/api/quote?charge_point_id=CP1&connector_id=1&payment_type=dynamic"
    async with proxied.driver() as http:
        async with http.get("/s/CP1/1") as page:
            assert (page.status, "Strict-Transport-Security" in page.headers) == (200, False)
        for n in range(11):
            async with http.get(quote, headers={"X-Forwarded-For": f"203.0.113.{n}"}) as last:
                pass
        assert last.status == 429
    async with proxied.driver("127.0.0.3") as http, http.get(quote) as other:
        assert other.status != 429


@pytest.mark.parametrize("path", ["/metrics", "/%6Detrics", "/readyz", "/healthz"])
async def test_figures_and_health_stay_inside(proxied: Proxied, path: str) -> None:
    async with proxied.driver() as http, http.get(f"{proxied.pages}{path}") as answer:
        assert (answer.status, "irve_" in await answer.text()) == (404, False)


async def test_a_restart_is_told_through_the_proxy(proxied: Proxied) -> None:
    """So that a charge point connects anew at once, to whichever node is there."""
    own = proxied.authority.issue("CP1", "Recharge Exemple")
    socket = await proxied.socket("CP1", proxied.tls(own))
    await socket.send('[2,"1","Heartbeat",{}]')
    await socket.recv()
    await proxied.world.end_process()
    await socket.wait_closed()
    assert socket.close_code == 1012
