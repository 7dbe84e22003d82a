"""Whatever a charge point sends, the conversation goes on, and each call has one answer."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocpp.v16.enums import Action

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16.decode import DECODERS, TRANSACTION_MESSAGES
from irve_bridge.service.commands import RemoteStart

START = RemoteStart(connector_number=1, id_tag="TAG1")
AT = "2026-03-01T10:00:00Z"
CODES = {
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
}
FIELDS = sorted(
    {
        field.encode_name
        for decoder in DECODERS.values()
        for field in msgspec.structs.fields(decoder.type)
    }
    | {"timestamp", "sampledValue", "value", "unit", "vendorId", "data"}
)
TEXTS = st.text(max_size=30) | st.sampled_from(["TAG1", AT, "kWh", "Transaction.End", "NoError"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=15,
)
ACTIONS = st.sampled_from([action.value for action in Action] + ["MakeCoffee", "", "é"])
IDS = st.text(max_size=50) | st.integers() | st.none() | st.lists(st.integers(), max_size=2)
WELL = [
    {"chargePointVendor": "V", "chargePointModel": "M"},
    {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": AT},
    {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": AT},
    {"transactionId": 1, "meterStop": 6000, "timestamp": AT, "idTag": "TAG1"},
    {
        "connectorId": 1,
        "transactionId": 1,
        "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1500", "unit": "Wh"}]}],
    },
]
PAYLOADS = JSON | st.builds(
    lambda well, field, value: well | {field: value},
    st.sampled_from(WELL),
    st.sampled_from(FIELDS),
    JSON,
)
CALLS = st.builds(lambda *parts: [2, *parts], IDS, ACTIONS, PAYLOADS)
JUNK = st.binary(max_size=5) | st.sampled_from([b"\0", b"NaN", b"1e999", b"[[[[", b'"', b"\\u"])


def _spliced(frame: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, junk in splices:
        frame = frame[: at % (len(frame) + 1)] + junk + frame[at % (len(frame) + 1) + cut :]
    return frame


SPLICES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 40), JUNK), max_size=4)
BROKEN = st.builds(_spliced, CALLS.map(lambda frame: json.dumps(frame).encode()), SPLICES)
FRAMES = st.binary(max_size=60) | JSON.map(json.dumps) | BROKEN
REPLIES = st.sampled_from([3, 4]).flatmap(
    lambda kind: st.lists(JSON | ACTIONS, max_size=4).map(lambda rest: [kind, "ID", *rest])
)

tried = settings(
    max_examples=2 * settings().max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(name="settings")
def patient() -> DoorSettings:
    """A door that bears any number of useless frames."""
    return DoorSettings(port=0, status_grace_s=10**6, call_timeout_s=5, invalid_burst=10**9)


@pytest.fixture(autouse=True)
def no_exception_escapes(logs: Any) -> Any:
    """Also none that would be caught in the last place."""
    yield
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def replies_until(raw: Any, last: str) -> list[Any]:
    """Return the replies that came before that of a heartbeat."""
    await raw.send([2, last, "Heartbeat", {}])
    replies: list[Any] = []
    while (reply := await raw.reply())[1] != last:
        replies.append(reply)
    return replies


@tried
@given(frames=st.lists(FRAMES, min_size=1, max_size=5))
async def test_no_frame_ends_the_conversation(raw: Any, frames: list[str | bytes]) -> None:
    for frame in frames:
        await raw.send(frame)
    await replies_until(raw, "the end of these frames, by an id that no strategy finds")


@tried
@given(frame=CALLS)
async def test_each_call_has_one_answer_and_a_transaction_message_a_confirmation(
    raw: Any, frame: list[Any]
) -> None:
    """Whatever its id and payload (OCPP-J 1.6 §4.2; OCPP 1.6 ed. 2 §4.7, §4.8, §4.10)."""
    await raw.send(frame)
    (reply,) = await replies_until(raw, "the end of this frame, by an id that no strategy finds")
    assert reply[1] == frame[1]
    assert reply[0] == 3 or (reply[0] == 4 and reply[2] in CODES)
    assert reply[0] == 3 or frame[2] not in TRANSACTION_MESSAGES


@tried
@given(reply=REPLIES, splices=SPLICES)
async def test_whatever_answers_a_command_ends_it(
    house: Any, raw: Any, reply: list[Any], splices: list[tuple[int, int, bytes]]
) -> None:
    """At once: where it is not taken for the answer, the one that follows is."""
    assert await raw.alive()
    asked = asyncio.create_task(house.command(START))
    unique_id, *_ = await raw.next_call()
    frame = json.dumps([reply[0], unique_id, *reply[2:]]).encode()
    await raw.send(_spliced(frame, splices))
    await raw.send([3, unique_id, {"status": "Accepted"}])
    answer = await asked
    assert (answer.payload is None) != (answer.error is None)
