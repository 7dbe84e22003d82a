"""A driver's charge as the central system hears it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from ocpp.v16 import call

from simulators.charge_point import Car

Make = Callable[..., Any]


def seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def registers(message: dict[str, Any]) -> list[int]:
    return [
        int(sample["value"])
        for value in message["meter_value"]
        for sample in value["sampled_value"]
        if sample["measurand"] == "Energy.Active.Import.Register"
    ]


def remote_start(id_tag: str = "TAG", connector_id: int | None = 1) -> Any:
    return call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector_id)


async def test_a_boot_is_followed_by_every_status(central: Any, charge_point: Make) -> None:
    """§4.2, errata 3.22: once accepted, the charge point tells all its statuses."""
    async with charge_point(connectors=2, password="secret"):
        actions = [action for action, _ in central.heard]
        assert actions == ["BootNotification"] + 3 * ["StatusNotification"]
        assert [p["connector_id"] for p in central.calls("StatusNotification")] == [0, 1, 2]
        assert central.handshakes == [("/ocpp/CP1", "ocpp1.6", "Basic Q1AxOnNlY3JldA==")]


async def test_nothing_is_said_before_the_boot_is_accepted(
    central: Any, charge_point: Make
) -> None:
    central.statuses["BootNotification"] = ["Pending"]
    central.failures["BootNotification"] = 1
    async with charge_point() as cp:
        assert [action for action, _ in central.heard[:3]] == 3 * ["BootNotification"]
        assert cp.is_online


async def test_the_meter_and_the_messages_tell_the_same_story(
    central: Any, charge_point: Make
) -> None:
    """Start, samples and stop carry one register; the transaction's energy is their difference."""
    async with charge_point() as cp:
        await cp.plug(1)
        assert (await central.ask(remote_start())).status == "Accepted"
        started = await cp.wait_for_start("TAG")
        await cp.wait_for_energy(1, 200)
        await central.wait_for("MeterValues", count=3)
        answer = await central.ask(call.RemoteStopTransaction(started.transaction_id))
        assert answer.status == "Accepted"
        stopped = await cp.wait_for_stop("TAG")

        start, stop = central.calls("StartTransaction")[0], central.calls("StopTransaction")[0]
        samples = [wh for m in central.calls("MeterValues") for wh in registers(m)]
        assert stop["reason"] == "Remote"
        assert stopped.energy_wh == stop["meter_stop"] - start["meter_start"] >= 200
        assert sorted(samples) == samples
        assert start["meter_start"] <= samples[0]
        assert samples[-1] <= stop["meter_stop"]
        assert {m["transaction_id"] for m in central.calls("MeterValues")} == {
            started.transaction_id
        }
        begin_and_end = [
            (sample["context"], int(sample["value"]))
            for value in stop["transaction_data"]
            for sample in value["sampled_value"]
        ]
        assert begin_and_end == [
            ("Transaction.Begin", start["meter_start"]),
            ("Transaction.End", stop["meter_stop"]),
        ]
        assert stopped.delivered


async def test_everything_happens_in_the_order_a_driver_sees(
    central: Any, charge_point: Make
) -> None:
    async with charge_point() as cp:
        await cp.plug(1)
        await central.ask(remote_start())
        await cp.wait_for_start()
        await cp.unplug(1)
        await cp.wait_for_status(1, "Available")
        await cp.wait_until_delivered()
        assert central.connector_statuses(1) == [
            "Available",
            "Preparing",
            "Charging",
            "Finishing",
            "Available",
        ]
        told = [a for a, _ in central.heard if a != "MeterValues"]
        assert told[told.index("StartTransaction") + 1 :] == [
            "StatusNotification",
            "StopTransaction",
            "StatusNotification",
            "StatusNotification",
        ]
        assert central.calls("StopTransaction")[0]["reason"] == "EVDisconnected"


async def test_the_register_goes_on_from_one_driver_to_the_next(
    central: Any, charge_point: Make
) -> None:
    """A lifetime register never restarts."""
    async with charge_point() as cp:
        for tag in ("FIRST", "SECOND"):
            await cp.plug(1)
            await central.ask(remote_start(tag))
            await cp.wait_for_energy(1, 50)
            await cp.unplug(1)
            await cp.wait_for_stop(tag)
            await cp.wait_for_status(1, "Available")
        first, second = cp.transactions
        assert (
            first.end.register_wh
            == second.begin.register_wh
            == cp.register_wh(1) - second.energy_wh
        )


async def test_a_full_car_suspends_the_charge(central: Any, charge_point: Make) -> None:
    """The seconds suspended are those between the two status notifications."""
    async with charge_point() as cp:
        await cp.plug(1, Car(capacity_wh=3_000, arrival_soc_percent=99))
        await central.ask(remote_start())
        await cp.wait_for_status(1, "SuspendedEV")
        await cp.wait_until(lambda: cp.transactions[0].suspended_ev_ms > 10_000)
        await cp.unplug(1)
        transaction = await cp.wait_for_stop()
        assert transaction.energy_wh == pytest.approx(30, abs=1)
        shown = transaction.as_json()
        told = {p["status"]: p["timestamp"] for p in central.calls("StatusNotification")}
        assert seconds(shown["start"], told["SuspendedEV"]) == shown["charging_s"]
        assert seconds(told["SuspendedEV"], shown["stop"]) == shown["suspended_ev_s"]


async def test_a_start_before_the_cable_waits_for_it(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        await central.ask(remote_start())
        await cp.wait_for_status(1, "Preparing")
        assert cp.transactions == []
        await cp.plug(1)
        assert (await cp.wait_for_start()).id_tag == "TAG"


async def test_a_connector_that_waits_for_one_driver_is_not_given_to_another(
    central: Any, charge_point: Make
) -> None:
    """The same tag may ask again: the central system repeats a start it is not sure of."""
    async with charge_point() as cp:
        await central.ask(remote_start("FIRST"))
        await cp.wait_for_status(1, "Preparing")
        assert (await central.ask(remote_start("SECOND"))).status == "Rejected"
        assert (await central.ask(remote_start("FIRST"))).status == "Accepted"
        await cp.plug(1)
        assert (await cp.wait_for_start()).id_tag == "FIRST"


async def test_a_start_without_a_cable_ends_at_connection_time_out(
    central: Any, charge_point: Make
) -> None:
    """§9.1.6: no message but the status tells it; the tag is forgotten."""
    async with charge_point(configuration={"ConnectionTimeOut": 30}) as cp:
        await central.ask(remote_start())
        await cp.wait_for_status(1, "Preparing")
        await cp.wait_for_status(1, "Available")
        await cp.plug(1)
        await cp.wait_until_delivered()
        assert central.connector_statuses(1) == [
            "Available", "Preparing", "Available", "Preparing",
        ]  # fmt: skip
        preparing, available = central.calls("StatusNotification")[2:4]
        assert seconds(preparing["timestamp"], available["timestamp"]) == 30
        assert central.calls("StartTransaction") == []


async def test_a_start_that_is_not_accepted_stops(central: Any, charge_point: Make) -> None:
    """§3.5.4 with StopTransactionOnInvalidId."""
    central.statuses["StartTransaction"] = ["Invalid"]
    async with charge_point() as cp:
        await cp.plug(1)
        await central.ask(remote_start())
        await cp.wait_for_stop()
        assert central.calls("StopTransaction")[0]["reason"] == "DeAuthorized"


async def test_a_start_that_is_not_accepted_may_stay_open_without_energy(
    central: Any, charge_point: Make
) -> None:
    """Errata 3.17 without StopTransactionOnInvalidId."""
    central.statuses["StartTransaction"] = ["Invalid"]
    async with charge_point(configuration={"StopTransactionOnInvalidId": "false"}) as cp:
        await cp.plug(1)
        await central.ask(remote_start())
        await cp.wait_for_status(1, "SuspendedEVSE")
        taken_wh = cp.transactions[0].energy_wh
        await central.wait_for("MeterValues", count=2)
        assert cp.transactions[0].energy_wh == taken_wh
        assert central.calls("StopTransaction") == []


async def test_a_remote_start_asks_first_only_if_set_so(central: Any, charge_point: Make) -> None:
    """§5.11 AuthorizeRemoteTxRequests."""
    central.statuses["Authorize"] = ["Blocked", "Accepted"]
    async with charge_point(configuration={"AuthorizeRemoteTxRequests": "true"}) as cp:
        await cp.plug(1)
        await central.ask(remote_start("BLOCKED"))
        await central.wait_for("Authorize")
        await central.ask(remote_start("GOOD"))
        assert (await cp.wait_for_start()).id_tag == "GOOD"


@pytest.mark.parametrize("condition", ["charging", "faulted", "unavailable", "finishing", "absent"])
async def test_a_remote_start_is_refused_where_it_cannot_be(
    central: Any, charge_point: Make, condition: str
) -> None:
    async with charge_point() as cp:
        await cp.plug(1)
        if condition in {"charging", "finishing"}:
            await central.ask(remote_start("OTHER"))
            transaction = await cp.wait_for_start()
        if condition == "finishing":
            await central.ask(call.RemoteStopTransaction(transaction.transaction_id))
            await cp.wait_for_stop()
        if condition == "faulted":
            await cp.fault(1)
        if condition == "unavailable":
            await central.ask(call.ChangeAvailability(connector_id=0, type="Inoperative"))
        connector_id = 9 if condition == "absent" else 1
        assert (await central.ask(remote_start("TAG", connector_id))).status == "Rejected"


async def test_a_remote_start_without_a_connector_goes_to_the_car(
    central: Any, charge_point: Make
) -> None:
    async with charge_point(connectors=2) as cp:
        await cp.plug(2)
        await central.ask(remote_start(connector_id=None))
        assert (await cp.wait_for_start()).connector_id == 2


async def test_a_card_starts_and_stops(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        await cp.plug(1)
        assert await cp.swipe(1, "CARD")
        await cp.wait_for_start("CARD")
        assert await cp.swipe(1, "CARD")
        await cp.wait_for_stop("CARD")
        assert central.calls("StopTransaction")[0]["reason"] == "Local"
        assert central.calls("Authorize") == [{"id_tag": "CARD"}]


async def test_a_fault_ends_the_charge_and_a_repair_frees_the_connector(
    central: Any, charge_point: Make
) -> None:
    async with charge_point() as cp:
        await cp.plug(1)
        await central.ask(remote_start())
        await cp.wait_for_start()
        await cp.fault(1)
        await cp.wait_for_stop()
        fault = await central.wait_for("StatusNotification", status="Faulted")
        assert fault["error_code"] == "InternalError"
        await cp.clear(1)
        await cp.unplug(1)
        await cp.wait_for_status(1, "Available")


async def test_a_driver_may_come_and_leave_by_themselves(central: Any, charge_point: Make) -> None:
    """--auto-plug: a car comes after an accepted start and leaves after the end."""
    async with charge_point(auto_plug_s=5) as cp:
        await central.ask(remote_start())
        transaction = await cp.wait_for_start()
        await central.ask(call.RemoteStopTransaction(transaction.transaction_id))
        await cp.wait_for_stop()
        await cp.wait_for_status(1, "Available")
