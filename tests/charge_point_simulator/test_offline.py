"""Nothing that a driver took is lost or told twice differently, whatever happens to the line."""

from collections.abc import Callable
from typing import Any

from ocpp.v16 import call

Make = Callable[..., Any]


def timestamp(action: str, payload: dict[str, Any]) -> str:
    return (
        payload["meter_value"][0]["timestamp"] if action == "MeterValues" else payload["timestamp"]
    )


async def test_a_charge_made_offline_is_told_afterwards_with_its_own_times(
    central: Any, charge_point: Make
) -> None:
    """§3.7: in chronological order, and no boot without a reboot (J §5.4)."""
    async with charge_point() as cp:
        await cp.go_offline()
        heard_before = len(central.heard)
        await cp.plug(1)
        assert await cp.swipe(1, "CARD")
        transaction = await cp.wait_for_energy(1, 100)
        await cp.unplug(1)
        end_register_wh = cp.register_wh(1)
        assert len(central.heard) == heard_before

        await cp.go_online()
        await cp.wait_for_stop("CARD")
        told = [
            (action, payload)
            for action, payload in central.heard[heard_before:]
            if action != "StatusNotification"
        ]
        actions = [action for action, _ in told]
        assert actions[0] == "StartTransaction"
        assert actions[-1] == "StopTransaction"
        assert set(actions[1:-1]) == {"MeterValues"}
        times = [timestamp(action, payload) for action, payload in told]
        assert times == sorted(times)
        assert times[0] == transaction.as_json()["start"]
        assert told[-1][1]["meter_stop"] == end_register_wh
        assert told[-1][1]["transaction_id"] == transaction.transaction_id


async def test_after_a_gap_only_the_statuses_that_changed_are_told(
    central: Any, charge_point: Make
) -> None:
    """§4.9: the present status, not its history."""
    async with charge_point(connectors=2) as cp:
        await cp.go_offline()
        await cp.plug(1)
        await cp.unplug(1)
        await cp.plug(1)
        await cp.plug(2)
        await cp.unplug(2)
        await cp.go_online()
        await cp.wait_until_delivered()
        assert central.connector_statuses(0) == ["Available"]
        assert central.connector_statuses(1) == ["Available", "Preparing"]
        assert central.connector_statuses(2) == ["Available"]
        assert len(central.calls("BootNotification")) == 1


async def test_a_start_whose_answer_was_lost_is_told_again_unchanged(
    central: Any, charge_point: Make
) -> None:
    """The same content under a new message id."""
    central.hang_ups.add("StartTransaction")
    async with charge_point() as cp:
        await cp.plug(1)
        await cp.swipe(1, "CARD")
        transaction = await cp.wait_for_start("CARD")
        first, second = central.calls("StartTransaction")
        assert first == second
        assert len(set(central.start_message_ids)) == 2
        assert len(cp.transactions) == 1
        assert transaction.transaction_id is not None


async def test_a_failed_message_is_repeated_after_growing_waits(
    central: Any, charge_point: Make
) -> None:
    """§3.7.1: the interval times the transmissions so far; statuses do not wait for it."""
    central.failures["StartTransaction"] = 2
    waits = {"TransactionMessageAttempts": 3, "TransactionMessageRetryInterval": 15}
    lines: list[str] = []
    async with charge_point(configuration=waits, report=lines.append) as cp:
        await cp.plug(1)
        await cp.swipe(1, "CARD")
        await cp.wait_for_start("CARD")
        actions = [action for action, _ in central.heard]
        first_start = actions.index("StartTransaction")
        assert actions[first_start + 1] == "StatusNotification"
        announced = [line.split("again in ")[1] for line in lines if "again in" in line]
        assert announced == ["15 s", "30 s"]
        assert (
            "MeterValues" not in actions[: len(actions) - actions[::-1].index("StartTransaction")]
        )


async def test_a_transaction_that_never_got_an_id_goes_on_as_minus_one(
    central: Any, charge_point: Make
) -> None:
    """Errata 3.18."""
    central.failures["StartTransaction"] = 2
    waits = {"TransactionMessageAttempts": 2, "TransactionMessageRetryInterval": 5}
    async with charge_point(configuration=waits) as cp:
        await cp.plug(1)
        await cp.swipe(1, "CARD")
        await cp.wait_for_energy(1, 100)
        await cp.unplug(1)
        transaction = await cp.wait_for_stop("CARD")
        assert transaction.transaction_id is None
        stop = central.calls("StopTransaction")[0]
        assert (stop["transaction_id"], stop["id_tag"]) == (-1, "CARD")
        assert {m["transaction_id"] for m in central.calls("MeterValues")} == {-1}


async def test_a_message_without_an_answer_is_repeated(central: Any, charge_point: Make) -> None:
    """A time-out is a failure like any other, and the stop is delivered in the end."""
    waits = {"TransactionMessageRetryInterval": 1}
    async with charge_point(configuration=waits, response_timeout_s=0.2) as cp:
        await cp.plug(1)
        await cp.swipe(1, "CARD")
        await cp.wait_for_start("CARD")
        central.silences.add("StopTransaction")
        await cp.unplug(1)
        await cp.wait_for_stop("CARD")
        first, second = central.calls("StopTransaction")
        assert first == second


async def test_power_loss_ends_the_charge(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        await cp.plug(1)
        await cp.swipe(1, "CARD")
        await cp.wait_for_start("CARD")
        await cp.reboot()
        await cp.wait_for_stop("CARD")
        assert central.calls("StopTransaction")[0]["reason"] == "PowerLoss"
        assert len(central.calls("BootNotification")) == 2


async def test_after_a_boot_every_status_is_told_again(central: Any, charge_point: Make) -> None:
    """Errata 3.22: changed or not."""
    async with charge_point(connectors=2) as cp:
        await cp.reboot()
        for connector_id in range(3):
            await central.wait_for("StatusNotification", count=2, connector_id=connector_id)


async def test_a_refused_charge_that_is_over_does_not_end_the_next_one(
    central: Any, charge_point: Make
) -> None:
    """§3.5.4 speaks of the ongoing transaction only."""
    central.statuses["StartTransaction"] = ["Invalid", "Accepted"]
    async with charge_point() as cp:
        await cp.go_offline()
        await cp.plug(1)
        await cp.swipe(1, "BAD")
        await cp.wait_for_energy(1, 20)
        await cp.unplug(1)
        await cp.plug(1)
        await cp.swipe(1, "GOOD")
        await cp.go_online()
        await cp.wait_for_start("GOOD")
        assert cp.status(1) == "Charging"
        assert [stop["reason"] for stop in central.calls("StopTransaction")] == ["EVDisconnected"]


async def test_power_loss_may_be_survived(central: Any, charge_point: Make) -> None:
    """The transaction goes on under its id after the boot."""
    async with charge_point() as cp:
        await cp.plug(1)
        await cp.swipe(1, "CARD")
        transaction = await cp.wait_for_start("CARD")
        await cp.reboot(resume=True)
        await central.wait_for("BootNotification", count=2)
        told = len(central.calls("MeterValues"))
        after = await central.wait_for("MeterValues", count=told + 1)
        assert after["transaction_id"] == transaction.transaction_id
        assert central.calls("StopTransaction") == []


async def test_an_unknown_card_is_refused_offline_if_set_so(
    central: Any, charge_point: Make
) -> None:
    """§3.5.4."""
    async with charge_point(configuration={"AllowOfflineTxForUnknownId": "false"}) as cp:
        await cp.go_offline()
        await cp.plug(1)
        assert not await cp.swipe(1, "CARD")
        assert cp.transactions == []


async def test_the_line_is_made_again_after_it_was_cut(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        central.hang_up()
        await cp.wait_until(lambda: len(central.handshakes) == 2 and cp.is_online)
        answer = await central.ask(call.GetLocalListVersion())
        assert answer.list_version == 0


async def test_a_refused_handshake_is_tried_again(central: Any, charge_point: Make) -> None:
    """JE 3.3: 404 for an unknown identity is no reason to give up."""
    central.refusals = 2
    lines: list[str] = []
    async with charge_point(report=lines.append) as cp:
        assert cp.is_online
    assert sum("404" in line for line in lines) == 2
