"""What schemathesis asks and checks besides, loaded by its own process."""

from typing import Any

import schemathesis

UNSAID: dict[str, set[str | None]] = {
    "quote": {"minutes"},  # OpenAPI cannot say of two parameters that one of them is given
    "listTransactions": {"after"},  # only what the last page said is a place in the list
    "listReservations": {"after"},
    "listChargingProfiles": {"after"},
    "sendCommand": {None},  # the payload of each action has a schema of OCPP's own
    "putTariff": {"id", None},  # the address names it; whose connectors it fits is not its own
}
"""Which fields may be `invalid` in a request that the document allows, by operation."""
LOOSE = {"putChargePoint"}
"""Of a SIREN's check digit, time zones, and what must be registered already, no schema can tell."""


@schemathesis.check
def valid_is_accepted(_ctx: Any, response: Any, case: Any) -> None:
    """What the document allows is understood, be it refused for what it asks."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not positive or response.status_code not in (400, 415, 422):
        return
    error = response.json()["error"]
    operation = case.operation.definition.raw["operationId"]
    unsaid = operation in LOOSE or error.get("field") in UNSAID.get(operation, ())
    assert error["code"] != "invalid" or unsaid, f"a valid request was not understood: {error}"


@schemathesis.hook("map_query").apply_to(operation_id="quote")
def ask_for_something(_ctx: Any, query: dict[str, Any]) -> dict[str, Any]:
    """A quote is of an energy or a duration; by chance it is hardly ever of one of them."""
    return query if "energy_kwh" in query else {"minutes": 30, **query}
