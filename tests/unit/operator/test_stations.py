"""The operator's file of stations: mistakes are named, and applying it twice changes nothing."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from irve_bridge import stations
from irve_bridge.domain.charge_point import CodeDisplay
from irve_bridge.service.ports import Storage
from irve_bridge.storage import open_storage
from tests import sqlite

CONFIG = Path(__file__).parents[3] / "config"


async def apply(storage: Storage, wanted: stations.Wanted) -> list[str]:
    changes = await storage.read(lambda tx: list(stations.differences(wanted, tx.stations)))
    await storage.transact(lambda tx: stations.apply(changes, tx.stations))
    return [f"{change.sign} {change.name}" for change in changes]


def written(folder: Path, text: str) -> Path:
    file = folder / "stations.yaml"
    file.write_text(text, encoding="utf-8")
    return file


BASE = """
operator: {name: Op, phone: "1", address: There, siren: 732 829 320}
tariffs:
  - {id: t, currency: EUR, elements: [{price_components: [{type: TIME, price: 1}]}]}
charge_points:
  - id: A
    name: A
    password: correct-horse
    address: There
    city: Paris
    latitude: 48.85
    longitude: 2.35
    connectors: [{number: 1, evse_id: E1, power_kw: 7.4, tariff: t}]
"""


async def test_the_example_applies_once_and_then_nothing_is_left(tmp_path: Path) -> None:
    wanted = stations.read(CONFIG / "stations.yaml")
    async with open_storage(sqlite.made(tmp_path / "a.db")) as storage:
        assert "+ connector CP1/2" in await apply(storage, wanted)
        assert await apply(storage, wanted) == []


async def test_what_changes_is_shown_and_what_goes_is_removed(tmp_path: Path) -> None:
    async with open_storage(sqlite.made(tmp_path / "a.db")) as storage:
        two = BASE.replace(
            "tariff: t}]", "tariff: t}, {number: 2, evse_id: E2, power_kw: 7, tariff: t}]"
        )
        await apply(storage, stations.read(written(tmp_path, two)))
        assert await apply(storage, stations.read(written(tmp_path, two))) == []
        again = BASE.replace("name: A", "name: B")
        changed = await apply(storage, stations.read(written(tmp_path, again)))
        assert changed == ["~ charge point A", "- connector A/2"]
        point = await storage.read(lambda tx: tx.stations.charge_point("A"))
        assert point is not None
        assert point.password_hash is not None
        assert "correct-horse" not in point.password_hash


async def test_a_charge_point_that_the_file_leaves_out_is_kept_and_named(tmp_path: Path) -> None:
    async with open_storage(sqlite.made(tmp_path / "a.db")) as storage:
        await apply(storage, stations.read(written(tmp_path, BASE)))
        wanted = stations.read(written(tmp_path, BASE.replace("id: A", "id: B")))
        assert await apply(storage, wanted) == ["+ charge point B", "+ connector B/1"]
        assert await storage.read(lambda tx: stations.not_named(wanted, tx.stations)) == ["A"]


CHARGE_POINT = BASE[BASE.index("  - id: A") :]
CONNECTOR = "{number: 1, evse_id: E1, power_kw: 7.4, tariff: t}"
TARIFF = BASE[BASE.index("  - {id: t") : BASE.index("charge_points:")]


@pytest.mark.parametrize(
    ("once", "says"),
    [
        (CHARGE_POINT, "charge point A stands 2 times"),
        (CONNECTOR, "connector A/1 stands 2 times"),
        (TARIFF, "tariff t stands 2 times"),
    ],
)
def test_what_stands_twice_is_refused(tmp_path: Path, once: str, says: str) -> None:
    """Else the last one would win in silence."""
    separator = ", " if once == CONNECTOR else ""
    with pytest.raises(stations.FileRefused, match=says):
        stations.read(written(tmp_path, BASE.replace(once, f"{once}{separator}{once}")))


def test_an_evse_is_of_one_charge_point(tmp_path: Path) -> None:
    """An id that was copied along would be compared in vain; two plugs of one EVSE may share it."""
    again = CHARGE_POINT.replace("id: A", "id: B", 1)
    with pytest.raises(stations.FileRefused, match="B has the evse_id E1, which is A's"):
        stations.read(written(tmp_path, BASE + again))
    other = CONNECTOR.replace("number: 1", "number: 2")
    both = BASE.replace(CONNECTOR, f"{CONNECTOR}, {other}")
    assert len(stations.read(written(tmp_path, both)).charge_points["A"].connectors) == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("tariff: t}", "tariff: other}", "names the tariff other"),
        ("power_kw: 7.4", "power_kw: 50", "2023/1804"),
        ("power_kw: 7.4", "power_kw: -1", "power_kw"),
        ("name: A", "name: A\n    time_zone: Mars/Olympus", "IANA"),
        ("price: 1", "price: -1", "negative"),
        ("currency: EUR", "currency: jpy", "Tariff t: .*write JPY"),
        ("connectors:", "outlets:", "connectors"),
        ("operator:", "operator: [", "stations.yaml"),
        (", siren: 732 829 320", "", "operator: give its siren or its vat_number"),
        ("732 829 320", "732 829 321", "operator.siren: 732829321 is no SIREN"),
        ("732 829 320", "73282932", "operator.siren: 73282932 is no SIREN"),
        ("320}", "320, vat_number: FR83404833048}", "FR83404833048 is not of the siren 732829320"),
        ("siren: 732 829 320", "vat_number: '44'", "operator.vat_number"),
        ("address: There, ", "", "operator.address"),
        ("    city: Paris\n", "", "city"),
        ("latitude: 48.85", "latitude: 148.85", "latitude"),
        ("tariff: t}", "tariff: t, format: PLUG}", "format"),
        ("id: A", "id: A/b", r"stations.yaml:6: charge_points.0.id"),
        ("power_kw: 7.4", "power: 7.4", r"stations.yaml:13: charge_points.0.connectors.0.power_kw"),
        ("city: Paris", "city: Paris\n    city: Lyon", r"city: stands there twice\n.*line 11"),
        ("id: A", "id: A  b", "id"),
        ("name: A", "name: A\n    account: ca_1", r"account: .*acct_"),
        ("name: A", 'name: A\n    account: "acct_1 "', r"account: .*acct_"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_applied(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(stations.FileRefused, match=says):
        stations.read(written(tmp_path, BASE.replace(old, new)))


def test_a_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "stations.yaml"
    file.write_bytes(BASE.replace("There", "Là").encode("latin-1"))
    with pytest.raises(stations.FileRefused, match=r"stations.yaml: save it as UTF-8"):
        stations.read(file)


def test_an_identity_may_be_written_as_in_the_specification(tmp_path: Path) -> None:
    """OCPP-J 1.6 §3.1.1 has “RDAM 123”; in addresses it is percent-encoded."""
    file = written(tmp_path, BASE.replace("id: A", "id: RDAM 123"))
    assert list(stations.read(file).charge_points) == ["RDAM 123"]


@pytest.mark.parametrize("account", ["", "acct_1SoMe0ne"])
def test_money_goes_to_the_platform_or_to_an_account_of_stripe(
    tmp_path: Path, account: str
) -> None:
    file = written(tmp_path, BASE.replace("name: A", f"name: A\n    account: '{account}'"))
    assert stations.read(file).charge_points["A"].account == account


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(stations.FileRefused, match="No such file"):
        stations.read(tmp_path / "none.yaml")


KEY = (
    "3059301306072A8648CE3D020106082A8648CE3D030107034200043AEEB45C392357820A58FDFB0857BD77ADA315"
    "85C61C430531DFA53B440AFBFDD95AC887C658EA55260F808F55CA948DF235C2108A0D6DC7D4AB1A5E1A7955BE"
)
BASE64 = b64encode(bytes.fromhex(KEY)).decode()
PEM = f"-----BEGIN PUBLIC KEY-----\n{BASE64}\n-----END PUBLIC KEY-----"


@pytest.mark.parametrize("key", [KEY, KEY.lower(), BASE64, PEM])
def test_a_meters_key_is_taken_as_manufacturers_write_it(tmp_path: Path, key: str) -> None:
    text = BASE.replace("tariff: t}", f"tariff: t, meter_public_key: {json.dumps(key)}}}")
    (outlet,) = stations.read(written(tmp_path, text)).charge_points["A"].connectors
    assert outlet.meter_public_key == KEY


@pytest.mark.parametrize("key", ["", "nothing", KEY[:-2], "04" + "11" * 64])
def test_what_is_no_meters_key_is_named(tmp_path: Path, key: str) -> None:
    text = BASE.replace("tariff: t}", f"tariff: t, meter_public_key: {json.dumps(key)}}}")
    with pytest.raises(stations.FileRefused, match=r"meter_public_key.*no public key"):
        stations.read(written(tmp_path, text))


@pytest.mark.parametrize("where", ['phone: "1"', "id: A"])
def test_signatures_are_required_only_where_they_can_be_verified(
    tmp_path: Path, where: str
) -> None:
    between = ", " if "phone" in where else "\n    "
    text = BASE.replace(where, f"{where}{between}requires_signatures: true", 1)
    with pytest.raises(stations.FileRefused, match="A/1 requires signatures"):
        stations.read(written(tmp_path, text))
    stations.read(
        written(tmp_path, text.replace("tariff: t}", f"tariff: t, meter_public_key: {KEY}}}"))
    )


async def test_a_station_may_be_exempt_from_what_its_operator_requires(tmp_path: Path) -> None:
    text = BASE.replace('phone: "1"', 'phone: "1", requires_signatures: true')
    exempt = text.replace("id: A", "id: A\n    requires_signatures: false")
    async with open_storage(sqlite.made(tmp_path / "a.db")) as storage:
        keyed = text.replace("tariff: t}", f"tariff: t, meter_public_key: {KEY}}}")
        await apply(storage, stations.read(written(tmp_path, keyed)))
        found = await storage.read(lambda tx: tx.stations.charge_point("A"))
        assert found is not None
        assert found.requires_signatures
        outlet = await storage.read(lambda tx: tx.stations.connector("A", 1))
        assert outlet is not None
        assert outlet.meter_public_key == KEY
        await apply(storage, stations.read(written(tmp_path, exempt)))
        found = await storage.read(lambda tx: tx.stations.charge_point("A"))
        assert found is not None
        assert not found.requires_signatures


async def test_a_display_and_how_it_is_told_stand_with_their_charge_point(tmp_path: Path) -> None:
    """Applied twice it changes nothing; left out it goes."""
    display = 'display: {vendor_id: com.example, data: \'{"url": "{url}"}\', only: true}'
    shown = BASE.replace("    name: A\n", f"    name: A\n    {display}\n")
    async with open_storage(sqlite.made(tmp_path / "a.db")) as storage:
        await apply(storage, stations.read(written(tmp_path, shown)))
        assert await apply(storage, stations.read(written(tmp_path, shown))) == []
        point = await storage.read(lambda tx: tx.stations.charge_point("A"))
        assert point
        assert point.display == CodeDisplay(
            vendor_id="com.example", data='{"url": "{url}"}', only=True
        )
        changed = await apply(storage, stations.read(written(tmp_path, BASE)))
        assert changed == ["~ charge point A"]


def test_a_display_that_would_not_be_told_the_address_is_refused(tmp_path: Path) -> None:
    display = "display: {vendor_id: com.example, data: 'nothing'}"
    text = BASE.replace("    name: A\n", f"    name: A\n    {display}\n")
    with pytest.raises(stations.FileRefused, match=r"display\.data: \{url\} must stand in it"):
        stations.read(written(tmp_path, text))
