"""The database is the truth about stations and tariffs."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus, SecurityProfile
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.ports import Storage, Tx

CP = ChargePoint(id="CP1", name="Quai Nord", operator_name="Port", operator_phone="+33 1")
PLUG = Connector(charge_point_id="CP1", number=1, evse_id="FR*A", power_w=22_000, tariff_id="T1")


@pytest.fixture
async def storage(storage: Storage, tariff: Tariff) -> Storage:
    def register(tx: Tx) -> None:
        for thing in (tariff, CP, PLUG):
            tx.stations.put(thing)

    await storage.transact(register)
    return storage


async def test_what_was_registered_is_found_whole(storage: Storage, tariff: Tariff) -> None:
    second, other = replace(PLUG, number=2), replace(CP, id="CP0", account="acct_2")
    cheaper = replace(tariff, id="T0")

    def unit(tx: Tx) -> None:
        stations = tx.stations
        for thing in (second, other, cheaper):
            stations.put(thing)
        assert (stations.charge_point("CP1"), stations.charge_points()) == (CP, [other, CP])
        assert (stations.connector("CP1", 2), stations.connectors("CP1")) == (
            second,
            [PLUG, second],
        )
        assert (stations.tariff("T1"), stations.tariff(cheaper.id)) == (tariff, cheaper)

    await storage.transact(unit)


async def test_what_was_never_registered_is_none(storage: Storage) -> None:
    def find(tx: Tx) -> None:
        assert tx.stations.charge_point("CP9") is None
        assert tx.stations.connector("CP1", 9) is None
        assert tx.stations.connectors("CP9") == []
        assert tx.stations.tariff("T9") is None

    await storage.read(find)


async def test_registering_again_keeps_what_the_charge_point_reported(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> tuple[ChargePoint | None, Connector | None]:
        tx.stations.connected("CP1", now)
        tx.stations.booted("CP1", "Vendor", "Model", "1.2", now)
        tx.stations.reported("CP1", 0, ConnectorStatus.UNAVAILABLE, None, now)
        tx.stations.reported("CP1", 1, ConnectorStatus.FAULTED, "GroundFailure", now)
        tx.stations.put(replace(CP, name="Quai Sud"))
        tx.stations.put(replace(PLUG, power_w=7_400))
        return tx.stations.charge_point("CP1"), tx.stations.connector("CP1", 1)

    charge_point, connector = await storage.transact(unit)
    assert charge_point == replace(
        CP,
        name="Quai Sud",
        connected_at=now,
        seen_at=now,
        vendor="Vendor",
        model="Model",
        firmware="1.2",
        status=ConnectorStatus.UNAVAILABLE,
    )
    assert connector == replace(
        PLUG,
        power_w=7_400,
        status=ConnectorStatus.FAULTED,
        error_code="GroundFailure",
        status_at=now,
        status_since=now,
    )


SECURED = replace(
    CP,
    security_profile=SecurityProfile.BASIC,
    next_security_profile=SecurityProfile.TLS,
    password_hash="old",
    next_password_hash="new",
    given_password_hash="",
)


async def test_keys_and_profile_are_written_and_nothing_else(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> ChargePoint | None:
        tx.stations.connected("CP1", now)
        tx.stations.secured(replace(SECURED, name="Old name"))
        return tx.stations.charge_point("CP1")

    assert await storage.transact(unit) == replace(SECURED, connected_at=now, seen_at=now)


async def test_registering_again_keeps_what_was_sent_and_is_not_answered(storage: Storage) -> None:
    """The file was read before: its word is older."""

    def unit(tx: Tx) -> ChargePoint | None:
        tx.stations.secured(SECURED)
        tx.stations.put(replace(CP, password_hash="third"))
        return tx.stations.charge_point("CP1")

    stored = await storage.transact(unit)
    assert stored is not None
    assert stored.password_hash == "third"
    assert stored.next_password_hash == "new"
    assert stored.next_security_profile is SecurityProfile.TLS


async def test_connector_0_is_the_whole_charge_point_and_no_other(
    storage: Storage, now: datetime
) -> None:
    other = replace(CP, id="CP0")

    def unit(tx: Tx) -> tuple[list[ChargePoint], list[Connector]]:
        tx.stations.put(other)
        tx.stations.reported("CP1", 0, ConnectorStatus.FAULTED, "PowerMeterFailure", now)
        return tx.stations.charge_points(), tx.stations.connectors("CP1")

    faulted = replace(
        CP, status=ConnectorStatus.FAULTED, error_code="PowerMeterFailure", seen_at=now
    )
    assert await storage.transact(unit) == ([other, faulted], [PLUG])


async def test_a_connector_s_status_is_not_the_charge_point_s(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> ChargePoint | None:
        tx.stations.reported("CP1", 0, ConnectorStatus.AVAILABLE, None, now)
        tx.stations.reported("CP1", 1, ConnectorStatus.FAULTED, "GroundFailure", now)
        return tx.stations.charge_point("CP1")

    assert await storage.transact(unit) == replace(
        CP, status=ConnectorStatus.AVAILABLE, seen_at=now
    )


async def test_a_status_said_again_is_as_old_as_when_it_was_first_said(
    storage: Storage, now: datetime
) -> None:
    """Another one between begins anew."""
    minute = timedelta(minutes=1)
    said = (ConnectorStatus.AVAILABLE, ConnectorStatus.AVAILABLE, ConnectorStatus.CHARGING)

    def unit(tx: Tx) -> list[timedelta]:
        ages = []
        for number, status in enumerate((*said, ConnectorStatus.AVAILABLE)):
            tx.stations.reported("CP1", 1, status, None, now + number * minute)
            outlet = tx.stations.connector("CP1", 1)
            assert outlet
            assert outlet.status_since
            assert outlet.status_at == now + number * minute
            ages.append(outlet.status_since - now)
        return ages

    assert await storage.transact(unit) == [0 * minute, 0 * minute, 2 * minute, 3 * minute]


async def test_a_closed_socket_is_noted_and_when_it_was_last_heard_stays(
    storage: Storage, now: datetime
) -> None:
    def unit(tx: Tx) -> ChargePoint | None:
        tx.stations.connected("CP1", now)
        tx.stations.connected("CP1", None)
        return tx.stations.charge_point("CP1")

    assert await storage.transact(unit) == replace(CP, seen_at=now)


async def test_a_removed_connector_is_gone(storage: Storage) -> None:
    await storage.transact(lambda tx: tx.stations.remove_connector("CP1", 1))
    assert await storage.read(lambda tx: tx.stations.connectors("CP1")) == []


async def test_a_connector_of_an_unknown_tariff_is_refused(storage: Storage) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await storage.transact(lambda tx: tx.stations.put(replace(PLUG, tariff_id="T9")))
