"""What a charge point is set to: read, set where payment needs it, remembered, told."""

from collections.abc import MutableMapping
from typing import Any

import pytest

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.domain.configuration import KEYS_MOST
from irve_bridge.service.configuration import cost_decimals, shows_costs, supports
from tests.integration.charge_points.configured import (
    BOOT,
    POWER,
    REGISTER,
    RIGHT,
    SOC,
    Configured,
    greeted,
    through,
)


@pytest.fixture
def settings() -> DoorSettings:
    return DoorSettings(port=0, status_grace_s=0, meter_interval_s=15, call_timeout_s=5)


async def test_what_payment_needs_is_set_and_nothing_else(house: Any, raw: Any) -> None:
    wrong = {
        "MeterValueSampleInterval": "0",
        "HeartbeatInterval": "86400",
        "ConnectionTimeOut": "180",
        "TransactionMessageAttempts": "1",
        "TransactionMessageRetryInterval": "600",
        "StopTransactionOnInvalidId": "false",
        "AllowOfflineTxForUnknownId": "true",
        "AuthorizeRemoteTxRequests": "true",
        "WebSocketPingInterval": "0",
        "MeterValuesSampledData": "",
        "StopTxnSampledData": "",
        "LocalPreAuthorize": "true",
        "ClockAlignedDataInterval": "900",
    }
    point = Configured(dict(wrong))
    known = await greeted(house, raw, point)
    assert dict(point.changes) == {
        "MeterValueSampleInterval": "15",
        "HeartbeatInterval": "300",
        "ConnectionTimeOut": "60",
        "TransactionMessageAttempts": "5",
        "TransactionMessageRetryInterval": "60",
        "StopTransactionOnInvalidId": "true",
        "AllowOfflineTxForUnknownId": "false",
        "AuthorizeRemoteTxRequests": "false",
        "WebSocketPingInterval": "60",
        "MeterValuesSampledData": f"{REGISTER},{POWER},{SOC}",
        "StopTxnSampledData": REGISTER,
    }
    assert {key: told.value for key, told in known.items()} == point.keys
    assert not any(told.refused for told in known.values())


async def test_what_suffices_is_left_as_the_operator_has_it(house: Any, raw: Any) -> None:
    point = Configured(dict(RIGHT))
    known = await greeted(house, raw, point)
    assert point.changes == []
    assert {key: told.value for key, told in known.items()} == RIGHT
    assert known["LightIntensity"].value == "50"


async def test_measurands_of_the_operator_stay_beside_ours(house: Any, raw: Any) -> None:
    point = Configured(RIGHT | {"MeterValuesSampledData": "Voltage.L1, Temperature"})
    await greeted(house, raw, point)
    assert point.changes == [
        ("MeterValuesSampledData", f"{REGISTER},Voltage.L1,Temperature,{POWER},{SOC}")
    ]


async def test_where_the_list_is_refused_measurands_are_tried_one_by_one(
    house: Any, raw: Any
) -> None:
    """One that is not supported rejects them all (OCPP 1.6 ed. 2 §5.3)."""
    point = Configured(
        RIGHT | {"MeterValuesSampledData": "Voltage"}, supported=frozenset({REGISTER, SOC})
    )
    known = await greeted(house, raw, point)
    assert point.keys["MeterValuesSampledData"] == f"{REGISTER},{SOC}"
    sampled = known["MeterValuesSampledData"]
    assert (sampled.value, sampled.refused, sampled.missing) == (
        f"{REGISTER},{SOC}",
        None,
        (POWER,),
    )
    again = await greeted(house, raw, point)
    assert again["MeterValuesSampledData"].missing == (POWER,)
    point.supported = None
    able = await greeted(house, raw, point)
    assert able["MeterValuesSampledData"].missing == ()


async def test_where_one_measurand_is_all_that_fits_it_is_the_register(
    house: Any, raw: Any
) -> None:
    point = Configured(RIGHT | {"MeterValuesSampledData": "Voltage"}, most_measurands=1)
    await greeted(house, raw, point)
    assert point.keys["MeterValuesSampledData"] == REGISTER


async def test_what_is_said_to_fit_is_not_exceeded(house: Any, raw: Any) -> None:
    limited = {"MeterValuesSampledData": "Voltage", "MeterValuesSampledDataMaxLength": "2"}
    point = Configured(RIGHT | limited)
    await greeted(house, raw, point)
    assert point.changes == [("MeterValuesSampledData", f"{REGISTER},Voltage")]


async def test_refusals_are_remembered_and_told_once(
    house: Any, raw: Any, logs: list[MutableMapping[str, Any]]
) -> None:
    wrong = {"StopTransactionOnInvalidId": "false", "AuthorizeRemoteTxRequests": "true"}
    lacking = {key: value for key, value in RIGHT.items() if key != "HeartbeatInterval"}
    for _ in range(2):
        point = Configured(
            lacking | wrong | {"MeterValuesSampledData": ""},
            readonly=frozenset({"AuthorizeRemoteTxRequests"}),
            refuses={"StopTransactionOnInvalidId": "Rejected"},
            supported=frozenset(),
        )
        known = await greeted(house, raw, point)
    refused = {key: told.refused for key, told in known.items() if told.refused}
    assert refused == {
        "HeartbeatInterval": "NotSupported",
        "StopTransactionOnInvalidId": "Rejected",
        "AuthorizeRemoteTxRequests": "ReadOnly",
        "MeterValuesSampledData": "Rejected",
    }
    assert known["StopTransactionOnInvalidId"].value == "false"
    assert "AuthorizeRemoteTxRequests" not in dict(point.changes)
    told = [line for line in logs if line["event"] == "configuration_refused"]
    assert [(line["log_level"], line["refused"]) for line in told] == [("warning", refused)]


async def test_what_holds_only_after_a_reboot_counts_as_set(house: Any, raw: Any) -> None:
    point = Configured(
        RIGHT | {"HeartbeatInterval": "1"}, refuses={"HeartbeatInterval": "RebootRequired"}
    )
    known = await greeted(house, raw, point)
    assert (known["HeartbeatInterval"].value, known["HeartbeatInterval"].refused) == ("300", None)


async def test_what_is_optional_and_not_there_is_nothing_to_tell(house: Any, raw: Any) -> None:
    keys = {key: value for key, value in RIGHT.items() if not key.startswith(("Allow", "WebS"))}
    point = Configured(keys)
    known = await greeted(house, raw, point)
    assert point.changes == []
    assert "WebSocketPingInterval" not in known


@pytest.mark.parametrize("whole", [True, False], ids=["a part", "nothing"])
async def test_where_a_request_for_all_is_answered_with_a_part_the_rest_is_asked_for(
    house: Any, raw: Any, *, whole: bool
) -> None:
    """In pieces of as many keys as it takes (OCPP 1.6 ed. 2 §9.1.9)."""
    point = Configured({"GetConfigurationMaxKeys": 4} | RIGHT, most_keys=4, whole=whole)
    known = await greeted(house, raw, point)
    assert all(key in known for key in RIGHT if key != "LightIntensity")
    assert max(map(len, point.asked)) == 4
    assert point.changes == []


async def test_secrets_that_a_charge_point_tells_are_not_kept(house: Any, raw: Any) -> None:
    """AuthorizationKey is write-only (security whitepaper §2.3), and some tell it all the same."""
    keys = {"AuthorizationKey": "0011", "WifiPassword": "hidden", "Backend": "ws://a:b@host"}
    known = await greeted(house, raw, Configured(RIGHT | keys))
    assert [known[key].value for key in keys] == ["***", "***", "ws://a:***@host"]


async def test_what_is_no_news_is_not_written_again_and_what_is_gone_is_forgotten(
    house: Any, raw: Any
) -> None:
    first = await greeted(house, raw, Configured(RIGHT | {"LightIntensity": "50"}))
    second = await greeted(house, raw, Configured(dict(RIGHT)))
    assert second == {key: told for key, told in first.items() if key in RIGHT}
    fewer = {key: value for key, value in RIGHT.items() if key != "LightIntensity"}
    third = await greeted(house, raw, Configured(fewer | {"HeartbeatInterval": "60"}))
    assert "LightIntensity" not in third
    assert third["HeartbeatInterval"].value == "300"


async def test_who_cannot_tell_its_configuration_is_set_all_the_same(house: Any, raw: Any) -> None:
    point = Configured(dict.fromkeys(RIGHT, ""))
    answer = point.answer

    def mute(action: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {} if action == "GetConfiguration" else answer(action, payload)

    point.answer = mute  # type: ignore[method-assign]
    known = await greeted(house, raw, point)
    assert point.keys["MeterValuesSampledData"] == f"{REGISTER},{POWER},{SOC}"
    assert known["MeterValueSampleInterval"].value == "15"


class TestSilence:
    """A charge point that leaves calls unanswered."""

    @pytest.fixture
    def settings(self) -> DoorSettings:
        return DoorSettings(port=0, status_grace_s=0, call_timeout_s=0.2)

    async def test_who_leaves_a_request_for_all_unanswered_is_asked_by_name(
        self, house: Any, raw: Any
    ) -> None:
        """Some choke on what they would have to say."""
        await raw.confirmed("BootNotification", BOOT)
        _, action, payload = await raw.next_call()
        assert (action, payload) == ("GetConfiguration", {})
        known = await through(house, raw, Configured(dict(RIGHT)))
        assert known["HeartbeatInterval"].value == "300"


async def test_a_reconnection_without_a_boot_reads_what_was_never_read(
    house: Any, raw: Any
) -> None:
    """A charge point that was there before the bridge may not boot for months (OCPP-J §5.4)."""
    await house.storage.transact(lambda tx: tx.configuration.replace("CP1", []))
    await raw.confirmed("Heartbeat", {})
    known = await through(house, raw, point := Configured(dict(RIGHT)))
    assert known["SupportedFeatureProfiles"].value == RIGHT["SupportedFeatureProfiles"]
    assert point.changes == []


async def test_of_endless_keys_the_first_are_remembered(house: Any, raw: Any) -> None:
    endless = {f"Key{number}": "" for number in range(2 * KEYS_MOST)}
    known = await greeted(house, raw, Configured(RIGHT | endless))
    assert len(known) == KEYS_MOST
    assert known.keys() >= RIGHT.keys()


async def test_what_a_charge_point_can_do_is_known_from_what_it_told(house: Any, raw: Any) -> None:
    said = {"CustomDisplayCostAndPrice": "True", "NumberOfDecimalsForCostValues": "3"}
    await greeted(house, raw, Configured(RIGHT | said))

    def asked(charge_point: str) -> Any:
        return house.storage.read(
            lambda tx: (
                supports(tx, charge_point, "Reservation"),
                supports(tx, charge_point, "SmartCharging"),
                shows_costs(tx, charge_point),
                cost_decimals(tx, charge_point),
            )
        )

    assert await asked("CP1") == (True, False, True, 3)
    assert await asked("CP2") == (False, False, False, None)


class TestSwitchedOff:
    """CONFIGURE_CHARGE_POINTS=false."""

    @pytest.fixture
    def settings(self) -> DoorSettings:
        return DoorSettings(port=0, status_grace_s=0, configures=False)

    async def test_a_charge_point_is_read_and_not_changed(self, house: Any, raw: Any) -> None:
        point = Configured(RIGHT | {"MeterValuesSampledData": ""})
        known = await greeted(house, raw, point)
        assert point.changes == []
        assert known["MeterValuesSampledData"].value == ""
