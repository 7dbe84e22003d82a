"""Nothing a charge point sends about a transaction makes the salvage fail in an unforeseen way."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irve_bridge.charge_points.v16.decode import TRANSACTION_MESSAGES, StopTransaction
from irve_bridge.charge_points.v16.readings import readings
from irve_bridge.charge_points.v16.salvage import salvage

NAMES = [
    field.encode_name
    for type_ in TRANSACTION_MESSAGES.values()
    for field in msgspec.structs.fields(type_)
] + ["timestamp", "sampledValue", "value", "unit", "context"]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["5", "kWh", "2026-03-01T10:00:00Z", "Transaction.End"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=8)
    ),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(type_=st.sampled_from(list(TRANSACTION_MESSAGES.values())), payload=ANYTHING)
def test_it_is_read_or_refused_but_never_breaks(type_: type, payload: Any) -> None:
    with suppress(msgspec.ValidationError):
        message = salvage(json.dumps(payload).encode(), type_)
        assert isinstance(message, type_)
        msgspec.json.encode(message)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"nothing", b"[" * 100_000, b"1" * 5000, b'{"meterStop": NaN}', b'"\\ud800"'],
    ids=lambda payload: repr(payload[:8]),
)
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        salvage(payload, StopTransaction)


def test_one_odd_item_costs_that_item() -> None:
    samples = [
        {"value": 12.5, "unit": "kWh", "colour": "red"},
        {"unit": "kWh"},
        None,
        {"value": {}},
    ]
    payload = {
        "transactionId": 7.0,
        "meterStop": "900",
        "timestamp": "2026-03-01T10:00:00Z",
        "reason": "Bored",
        "idTag": "\ud800",
        "transactionData": [None, {"sampledValue": samples}, {"timestamp": "x"}],
    }
    stop = salvage(json.dumps(payload).encode(), StopTransaction)
    assert (stop.transaction_id, stop.meter_stop, stop.reason.value) == (7, 900, "Local")
    assert stop.id_tag == "?"
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert [r.register_wh for r in readings(stop.transaction_data, now)] == [12_500]


def test_a_line_break_and_nan_cost_what_they_stand_in() -> None:
    """Neither is sound JSON; firmware prints both."""
    payload = b'{"transactionId": 7, "meterStop": NaN, "timestamp": "x", "idTag": "a\nb"}'
    stop = salvage(payload, StopTransaction)
    assert (stop.transaction_id, stop.meter_stop, stop.id_tag) == (7, -1, "a\nb")
