"""The central system's commands, each answered as §5 says."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from ocpp.v16 import call
from ocpp.v16.enums import MessageTrigger, ResetType

from simulators.charge_point import ChargePoint

Make = Callable[..., Any]


async def charge(cp: ChargePoint) -> int:
    await cp.plug(1)
    await cp.swipe(1, "CARD")
    return (await cp.wait_for_start("CARD")).known_id


@pytest.mark.parametrize(
    ("kind", "reason"), [(ResetType.soft, "SoftReset"), (ResetType.hard, "HardReset")]
)
async def test_a_reset_ends_the_charge_and_boots_again(
    central: Any, charge_point: Make, kind: ResetType, reason: str
) -> None:
    """§5.14: a soft reset delivers the stop before it, a hard one may deliver it after."""
    async with charge_point() as cp:
        await charge(cp)
        assert (await central.ask(call.Reset(kind))).status == "Accepted"
        await central.wait_for("BootNotification", count=2)
        await cp.wait_for_stop("CARD")
        assert central.calls("StopTransaction")[0]["reason"] == reason
        actions = [action for action, _ in central.heard]
        last_boot = len(actions) - 1 - actions[::-1].index("BootNotification")
        if kind == ResetType.soft:
            assert actions.index("StopTransaction") < last_boot


async def test_a_soft_reset_does_not_wait_for_a_stop_that_fails(
    central: Any, charge_point: Make
) -> None:
    """§5.14: what could not be delivered is queued, and told after the boot."""
    central.failures["StopTransaction"] = 1
    async with charge_point() as cp:
        await charge(cp)
        await central.ask(call.Reset(ResetType.soft))
        await cp.wait_for_stop("CARD")
        actions = [action for action, _ in central.heard]
        first_stop = actions.index("StopTransaction")
        assert "BootNotification" in actions[first_stop:]
        assert actions.count("StopTransaction") == 2


async def test_unavailable_waits_for_the_charge_and_survives_a_reboot(
    central: Any, charge_point: Make
) -> None:
    """§5.2."""
    async with charge_point() as cp:
        await charge(cp)
        answer = await central.ask(call.ChangeAvailability(1, "Inoperative"))
        assert answer.status == "Scheduled"
        await cp.unplug(1)
        await central.wait_for("StatusNotification", connector_id=1, status="Unavailable")
        await cp.reboot()
        await central.wait_for("StatusNotification", count=2, connector_id=1, status="Unavailable")
        answer = await central.ask(call.ChangeAvailability(0, "Operative"))
        assert answer.status == "Accepted"
        await cp.wait_for_status(1, "Available")


async def test_the_whole_charge_point_may_become_unavailable(
    central: Any, charge_point: Make
) -> None:
    async with charge_point(connectors=2) as cp:
        answer = await central.ask(call.ChangeAvailability(0, "Inoperative"))
        assert answer.status == "Accepted"
        await cp.wait_until_delivered()
        assert [central.connector_statuses(n)[-1] for n in range(3)] == 3 * ["Unavailable"]
        assert (await central.ask(call.ChangeAvailability(7, "Operative"))).status == "Rejected"


async def test_unlocking_ends_the_charge(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        await charge(cp)
        assert (await central.ask(call.UnlockConnector(1))).status == "Unlocked"
        await cp.wait_for_stop()
        assert central.calls("StopTransaction")[0]["reason"] == "UnlockCommand"
        assert (await central.ask(call.UnlockConnector(5))).status == "NotSupported"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "30", "Accepted"),
        ("MeterValueSampleInterval", "often", "Rejected"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,SoC", "Accepted"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Temperature", "Rejected"),
        ("AuthorizeRemoteTxRequests", "yes", "Rejected"),
        ("NumberOfConnectors", "9", "Rejected"),
        ("LightIntensity", "50", "NotSupported"),
    ],
)
async def test_a_key_is_changed_only_to_what_it_can_be(
    central: Any, charge_point: Make, key: str, value: str, status: str
) -> None:
    """§5.3: and what was accepted is what is read back."""
    async with charge_point():
        assert (await central.ask(call.ChangeConfiguration(key, value))).status == status
        answer = await central.ask(call.GetConfiguration(key=[key]))
        known = {entry["key"]: entry.get("value") for entry in answer.configuration_key or []}
        assert (known.get(key) == value) == (status == "Accepted")
        assert (key in (answer.unknown_key or [])) == (status == "NotSupported")


async def test_the_measurands_are_those_configured(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        await charge(cp)
        sample = (await central.wait_for("MeterValues"))["meter_value"][0]["sampled_value"]
        assert {s["measurand"]: s["unit"] for s in sample} == {
            "Energy.Active.Import.Register": "Wh",
            "Power.Active.Import": "W",
            "Current.Import": "A",
            "Voltage": "V",
            "SoC": "Percent",
        }
        await central.ask(call.ChangeConfiguration("MeterValuesSampledData", "SoC"))
        told = len(central.calls("MeterValues"))
        later = await central.wait_for("MeterValues", count=told + 2)
        assert [s["measurand"] for s in later["meter_value"][0]["sampled_value"]] == ["SoC"]


async def test_stop_carries_no_readings_when_none_are_configured(
    central: Any, charge_point: Make
) -> None:
    """Errata 3.14.5."""
    async with charge_point(configuration={"StopTxnSampledData": ""}) as cp:
        await charge(cp)
        await cp.unplug(1)
        await cp.wait_for_stop()
        assert "transaction_data" not in central.calls("StopTransaction")[0]


@pytest.mark.parametrize(
    "trigger",
    [
        MessageTrigger.status_notification,
        MessageTrigger.meter_values,
        MessageTrigger.heartbeat,
        MessageTrigger.boot_notification,
    ],
)
async def test_a_message_asked_for_is_sent(
    central: Any, charge_point: Make, trigger: MessageTrigger
) -> None:
    """§5.17."""
    async with charge_point():
        told = len(central.calls(trigger))
        answer = await central.ask(call.TriggerMessage(trigger))
        assert answer.status == "Accepted"
        await central.wait_for(trigger, count=told + 1)


async def test_heartbeats_follow_the_interval_of_the_boot(central: Any, charge_point: Make) -> None:
    async with charge_point():
        await central.wait_for("Heartbeat", count=3)


async def test_a_transaction_it_does_not_know_is_not_stopped(
    central: Any, charge_point: Make
) -> None:
    async with charge_point() as cp:
        transaction_id = await charge(cp)
        assert (
            await central.ask(call.RemoteStopTransaction(transaction_id + 1))
        ).status == "Rejected"
        assert cp.status(1) == "Charging"


async def test_what_it_has_not_is_answered_so(central: Any, charge_point: Make) -> None:
    async with charge_point():
        assert (await central.ask(call.ClearCache())).status == "Rejected"
        assert (await central.ask(call.DataTransfer("acme"))).status == "UnknownVendorId"


async def test_it_may_refuse_every_remote_start(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        cp.misbehaviour.refuse_remote_start = True
        await cp.plug(1)
        answer = await central.ask(call.RemoteStartTransaction("TAG", 1))
        assert answer.status == "Rejected"


async def test_it_may_accept_and_do_nothing(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        cp.misbehaviour.accept_without_starting = True
        await cp.plug(1)
        answer = await central.ask(call.RemoteStartTransaction("TAG", 1))
        assert answer.status == "Accepted"
        await central.wait_for("Heartbeat", count=len(central.calls("Heartbeat")) + 2)
        assert cp.transactions == []


async def test_it_may_ignore_calls(central: Any, charge_point: Make) -> None:
    """Its own calls go on, as in the field."""
    async with charge_point() as cp:
        cp.misbehaviour.ignore_calls = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await central.ask(call.ClearCache())
        await central.wait_for("Heartbeat", count=len(central.calls("Heartbeat")) + 1)


async def test_it_may_tell_a_start_twice(central: Any, charge_point: Make) -> None:
    """The same content under two message ids; one transaction at the charge point."""
    async with charge_point() as cp:
        cp.misbehaviour.duplicate_start = True
        await charge(cp)
        await central.wait_for("StartTransaction", count=2)
        first, second = central.calls("StartTransaction")
        assert first == second
        assert len(set(central.start_message_ids)) == 2
        assert len(cp.transactions) == 1


async def test_a_new_key_is_used_from_the_next_connection_on(
    central: Any, charge_point: Make
) -> None:
    """Security whitepaper A01: it answers, hangs up, and shows the bytes behind the digits."""
    key = bytes(range(240, 256))
    async with charge_point(password="before") as cp:
        assert (
            await central.ask(call.ChangeConfiguration("AuthorizationKey", key.hex()))
        ).status == "Accepted"
        await cp.wait_until(lambda: not cp.is_online)
        await cp.wait_until_online()
    shown = [b64decode(authorization.split()[1]) for *_, authorization in central.handshakes]
    assert shown == [b"CP1:before", b"CP1:" + key]


@pytest.mark.parametrize("value", ["ab" * 15, "ab" * 21, "not hex at all, is it"])
async def test_what_is_no_key_is_rejected(central: Any, charge_point: Make, value: str) -> None:
    async with charge_point() as cp:
        answer = await central.ask(call.ChangeConfiguration("AuthorizationKey", value))
        assert (answer.status, cp.is_online) == ("Rejected", True)
