"""Commands from the bus: what the charge point said comes back, and silence is no refusal."""

import asyncio
from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16.calls import WAITING_MOST
from irve_bridge.charge_points.v16.schema import LOOKED_AT_BYTES
from irve_bridge.service.commands import Answer, Call, RemoteStart, RemoteStop
from irve_bridge.service.ports import Offline, Unanswered

START = RemoteStart(connector_number=1, id_tag="TAG1")


async def test_offline_says_that_nothing_was_sent(house: Any) -> None:
    with pytest.raises(Offline):
        await house.command(START)


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
async def test_a_start_travels_to_the_charge_point_and_its_status_back(
    house: Any, raw: Any, status: str
) -> None:
    assert await raw.alive()
    answer, call = await asyncio.gather(house.command(START), raw.answer_next(status))
    assert call == ("RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"})
    assert answer == Answer(payload={"status": status})


async def test_a_stop_carries_the_integer_id(house: Any, raw: Any) -> None:
    assert await raw.alive()
    answer, call = await asyncio.gather(
        house.command(RemoteStop(transaction_id="42")), raw.answer_next("Accepted")
    )
    assert call == ("RemoteStopTransaction", {"transactionId": 42})
    assert answer.accepted


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ([4, "NotSupported", "", {}], Answer(error="NotSupported")),
        ([4, "Nonsense", "in words", {}], Answer(error="Nonsense", description="in words")),
        ([4, None], Answer(error="None")),
        ([4, "busy"], Answer(error="CALLERROR busy")),
        ([3, {"status": "Maybe"}], Answer(payload={"status": "Maybe"})),
        ([3, {}], Answer(payload={})),
        ([3, None], Answer(payload={})),
        ([3], Answer(payload={})),
        ([3, ["Rejected"]], Answer(payload={})),
    ],
)
async def test_a_callerror_or_an_answer_out_of_the_schema_is_no_refusal(
    house: Any, raw: Any, reply: list[Any], answer: Answer
) -> None:
    """It comes back as it is: only Rejected says that a start will not be tried."""
    assert await raw.alive()
    asked = asyncio.create_task(house.command(START))
    unique_id, *_ = await raw.next_call()
    await raw.send([reply[0], unique_id, *reply[1:]])
    told = await asked
    assert told == answer
    assert not told.rejected


@pytest.mark.parametrize(("size", "noted"), [(1, 1), (LOOKED_AT_BYTES, 0)])
async def test_an_odd_answer_is_noted_unless_it_is_endless(
    house: Any, raw: Any, logs: list[Any], size: int, noted: int
) -> None:
    """To look at a megabyte would keep all others waiting."""
    assert await raw.alive()
    asked = asyncio.create_task(house.command(START))
    unique_id, *_ = await raw.next_call()
    said = {"status": "Accepted", "odd": "x" * size}
    await raw.send([3, unique_id, said])
    assert (await asked).payload == said
    assert sum(line["event"] == "odd answer" for line in logs) == noted


async def test_what_is_logged_of_a_command_names_its_charge_point(house: Any, raw: Any) -> None:
    """Whoever asks is somewhere else: a worker, or an operator's request."""
    assert await raw.alive()
    with capture_logs([merge_contextvars]) as logs:
        await asyncio.gather(house.command(START), raw.answer_next("Maybe"))
    assert [(each["event"], each.get("charge_point_id")) for each in logs] == [
        ("odd answer", "CP1")
    ]


async def test_any_call_of_the_protocol_travels_and_its_answer_comes_back(
    house: Any, raw: Any
) -> None:
    assert await raw.alive()
    asked = asyncio.create_task(house.command(Call("GetConfiguration", {"key": ["A"]})))
    unique_id, *call = await raw.next_call()
    assert call == ["GetConfiguration", {"key": ["A"]}]
    said = {"configurationKey": [{"key": "A", "readonly": False, "value": 7}]}
    await raw.send([3, unique_id, said])
    assert await asked == Answer(payload=said)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (Call("Reset", {"type": "Gently"}), "'Gently' is not one of ['Hard', 'Soft']"),
        (Call("Reset", {}), "'type' is a required property"),
        (Call("MakeCoffee", {}), "MakeCoffee"),
    ],
)
async def test_a_call_that_its_schema_forbids_is_not_sent(
    house: Any, raw: Any, call: Call, sentence: str
) -> None:
    assert await raw.alive()
    answer = await house.command(call)
    assert (answer.error, answer.unsent) == ("invalid", True)
    assert sentence in answer.description
    assert raw.calls.empty()


async def test_calls_that_a_charge_point_leaves_unanswered_do_not_pile_up(
    house: Any, raw: Any
) -> None:
    assert await raw.alive()
    asked = [asyncio.create_task(house.command(START)) for _ in range(WAITING_MOST)]
    await raw.next_call()
    answer = await house.command(START)
    assert (answer.error, answer.unsent) == ("busy", True)
    for each in asked:
        each.cancel()


async def test_silence_is_unanswered_and_a_late_answer_harms_nobody(house: Any, raw: Any) -> None:
    assert await raw.alive()
    asked = asyncio.create_task(house.command(START, timeout_s=0.05))
    late_id, *_ = await raw.next_call()
    with pytest.raises(Unanswered):
        await asked
    await raw.send([3, late_id, {"status": "Rejected"}])
    answer, _ = await asyncio.gather(house.command(START), raw.answer_next("Accepted"))
    assert answer.accepted


@pytest.mark.parametrize("settings", [DoorSettings(port=0, call_timeout_s=0.05)])
async def test_the_sockets_own_time_out_is_unanswered_too(house: Any, raw: Any) -> None:
    assert await raw.alive()
    with pytest.raises(Unanswered):
        await house.command(START, timeout_s=5)


async def test_a_socket_that_closes_under_a_command_leaves_it_unanswered(
    house: Any, raw: Any
) -> None:
    """At once, not at the time-out: it may have arrived."""
    assert await raw.alive()
    asked = asyncio.create_task(house.command(START, timeout_s=60))
    await raw.next_call()
    await raw.socket.close()
    async with asyncio.timeout(30):
        with pytest.raises(Unanswered):
            await asked


async def test_calls_may_cross(house: Any, raw: Any) -> None:
    """A charge point that talks before it answers is heard meanwhile (OCPP-J 1.6 §4.1.1)."""
    assert await raw.alive()
    asked = asyncio.create_task(house.command(START))
    unique_id, *_ = await raw.next_call()
    assert await raw.alive()
    await raw.send([3, unique_id, {"status": "Accepted"}])
    assert (await asked).accepted


async def test_one_call_at_a_time(house: Any, raw: Any) -> None:
    assert await raw.alive()
    first = asyncio.create_task(house.command(START))
    second = asyncio.create_task(house.command(RemoteStop(transaction_id="1")))
    unique_id, *_ = await raw.next_call()
    assert await raw.alive()
    assert raw.calls.empty()
    await raw.send([3, unique_id, {"status": "Accepted"}])
    await raw.answer_next("Accepted")
    assert (await first).accepted
    assert (await second).accepted


async def test_commands_go_to_the_newest_socket(house: Any, raw: Any, open_socket: Any) -> None:
    assert await raw.alive()
    async with open_socket() as new:
        assert await new.alive()
        answer, _ = await asyncio.gather(house.command(START), new.answer_next("Accepted"))
        assert answer.accepted
    assert raw.calls.empty()
