"""The simulator's parameters are the SDK's, and the SDK's are Stripe's."""

import pytest

from simulators.stripe.api import ROUTES
from simulators.stripe.parameters import fields
from simulators.stripe.routing import Route
from tests.stripe_simulator.requests_accepted import operation

ENDED_BY_ENDIVE = {"payment_method_types"}
LEFT_OUT_BY_THE_SDK = {
    # For publishable keys, which no server side SDK uses.
    "client_secret",
    # Of Sources, which came before PaymentMethods.
    "bank_account",
    "card",
    "default_alipay_account",
    "default_bank_account",
    "default_card",
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_an_endpoint_takes_what_stripe_says_it_takes(route: Route) -> None:
    """What the OpenAPI subset knows and the SDK does not is listed above, with its reason."""
    assert route.simulated - ENDED_BY_ENDIVE <= fields(route.params_type).keys()
    found = operation(route.method, route.path.replace("{id}", "x"))
    if found is None:
        return
    if route.method == "GET":
        known = {each["name"] for each in found.get("parameters", []) if each["in"] == "query"}
    else:
        content = found["requestBody"]["content"]["application/x-www-form-urlencoded"]
        known = set(content["schema"].get("properties", {}))
    missing = known - fields(route.params_type).keys() - ENDED_BY_ENDIVE
    assert missing <= LEFT_OUT_BY_THE_SDK
