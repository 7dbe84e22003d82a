"""HAProxy with config/proxy/haproxy.cfg in front of a test's nodes, and the papers it shows."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import setup_haproxy
from tests.certificates import Authority, rsa_key
from tests.ports import free_port

CONFIG = Path(__file__).parents[1] / "config" / "proxy" / "haproxy.cfg"
NODES = 3


@dataclass(frozen=True)
class Ports:
    """Where a node listens on this machine."""

    web: str
    ocpp: str


@dataclass(frozen=True)
class Proxy:
    """Where the proxy listens."""

    pages: str
    charge_points: str


def program() -> str:
    path = setup_haproxy.find()
    assert path, "make setup-test installs HAProxy"
    return path


def papers(folder: Path) -> Authority:
    """Return who signs for everybody, its folder holding what the proxy reads."""
    authority = Authority(folder, "Authority")
    (folder / "charge-points").mkdir()
    for kind, key in (("rsa", rsa_key()), ("ecdsa", None)):
        certificate, key_file = authority.issue("127.0.0.1", key=key, file=kind)
        pair = certificate.read_text() + key_file.read_text()
        (folder / "charge-points" / f"ocpp.pem.{kind}").write_text(pair)
        (folder / "pages.pem").write_text(pair)
    (folder / "charge-points-ca.pem").write_bytes(authority.file.read_bytes())
    return authority


@asynccontextmanager
async def haproxy(authority: Authority, nodes: Sequence[Ports]) -> AsyncIterator[Proxy]:
    """Run one in front of these nodes; where there are fewer than three, nobody is the first."""
    nobody = [Ports(str(free_port()), str(free_port())) for _ in range(NODES - len(nodes))]
    ports = {name: str(free_port()) for name in ("REDIRECT_PORT", "PAGES_PORT", "OCPP_PORT")}
    environment = {"TLS_FOLDER": str(authority.folder), "MAXCONN": "100"} | ports
    for number, node in enumerate([*nobody, *nodes], 1):
        environment |= {
            f"NODE_{number}_PAGES": f"127.0.0.1:{node.web}",
            f"NODE_{number}_OCPP": f"127.0.0.1:{node.ocpp}",
            f"NODE_{number}_WEB_PORT": node.web,
        }
    process = await asyncio.create_subprocess_exec(
        program(), "-db", "-f", CONFIG, env=os.environ | environment
    )
    try:
        yield Proxy(
            f"https://127.0.0.1:{ports['PAGES_PORT']}",
            f"wss://127.0.0.1:{ports['OCPP_PORT']}/ocpp",
        )
    finally:
        process.terminate()
        await process.wait()
