"""A bridge with certificates opens a TLS port, and charge points of its file come in there."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from irve_bridge import stations
from irve_bridge.bootstrap import running
from irve_bridge.charge_points.tls import TlsRefused
from irve_bridge.settings import Settings, load
from simulators.charge_point.__main__ import charge_points, parser
from tests.certificates import Authority

FILE = """
operator: {name: Recharge Exemple, phone: "1", address: There, siren: 732 829 320}
tariffs:
  - {id: t, currency: EUR, elements: [{price_components: [{type: TIME, price: 1}]}]}
charge_points:
  - id: A
    name: A
    security_profile: 3
    address: There
    city: Paris
    latitude: 48.85
    longitude: 2.35
    connectors: [{number: 1, evse_id: E1, power_kw: 7.4, tariff: t}]
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls", "Authority")


@pytest.fixture
def settings(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    certificate, key = authority.issue("127.0.0.1")
    lines = {
        "STRIPE_SECRET_KEY": "sk_test_abc",
        "STRIPE_WEBHOOK_SECRET": "whsec_abc",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": f"sqlite:///{tmp_path}/bridge.db",
        "WEB_PORT": "0",
        "OCPP_PORT": "0",
        "OCPP_TLS_PORT": "0",
        "OCPP_TLS_CERTIFICATES": str(certificate),
        "OCPP_TLS_KEYS": str(key),
        "OCPP_CLIENT_CA": str(authority.file),
    }
    file = tmp_path / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in lines.items()))
    return load(str(file))


async def test_a_charge_point_of_profile_3_comes_in_over_tls(
    settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "stations.yaml").write_text(FILE)
    wanted = stations.read(tmp_path / "stations.yaml")
    certificate, key = authority.issue("A", "Recharge Exemple")
    async with running(settings, CollectorRegistry()) as bridge:
        await bridge.storage.transact(
            lambda tx: stations.apply(list(stations.differences(wanted, tx.stations)), tx.stations)
        )
        arguments = parser().parse_args(
            [
                *("--url", f"wss://127.0.0.1:{bridge.ocpp_tls_port}/ocpp", "--id", "A"),
                *("--ca", str(authority.file), "--certificate", str(certificate)),
                *("--key", str(key), "--quiet"),
            ]
        )
        (simulated,) = charge_points(arguments)
        async with simulated:
            await simulated.wait_until_online()


async def test_a_certificate_that_cannot_be_used_stops_the_start_with_its_name(
    settings: Settings,
) -> None:
    settings.ocpp_tls_certificates[0].write_text("nothing")
    with pytest.raises(TlsRefused, match=r"127\.0\.0\.1\.pem"):
        async with running(settings, CollectorRegistry()):
            pass
