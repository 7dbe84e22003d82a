"""The checks that watch every answer can fail."""

from typing import Any

import pytest

from tests.stripe_simulator.annotations import problems
from tests.stripe_simulator.requests_accepted import unknown_parameters

EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "api_version": None,
    "created": 1,
    "data": {"object": {"id": "cus_1", "object": "customer", "created": 1, "livemode": False}},
    "livemode": False,
    "pending_webhooks": 0,
    "type": "customer.created",
}


def test_a_sound_event_has_no_problems() -> None:
    assert problems(EVENT) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"created": "1"}, "event.created: '1' is no <class 'int'>"),
        ({"pending_webhooks": None}, "event.pending_webhooks: None is no <class 'int'>"),
        ({"colour": "red"}, "event.colour: unknown"),
        ({"type": "customer.tickled"}, "event.type"),
        ({"request": {"id": 5}}, "event.request.id"),
        (
            {"data": EVENT["data"] | {"previous_attributes": {"hue": "red"}}},
            "event.previous_attributes.hue: unknown",
        ),
        (
            {"data": {"object": {"id": "cus_1", "object": "customer"}}},
            "event.customer.created.created: missing",
        ),
    ],
)
def test_wrong_fields_are_found(change: dict[str, Any], problem: str) -> None:
    assert any(found.startswith(problem) for found in problems(EVENT | change))


def test_missing_fields_are_found() -> None:
    event = {name: value for name, value in EVENT.items() if name != "livemode"}
    assert "event.livemode: missing" in problems(event)


def test_unknown_parameters_are_found_however_deep() -> None:
    form = {"mode": "payment", "payment_intent_data": {"capture_method": "manual", "tip": "1"}}
    found = unknown_parameters("POST", "/v1/checkout/sessions", form)
    assert found == ["payment_intent_data.tip"]
