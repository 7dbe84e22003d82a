"""The container and its compose file: what they are given starts the bridge, and no more than that.

No image is built here: what can be read is checked, HAProxy, NATS and Prometheus take their
configurations elsewhere.
"""

import asyncio
import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import nats
import pytest
import yaml
from compose_spec import PyCompose

from irve_bridge.settings import Settings, load
from tests.nats_server import nats_server
from tests.ports import free_port

ROOT = Path(__file__).parents[3]
NEEDED = {
    "STRIPE_SECRET_KEY": "sk_live_container",
    "STRIPE_WEBHOOK_SECRET": "whsec_container",
    "BASE_URL": "https://charge.example.com",
}
SECRETS = {
    "stripe_secret_key": "sk_live_container",
    "stripe_webhook_secret": "whsec_container",
    "database_url": "postgresql://irve:secret@postgres/irve",
    "nats_url": "nats://token@nats:4222",
}
ONCE = {"demo", "migrate"}
NODES = ("bridge-1", "bridge-2", "bridge-3")


def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


SERVICES = compose()["services"]
every_service = pytest.mark.parametrize("name", SERVICES)
every_bridge = pytest.mark.parametrize("name", ["bridge", "migrate", *NODES])


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        for each in (name.upper(), f"{name.upper()}_FILE"):
            monkeypatch.delenv(each, raising=False)


@pytest.fixture
def given(name: str, bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a service, with its secrets in files."""
    environment = {"BASE_URL": NEEDED["BASE_URL"]} | SERVICES[name]["environment"]
    for secret in SERVICES[name]["secrets"]:
        (tmp_path / secret).write_text(SECRETS[secret], "utf-8")
    for each, value in environment.items():
        monkeypatch.setenv(each, value.replace("/run/secrets", str(tmp_path)))
    return load(None)


def test_the_file_is_what_the_compose_specification_asks_for() -> None:
    names = PyCompose.from_json(json.dumps(compose())).service_names()
    assert set(names) == set(SERVICES)


def test_what_the_specification_does_not_know_is_refused() -> None:
    """Else the test above would prove nothing."""
    file = compose()
    file["services"]["bridge"]["helthcheck"] = {}
    with pytest.raises(ValueError, match="helthcheck"):
        PyCompose.from_json(json.dumps(file))


def test_a_profile_brings_what_belongs_together_and_nothing_starts_unasked() -> None:
    profiles: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        (profile,) = service["profiles"]
        profiles.setdefault(profile, set()).add(name)
    assert profiles == {
        "demo": {"demo"},
        "single": {"bridge"},
        "stripe-cli": {"stripe-cli"},
        "scale": {*NODES, "migrate", "proxy", "postgres", "nats", "prometheus", "grafana"},
    }


@every_service
def test_a_service_may_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in {"root", "0"}
    assert not {"privileged", "cap_add", "pid", "ipc"} & set(service)
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")


@every_service
def test_an_image_is_pinned_by_tag(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.search(r"\d+\.\d+|^\d+-", tag), SERVICES[name]["image"]


@every_service
def test_a_service_that_goes_on_says_whether_it_is_well(name: str) -> None:
    check = SERVICES[name].get("healthcheck", {})
    assert bool(check.get("test")) is (name not in {*ONCE, "stripe-cli"})


@every_service
def test_what_is_mounted_exists_and_is_read_only(name: str) -> None:
    """But for named volumes, and for what operators put into secrets/."""
    for mount in SERVICES[name].get("volumes", []):
        source, _, rest = mount.partition(":")
        if source.startswith("./"):
            assert rest.endswith(":ro"), mount
            assert source.startswith("./secrets/") or (ROOT / source).exists(), mount
        else:
            assert source in compose()["volumes"], mount


@every_service
def test_secrets_are_files_that_the_service_is_given(name: str) -> None:
    service = SERVICES[name]
    named = re.findall(r"/run/secrets/(\w+)", json.dumps(service.get("environment", {})))
    assert set(named) <= set(service.get("secrets", []))
    assert set(service.get("secrets", [])) <= set(compose()["secrets"])
    assert not re.search(r"(sk|rk)_(live|test)_|whsec_|password@", json.dumps(service))


def test_starting_registers_no_station() -> None:
    """The example's charge points have no passwords; stations are applied by a person."""
    for name in ("bridge", *NODES):
        assert "command" not in SERVICES[name]
        assert "./config:/app/config:ro" in SERVICES[name]["volumes"]
    assert "stations" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["bridge"])
def test_the_single_bridge_writes_only_into_its_volume(name: str, given: Settings) -> None:
    """Everything else is read-only: the log goes to the terminal, the database to the volume."""
    database = given.database_url.get_secret_value()
    assert not given.log_file
    assert database.startswith("sqlite:////var/lib/irve_bridge/")
    assert "data:/var/lib/irve_bridge" in SERVICES[name]["volumes"]
    ports = (given.web_port, given.ocpp_port, given.ocpp_tls_port)
    assert SERVICES[name]["ports"] == [f"{port}:{port}" for port in ports]


@pytest.mark.parametrize("name", NODES)
def test_a_node_shares_database_and_bus_and_trusts_the_proxy_alone(
    name: str, given: Settings
) -> None:
    assert given.database_url.get_secret_value() == SECRETS["database_url"]
    assert given.nats_url is not None
    assert not given.log_file
    assert given.trusted_proxies == 1
    address = SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]
    assert given.ocpp_trusted_proxies == (ip_network(address),)
    (subnet,) = compose()["networks"]["edge"]["ipam"]["config"]
    assert ip_address(address) in ip_network(subnet["subnet"])
    assert "ports" not in SERVICES[name], "else charge points would come past the proxy"


@pytest.mark.parametrize("name", ["migrate"])
def test_the_schema_is_brought_up_to_date_before_any_node(name: str, given: Settings) -> None:
    assert given.database_url.get_secret_value() == SECRETS["database_url"]
    for node in NODES:
        condition = SERVICES[node]["depends_on"][name]["condition"]
        assert condition == "service_completed_successfully"


@every_bridge
def test_the_image_and_compose_set_only_what_is_a_setting(name: str) -> None:
    """A misspelt name would pass in silence."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", image, re.MULTILINE))
    named |= set(SERVICES[name]["environment"])
    settings = {name.upper() for name in Settings.model_fields}
    settings |= {f"{name.upper()}_FILE" for name in Settings.secrets()}
    assert named - settings == {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


@pytest.mark.parametrize("name", ["bridge", *NODES])
def test_a_stop_has_the_time_it_takes(name: str, given: Settings) -> None:
    grace_s = float(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert grace_s > given.shutdown_s


def test_the_proxy_and_prometheus_ask_nodes_by_the_names_they_have() -> None:
    haproxy = (ROOT / "config" / "proxy" / "haproxy.cfg").read_text("utf-8")
    asked = set(re.findall(r"\$\{NODE_\d_\w+-([\w-]+):(?:8080|9000)\}", haproxy))
    assert asked == set(NODES)
    for node in NODES:
        assert set(SERVICES[node]["networks"]) == {"edge", "inside"}
        assert SERVICES[node]["networks"]["inside"]["aliases"] == ["bridge"]
    scraped = yaml.safe_load((ROOT / "config/prometheus/prometheus.yaml").read_text("utf-8"))
    (job,) = scraped["scrape_configs"]
    assert job["dns_sd_configs"][0]["names"] == ["bridge"]
    source = (ROOT / "config/grafana/provisioning/datasources/prometheus.yaml").read_text("utf-8")
    assert "http://prometheus:9090" in source


def test_ports_that_the_proxy_listens_on_are_those_that_are_published() -> None:
    haproxy = (ROOT / "config" / "proxy" / "haproxy.cfg").read_text("utf-8")
    listened = set(re.findall(r"^    bind \":\$\{\w+-(\d+)\}\"", haproxy, re.MULTILINE))
    assert {port.partition(":")[2] for port in SERVICES["proxy"]["ports"]} == listened


async def test_nats_lets_in_who_has_the_token_of_the_file_and_nobody_else(tmp_path: Path) -> None:
    """Where the container has both: one file includes the other by a relative path."""
    (tmp_path / "etc" / "nats").mkdir(parents=True)
    (tmp_path / "run" / "secrets").mkdir(parents=True)
    (tmp_path / "run" / "secrets" / "nats_authorization").write_text('token: "s3cret"\n', "utf-8")
    text = (ROOT / "config" / "nats" / "nats.conf").read_text("utf-8")
    file = tmp_path / "etc" / "nats" / "nats.conf"
    file.write_text(text.replace("127.0.0.1:8222", f"127.0.0.1:{free_port()}"), "utf-8")
    with nats_server("--config", str(file)) as server:
        bridge = await nats.connect(f"nats://s3cret@127.0.0.1:{server.port}")
        await bridge.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"CONNECT {}\r\nPING\r\n")
        assert b"Authorization Violation" in await reader.read()
        writer.close()
        await writer.wait_closed()
