"""The stations file makes a charge point as secure or more, and never less."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irve_bridge import stations
from irve_bridge.domain import credentials
from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile
from irve_bridge.service.credentials import change
from irve_bridge.service.passwords import hash_password, matches
from irve_bridge.service.ports import Storage
from irve_bridge.storage import open_storage
from tests import sqlite

OLD, NEW = "00ff10ee" * 5, "deadbeef" * 5
FILE = """
operator: {name: Op, phone: "1", address: There, siren: 732 829 320}
tariffs:
  - {id: t, currency: EUR, elements: [{price_components: [{type: TIME, price: 1}]}]}
charge_points:
  - id: A
    name: A
    address: There
    city: Paris
    latitude: 48.85
    longitude: 2.35
    connectors: [{number: 1, evse_id: E1, power_kw: 7.4, tariff: t}]
"""


class Office:
    """Applies files in which `A` has these fields."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._file = folder / "stations.yaml"

    async def apply(
        self, *replaced: str, meanwhile: str | None = None, **fields: object
    ) -> ChargePoint:
        lines = "".join(f"\n    {name}: {value}" for name, value in fields.items())
        self._file.write_text(FILE.replace("name: A", f"name: A{lines}"), encoding="utf-8")
        wanted = stations.read(self._file)
        changes = await self._storage.read(
            lambda tx: list(stations.differences(wanted, tx.stations, replaced))
        )
        if meanwhile:
            await self.rotate(meanwhile)
        await self._storage.transact(lambda tx: stations.apply(changes, tx.stations))
        return await self.stored()

    async def stored(self) -> ChargePoint:
        found = await self._storage.read(lambda tx: tx.stations.charge_point("A"))
        assert found
        return found

    async def rotate(self, key: str) -> None:
        """Have the charge point take a key over OCPP."""
        hashed = hash_password(key)
        await self._storage.transact(
            lambda tx: change(tx, "A", lambda point: credentials.key_taken(point, hashed))
        )

    async def send(self, key: str) -> None:
        """Send the charge point a key that it does not answer."""
        hashed = hash_password(key)
        await self._storage.transact(
            lambda tx: change(tx, "A", lambda point: credentials.key_sent(point, hashed))
        )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_storage(sqlite.made(tmp_path / "a.db")) as storage:
        yield Office(storage, tmp_path)


@pytest.mark.parametrize(
    ("fields", "profile"),
    [
        ({}, SecurityProfile.OPEN),
        ({"security_profile": 0}, SecurityProfile.OPEN),
        ({"password": OLD}, SecurityProfile.BASIC),
        ({"password": OLD, "security_profile": 2}, SecurityProfile.TLS),
        ({"security_profile": 3}, SecurityProfile.CERTIFICATE),
    ],
)
async def test_who_has_a_password_must_show_it_unless_more_is_asked_for(
    office: Office, fields: dict[str, object], profile: SecurityProfile
) -> None:
    assert (await office.apply(**fields)).security_profile is profile


async def test_a_profile_is_raised_by_the_file_and_stays_where_the_file_says_nothing(
    office: Office,
) -> None:
    await office.apply(password=OLD)
    await office.apply(password=OLD, security_profile=2)
    assert (await office.apply(password=OLD)).security_profile is SecurityProfile.TLS


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({"security_profile": 3}, {"security_profile": 0}, "3, which is never lowered to 0"),
        (
            {"password": OLD, "security_profile": 2},
            {"password": OLD, "security_profile": 1},
            "A has security_profile 2, which is never lowered to 1",
        ),
        ({"password": OLD}, {}, "A has security_profile 1: give its password"),
        ({}, {"security_profile": 2}, "A has security_profile 2: give its password"),
    ],
)
async def test_a_file_that_would_make_it_less_secure_is_refused(
    office: Office, before: dict[str, object], after: dict[str, object], says: str
) -> None:
    """OCPP 1.6 security whitepaper A00.FR.005."""
    was = await office.apply(**before)
    with pytest.raises(stations.FileRefused, match=says):
        await office.apply(**after)
    assert await office.apply(**before) == was


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"security_profile": 4}, "security_profile"),
        ({"security_profile": 0, "password": OLD}, "security_profile 0 asks for no password"),
        ({"password": "short"}, "password"),
    ],
)
async def test_what_contradicts_itself_is_refused(
    office: Office, fields: dict[str, object], says: str
) -> None:
    with pytest.raises(stations.FileRefused, match=says):
        await office.apply(**fields)


@pytest.mark.parametrize("fields", [{"password": OLD}, {}])
async def test_a_key_that_was_sent_outlasts_the_file_that_does_not_know_it(
    office: Office, fields: dict[str, object]
) -> None:
    """Else applying a file for a new tariff would lock charge points out."""
    await office.apply(**fields)
    await office.rotate(NEW)
    applied = await office.apply(**fields)
    assert applied.password_hash
    assert matches(NEW, applied.password_hash)


async def test_another_password_in_the_file_goes_before_a_key_that_was_sent(
    office: Office,
) -> None:
    await office.apply(password=OLD)
    await office.rotate(NEW)
    applied = await office.apply(password="quite another password")
    assert applied.password_hash
    assert matches("quite another password", applied.password_hash)
    assert (await office.apply(password=OLD)).password_hash != applied.password_hash


async def test_a_file_that_names_the_key_that_was_sent_changes_nothing(office: Office) -> None:
    await office.apply(password=OLD)
    await office.rotate(NEW)
    once = await office.apply(password=NEW)
    assert await office.apply(password=NEW) == once
    assert matches(NEW, once.password_hash or "")


async def test_a_serial_number_names_its_certificate_where_the_id_does_not(
    office: Office,
) -> None:
    assert (await office.apply()).certificate_name == "A"
    assert (await office.apply(serial_number="SN-1")).certificate_name == "SN-1"


async def test_a_charge_point_that_was_replaced_begins_as_the_file_says(office: Office) -> None:
    """A person says so; nothing else lowers a profile (A00.FR.005)."""
    await office.apply(password=OLD, security_profile=2)
    await office.send(NEW)
    anew = await office.apply("A", password="quite another password")
    assert anew.security_profile is SecurityProfile.BASIC
    assert anew.next_password_hash is None
    assert matches("quite another password", anew.password_hash or "")


def test_only_a_charge_point_of_the_file_can_be_replaced(tmp_path: Path) -> None:
    file = tmp_path / "stations.yaml"
    file.write_text(FILE, encoding="utf-8")
    with pytest.raises(stations.FileRefused, match="B is not in the file"):
        stations.refuse_unknown(["A", "B"], stations.read(file))


async def test_a_key_that_is_taken_while_a_file_is_applied_is_not_lost(office: Office) -> None:
    """The file's word is older than it; nothing of the file is applied."""
    await office.apply(password=OLD)
    with pytest.raises(stations.FileRefused, match="A took a key or a profile meanwhile"):
        await office.apply(meanwhile=NEW, password=OLD, country="DEU")
    after = await office.stored()
    assert (after.country, matches(NEW, after.password_hash or "")) == ("FRA", True)
    assert (await office.apply(password=OLD, country="DEU")).country == "DEU"
