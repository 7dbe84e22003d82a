"""The container: what it is given starts the bridge, and production data stays the operator's."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from irve_bridge.settings import Settings, load

ROOT = Path(__file__).parents[3]
NEEDED = {
    "STRIPE_SECRET_KEY": "sk_live_container",
    "STRIPE_WEBHOOK_SECRET": "whsec_container",
    "BASE_URL": "https://charge.example.com",
}


@pytest.fixture
def services() -> Any:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["services"]


def test_the_bridge_starts_alone_and_the_rest_on_demand(services: Any) -> None:
    """`docker compose up` is production: no simulator comes along, and none needs the bridge."""
    assert [name for name, service in services.items() if "profiles" not in service] == ["bridge"]
    assert "depends_on" not in services["demo"]
    assert services["demo"].get("restart", "no") == "no"


def test_starting_registers_no_station(services: Any) -> None:
    """The example's charge points have no passwords; stations are applied by a person."""
    assert "command" not in services["bridge"]
    assert "stations" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "./config:/app/config:ro" in services["bridge"]["volumes"]


def test_the_bridge_writes_only_into_its_volume(
    services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else is read-only: the log goes to the terminal, the database to the volume."""
    given = services["bridge"]["environment"]
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in (NEEDED | given).items():
        monkeypatch.setenv(name, value)
    settings = load(None)
    assert services["bridge"]["read_only"]
    assert not settings.log_file
    assert settings.database_url.get_secret_value().startswith("sqlite:////var/lib/irve_bridge/")
    assert "data:/var/lib/irve_bridge" in services["bridge"]["volumes"]
    ports = (settings.web_port, settings.ocpp_port, settings.ocpp_tls_port)
    assert services["bridge"]["ports"] == [f"{port}:{port}" for port in ports]


def test_the_image_and_compose_set_only_what_is_a_setting(services: Any) -> None:
    """A misspelt name would pass in silence."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", image, re.MULTILINE))
    named |= set(services["bridge"]["environment"])
    settings = {name.upper() for name in Settings.model_fields}
    assert named - settings == {"PATH", "PYTHONUNBUFFERED"}
